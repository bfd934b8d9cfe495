package simulate

import (
	"fmt"
	"slices"
	"time"

	"github.com/straytoken/straytoken/evaluate/labels"
)

// Scenario is one way of stealing and using a session.
type Scenario struct {
	Name        string
	Workload    string // the kind of the robbed session
	Description string
	// Hidden, when not empty, says why the log cannot show the theft.
	Hidden string
	script func(*heist)
}

// Visible tells whether the log shows the theft at all.
func (s Scenario) Visible() bool { return s.Hidden == "" }

// Scenarios lists every scenario, in the order in which Write stages them.
func Scenarios() []Scenario {
	return slices.Concat(placeScenarios(), timingScenarios(), quietScenarios(), sequelScenarios(), workloadScenarios(), hiddenScenarios())
}

// heist is one theft under way.
type heist struct {
	actor
	label *labels.Theft
	books *witness // the victim's
	begin time.Duration
	// number tells the heist's own actors from all others.
	number int
}

// firstNumber is beyond the numbers of the benign estate's actors.
const firstNumber = 900_000_000

// stage plants the thefts that the configuration asks for.
func (w *world) stage() {
	count := 0
	for _, s := range Scenarios() {
		if len(w.cfg.Scenarios) > 0 && !slices.Contains(w.cfg.Scenarios, s.Name) {
			continue
		}
		for n := range max(0, w.cfg.ThievesPerScenario) {
			w.stageOne(s, n, count)
			count++
		}
	}
}

func (w *world) stageOne(s Scenario, n, place int) {
	acct := w.accounts[place%len(w.accounts)]
	region := w.cfg.Regions[place/len(w.accounts)%len(w.cfg.Regions)]
	visible := s.Visible()
	h := &heist{actor: w.actor(acct, region, "theft/"+s.Name, n), number: firstNumber + place, label: &labels.Theft{
		ID: fmt.Sprintf("%s-%d", s.Name, n+1), Scenario: s.Name, Workload: s.Workload, Note: s.Description,
		Visible: &visible, Hidden: s.Hidden,
		SiblingKeys: []string{}, LegitAddresses: []string{}, AttackerAddresses: []string{}, MustFlag: []string{},
		ContextEvents: []string{}, DerivedCredentials: []string{},
	}}
	w.truth.thefts = append(w.truth.thefts, h.label)
	h.begin = w.cfg.Duration/4 + h.upTo(w.cfg.Duration/3)
	s.script(h)
}

// settle completes the labels when the run is over.
func (w *world) settle() {
	for _, t := range w.truth.thefts {
		own := func(key string) bool { return key == t.AccessKey }
		t.SiblingKeys = slices.DeleteFunc(t.SiblingKeys, own)
	}
}

// robs opens the victim's books for the theft's label.
func (h *heist) robs(books *witness) {
	books.victim = h.label
	h.books = books
}

// strike asks for the theft at the heist's time.
func (h *heist) strike(run func()) { h.after(h.begin, run) }

// thief is the thief with something that he stole, at some place.
type thief struct {
	session *session
	from    origin
	agent   string
	region  string // where he calls; empty means the victim's
	// spread is the time between two calls; zero means about 20 seconds.
	spread time.Duration
	// derived says that the session was not stolen but obtained with stolen ones.
	derived bool
	lag     *time.Duration // of the records' delivery, when the script decides it
}

// use makes one call by the thief and labels it.
func (h *heist) use(t thief, act action) {
	r := h.record(caller{id: &t.session.identity, from: t.from, agent: t.agent, region: t.region}, act)
	r.lag = t.lag
	h.send(r)
	h.flag(t, r.EventID)
	if act.source == "secretsmanager.amazonaws.com" && act.name == "GetSecretValue" && act.failure == "" {
		h.context(h.onBehalf(caller{id: &t.session.identity}, act.source))
	}
}

// flag labels an event as the thief's.
func (h *heist) flag(t thief, event string) {
	l := h.label
	if l.FirstUse.IsZero() {
		l.FirstUse = h.now()
	}
	if l.AccessKey == "" {
		h.name(t.session)
	}
	l.MustFlag = append(l.MustFlag, event)
	addOnce(&l.AttackerAddresses, t.from.address)
	if t.derived {
		addOnce(&l.DerivedCredentials, t.session.key())
		l.DerivedEvents = append(l.DerivedEvents, event)
	}
}

// name notes which session was stolen and whether its owner has used it before.
func (h *heist) name(s *session) {
	l := h.label
	l.AccessKey, l.PrincipalID = s.key(), s.PrincipalID
	l.SessionCreated, _ = time.Parse(time.RFC3339, s.Session.Attributes.Created) // written by stamp
	l.FirstUseOfKey = !slices.Contains(h.books.keysUsed, s.key())
	l.FirstUseOfSession = !h.books.used
}

// context labels an event that belongs to the story.
func (h *heist) context(event string) { h.label.ContextEvents = append(h.label.ContextEvents, event) }

// spree makes the calls one after another and then runs then, which may be nil.
func (h *heist) spree(t thief, acts []work, then func()) {
	if len(acts) == 0 {
		if then != nil {
			then()
		}
		return
	}
	act := acts[0](&h.actor)
	if act.source == "iam.amazonaws.com" && h.chance(40) {
		act = denied(&t.session.identity, act)
	}
	h.use(t, act)
	h.after(time.Second+h.upTo(2*orDefault(t.spread, 20*time.Second)), func() { h.spree(t, acts[1:], then) })
}

// casing is how a thief looks around first.
func casing() []work {
	return []work{
		callerIdentity, plainRead("s3", "ListBuckets"), plainRead("iam", "ListUsers"), plainRead("iam", "ListRoles"),
		describe("DescribeInstances"), plainRead("secretsmanager", "ListSecrets"), plainRead("lambda", "ListFunctions20150331"),
		plainRead("iam", "GetAccountAuthorizationDetails"),
	}
}

// plunder is what he takes; nothing in it says who he is.
func plunder() []work {
	return []work{listBucket, getObject, getObject, getObject, getSecret, getParameter, getObject, queryItems}
}

// loot is a random haul: looking around in most cases, then taking.
func (h *heist) loot() []work {
	haul := plunder()[h.rng.IntN(3):]
	if h.chance(70) {
		haul = append(casing()[:3+h.rng.IntN(6)], haul...)
	}
	return haul
}

// Places that thieves call from.

func (h *heist) rented() origin { return origin{address: h.w.addresses.hosting.take()} }
func (h *heist) home() origin   { return origin{address: h.w.addresses.residential.take()} }
func (h *heist) cloud() origin  { return origin{address: h.w.addresses.inRegion(h.region)} }

func (h *heist) anywhere() origin {
	if h.chance(50) {
		return h.rented()
	}
	return h.home()
}

// program is a client of a thief's that people do not work with by hand.
func (h *heist) program() string { return pick(&h.actor, []string{pacu, boto3, goSDK, cliKali}) }

// tool is a client that thieves use.
func (h *heist) tool() string {
	return pick(&h.actor, []string{cliKali, cliMac, cliLinux, pacu, boto3, cliWindows, goSDK})
}
