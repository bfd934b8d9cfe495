package simulate

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/straytoken/straytoken/evaluate/labels"
)

// world is one run: its clock, its accounts, where records go and what is true.
type world struct {
	cfg       Config
	clock     clock
	addresses *addresses
	accounts  []*account
	delivery  *delivery
	truth     truth
}

func newWorld(cfg Config, out *delivery) *world {
	w := &world{cfg: cfg, addresses: newAddresses(cfg.Seed), delivery: out}
	w.clock = clock{now: cfg.Start, end: cfg.Start.Add(cfg.Duration)}
	for i := range cfg.Accounts {
		w.accounts = append(w.accounts, w.newAccount(i))
	}
	w.populate()
	w.stage()
	return w
}

// actor is someone or something that makes calls: its account and region, and a
// random source that no one else draws from.
type actor struct {
	w      *world
	rng    *rand.Rand
	acct   *account
	region string
}

// actor makes the actor of that name, which must be unique in the run.
func (w *world) actor(acct *account, region, name string, number int) actor {
	full := fmt.Sprintf("%s/%s/%s/%d", acct.id, region, name, number)
	return actor{w: w, rng: source(w.cfg.Seed, full), acct: acct, region: region}
}

func (a *actor) now() time.Time { return a.w.clock.now }

// after asks for run d from now.
func (a *actor) after(d time.Duration, run func()) { a.w.clock.at(a.now().Add(d), run) }

// sometime asks for run at a random time of the next d.
func (a *actor) sometime(d time.Duration, run func()) { a.after(a.upTo(d), run) }

// every repeats run about each period, a quarter more or less, the first time
// within one period, for as long as run returns true.
func (a *actor) every(period time.Duration, run func() bool) {
	var again func()
	again = func() {
		if run() {
			a.after(a.about(period), again)
		}
	}
	a.sometime(period, again)
}

// upTo returns a random duration below d, in whole seconds.
func (a *actor) upTo(d time.Duration) time.Duration {
	return time.Duration(a.rng.Int64N(max(1, int64(d/time.Second)))) * time.Second
}

// about returns d, a quarter more or less.
func (a *actor) about(d time.Duration) time.Duration { return d*3/4 + a.upTo(d/2) }

// chance is true percent times in a hundred.
func (a *actor) chance(percent int) bool { return a.rng.IntN(100) < percent }

// pick returns one of the values.
func pick[T any](a *actor, values []T) T { return values[a.rng.IntN(len(values))] }

// truth collects the labels of a run.
type truth struct {
	thefts []*labels.Theft
	benign []*labels.Benign
	issued int
}

// benign opens the label of one instance of a harmless pattern.
func (w *world) benign(pattern, workload, why string) *labels.Benign {
	b := &labels.Benign{Pattern: pattern, Workload: workload, Why: why, Keys: []string{}, Addresses: []string{}}
	w.truth.benign = append(w.truth.benign, b)
	return b
}
