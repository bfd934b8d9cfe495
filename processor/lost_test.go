package processor_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/processor"
	"github.com/straytoken/straytoken/rules"
	"github.com/straytoken/straytoken/state"
)

// Three instances of one role, and the keys of their sessions.
const (
	instA, keyA = "i-0000000000000000a", "ASIAAAAAAAAAAAAAAAA1"
	instB, keyB = "i-0000000000000000b", "ASIABBBBBBBBBBBBBBB1"
	instC, keyC = "i-0000000000000000c", "ASIACCCCCCCCCCCCCCC1"
)

// deed is one event of an instance's session.
type deed struct {
	inst, key string
	second    int
	source    string
	name      string
	address   string
	agent     string // default an SDK
	extra     string // more members of the event
}

var dawn = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

func (d deed) String() string {
	if d.agent == "" {
		d.agent = "Boto3/1.34"
	}
	return fmt.Sprintf(`{"eventVersion":"1.10","eventTime":%q,"eventSource":"%s.amazonaws.com","eventName":%q,"awsRegion":"eu-west-1",
		"sourceIPAddress":%q,"userAgent":%q,"eventID":"e-%s-%s-%s-%d-%s","recipientAccountId":"111122223333",%s"userIdentity":{
		"type":"AssumedRole","principalId":"AROAWEB:%s","arn":"arn:aws:sts::111122223333:assumed-role/web/%s",
		"accountId":"111122223333","accessKeyId":%q,"sessionContext":{"ec2RoleDelivery":"2.0",
		"sessionIssuer":{"type":"Role","arn":"arn:aws:iam::111122223333:role/web","principalId":"AROAWEB","accountId":"111122223333"}}}}`,
		dawn.Add(time.Duration(d.second)*time.Second).Format(time.RFC3339), d.source, d.name, d.address, d.agent,
		d.inst, d.address, d.name, d.second, d.key, d.extra, d.inst, d.inst, d.key)
}

func get(inst, key string, second int, address string) string {
	return deed{inst: inst, key: key, second: second, source: "s3", name: "GetObject", address: address}.String()
}

func createUser(inst, key string, second int, address string) string {
	return deed{inst: inst, key: key, second: second, source: "iam", name: "CreateUser", address: address}.String()
}

// ofSister makes an event one of another account.
func ofSister(event string) string { return strings.ReplaceAll(event, "111122223333", "444455556666") }

// crew is a worker on a store that others share, with a sink that can be down.
type crew struct {
	*processor.Processor
	collector
	down bool
	now  time.Time
}

var errDown = errors.New("sink is down")

func newCrew(store state.Store) *crew {
	c := &crew{now: dawn}
	c.Processor = processor.New(processor.Config{
		Facts: state.NewFacts(store, 1<<16), Extractor: rules.Extractor{Keep: 10, Contested: 1000}, DeadLetters: discard{},
		Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return c.now },
		Findings: sinkFunc(func(ctx context.Context, f []*finding.Finding) error {
			if c.down {
				return errDown
			}
			return c.collector.Send(ctx, f)
		}),
	})
	return c
}

func (c *crew) feed(shard string, events ...string) error {
	records := make([]processor.Record, len(events))
	for i, e := range events {
		records[i] = processor.Record{Data: []byte(e), Stream: "s", Shard: shard}
	}
	return c.Process(context.Background(), records)
}

func (c *crew) must(t *testing.T, shard string, events ...string) {
	t.Helper()
	if err := c.feed(shard, events...); err != nil {
		t.Fatal(err)
	}
}

func (c *crew) end(t *testing.T) []string {
	t.Helper()
	if err := c.Finish(context.Background()); err != nil {
		t.Fatal(err)
	}
	return saidAll(c.open())
}

// TestConsequencesOutliveAFailedDelivery: what a verdict's consequences touch is
// judged although the sink was down when they were written.
func TestConsequencesOutliveAFailedDelivery(t *testing.T) {
	made := deed{inst: instA, key: keyA, second: 600, source: "iam", name: "CreateAccessKey", address: thief,
		extra: `"responseElements":{"accessKey":{"accessKeyId":"AKIATHIEFTHIEFTHIEF1"}},`}.String()
	used := strings.NewReplacer("AssumedRole", "IAMUser", "AROAWEB:"+instA, "AIDATHIEF", keyA, "AKIATHIEFTHIEFTHIEF1", "sessionContext", "x").Replace(
		deed{inst: instA, key: keyA, second: 700, source: "cloudtrail", name: "StopLogging", address: "203.0.113.99"}.String())
	for name, story := range map[string][2][]string{
		"lineage": {{made, used}, {get(instA, keyA, 0, home)}},
		"address": {{get(instA, keyA, 0, home), get(instB, keyB, 500, thief)}, {get(instA, keyA, 600, thief)}},
	} {
		t.Run(name, func(t *testing.T) {
			up, down := newCrew(remote{state.NewMemory(10000)}), newCrew(remote{state.NewMemory(10000)})
			for _, c := range []*crew{up, down} {
				c.must(t, "1", story[0]...)
			}
			up.must(t, "1", story[1]...)
			down.down = true
			if err := down.feed("1", story[1]...); !errors.Is(err, errDown) {
				t.Fatalf("the sink is down, and the batch ends with %v", err)
			}
			down.down = false
			down.must(t, "1", story[1]...)
			diff(t, up.end(t), down.end(t))
		})
	}
}

// blind is a store whose worker dies after its first write.
type blind struct{ state.Store }

func (blind) Get(context.Context, []state.Key) (map[state.Key]*state.Set, error) {
	return nil, errors.New("killed")
}

// TestTakeoverJudgesWhatTheDeadWrote: a worker wrote a theft's facts and died
// before it judged them. Its successor, which read that session in between for
// another's sake, judges it when the batch comes again.
func TestTakeoverJudgesWhatTheDeadWrote(t *testing.T) {
	store := remote{state.NewMemory(100000)}
	w2 := newCrew(store)
	w2.must(t, "2", get(instB, keyB, 0, "198.51.100.12"), get(instA, keyA, 1, home), get(instB, keyB, 300, thief))
	theft := createUser(instA, keyA, 600, thief)
	if err := newCrew(blind{store}).feed("1", theft); err == nil {
		t.Fatal("the first worker did not die")
	}
	w2.must(t, "2", get(instB, keyB, 601, thief)) // reads A on the way
	w2.must(t, "1", theft)
	if open := w2.end(t); len(open) != 2 {
		t.Errorf("open findings: %v; want those of both sessions", open)
	}
}

// forgetful is a store that forgets as DynamoDB's time to live does.
type forgetful struct {
	now *time.Time

	mu    sync.Mutex
	items map[string]mortal
}

type mortal struct {
	state.Fact
	dies time.Time
}

func (s *forgetful) Put(_ context.Context, facts []state.Fact) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range facts {
		id := fmt.Sprint(f.Key, "\x00", f.Member, "\x00", f.Time, "\x00", f.EventID)
		s.items[id] = mortal{f, time.Unix(max(f.Time, s.now.Unix()), 0).Add(f.Life)}
	}
	return nil
}

func (s *forgetful) Get(ctx context.Context, keys []state.Key) (map[state.Key]*state.Set, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var marks, facts []state.Fact
	for _, item := range s.items {
		switch {
		case item.Life > 0 && !item.dies.After(*s.now):
		case item.Member == state.ContestedClass:
			marks = append(marks, item.Fact)
		default:
			facts = append(facts, item.Fact)
		}
	}
	memory := state.NewMemory(1 << 20)
	if err := memory.Put(ctx, append(marks, facts...)); err != nil {
		return nil, err
	}
	return memory.Get(ctx, keys)
}

// TestConvictionLapses: a session convicted by another's thief at its address is
// judged again when that other turns out to be at home there.
func TestConvictionLapses(t *testing.T) {
	events := []string{get(instB, keyB, 0, home), get(instB, keyB, 600, thief), get(instA, keyA, 900, thief)}
	late := deed{inst: instB, key: keyB, second: 601, source: "ssm", name: "UpdateInstanceInformation", address: thief, agent: "aws-sdk-go/1.55 amazon-ssm-agent/3.3"}.String()
	for _, late := range []string{late, strings.Replace(late, dawn.Add(601*time.Second).Format(time.RFC3339), dawn.Add(599*time.Second).Format(time.RFC3339), 1)} {
		atOnce, inTurn := newCrew(remote{state.NewMemory(10000)}), newCrew(remote{state.NewMemory(10000)})
		atOnce.must(t, "1", append(events, late)...)
		inTurn.must(t, "1", events...)
		inTurn.end(t)
		inTurn.must(t, "1", late)
		diff(t, atOnce.end(t), inTurn.end(t))
	}
}

// TestSisterAccountIsLearned: a session disputed for a VPC endpoint of a foreign
// account is judged again when that account's trail turns out to be ours.
func TestSisterAccountIsLearned(t *testing.T) {
	c := newCrew(remote{state.NewMemory(10000)})
	c.must(t, "1", deed{inst: instA, key: keyA, source: "s3", name: "GetObject", address: "10.0.1.10",
		extra: `"vpcEndpointId":"vpce-0123456789abcdef0","vpcEndpointAccountId":"444455556666",`}.String())
	if len(c.open()) != 1 {
		t.Fatalf("%d findings before", len(c.open()))
	}
	c.must(t, "1", ofSister(get(instC, keyC, 300, "198.51.100.77")))
	if len(c.open()) != 0 {
		t.Errorf("it stays open: %v", saidAll(c.open()))
	}
}

// TestTimeClosesNothing: a finding whose facts are forgotten stays open, since
// nobody explained it.
func TestTimeClosesNothing(t *testing.T) {
	store := &forgetful{items: map[string]mortal{}}
	c := newCrew(store)
	store.now = &c.now
	for hour := range 60 {
		c.now = dawn.Add(time.Duration(hour) * time.Hour)
		key := fmt.Sprintf("ASIAROTATED%09d", hour)
		c.must(t, "1", get(instA, key, hour*3600, home))
		if hour == 2 {
			c.must(t, "1", createUser(instA, key, hour*3600+60, thief))
		}
		if err := c.Tick(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if len(c.open()) != 1 {
		t.Errorf("%d open findings; the last line: %+v", len(c.open()), c.lines[len(c.lines)-1])
	}
}

// TestLastWordOutlivesItsWorker: a worker dies after it reported a finding as
// provisional; another says, without a new event, that it is settled, and only once.
func TestLastWordOutlivesItsWorker(t *testing.T) {
	store := remote{state.NewMemory(10000)}
	gone, heirs := newCrew(store), []*crew{newCrew(store), newCrew(store)}
	gone.must(t, "1", get(instA, keyA, 0, home), createUser(instA, keyA, 30, thief))
	if len(gone.lines) != 1 || gone.lines[0].Phase != finding.Provisional {
		t.Fatalf("%d lines at once", len(gone.lines))
	}
	var lines []*finding.Finding
	for minute := range 24 * 60 {
		for _, heir := range heirs {
			heir.now = dawn.Add(time.Duration(minute) * time.Minute)
			if err := heir.Tick(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, heir := range heirs {
		lines = append(lines, heir.lines...)
		if n := heir.Counts().Judged.Load(); n > 2 {
			t.Errorf("%d judgements for one last word", n)
		}
	}
	if len(lines) != 1 || lines[0].Phase != finding.Settled || lines[0].Activity != finding.Update || lines[0].ID != gone.lines[0].ID {
		t.Errorf("%d lines: %+v", len(lines), lines)
	}
}

// TestClosePhase: the close of a finding that was never settled is provisional, of
// one that was it is settled.
func TestClosePhase(t *testing.T) {
	sister := ofSister(get(instC, keyC, 300, "198.51.100.77"))
	theft := deed{inst: instA, key: keyA, source: "s3", name: "GetObject", address: "10.0.1.10",
		extra: `"vpcEndpointId":"vpce-0123456789abcdef0","vpcEndpointAccountId":"444455556666",`}.String()
	for wait, want := range map[time.Duration]finding.Phase{0: finding.Provisional, time.Hour: finding.Settled} {
		c := newCrew(remote{state.NewMemory(10000)})
		c.must(t, "1", theft)
		c.now = c.now.Add(wait)
		if err := c.Tick(context.Background()); err != nil {
			t.Fatal(err)
		}
		c.must(t, "1", sister)
		if last := c.lines[len(c.lines)-1]; last.Activity != finding.Close || last.Phase != want {
			t.Errorf("after %s the last line is a %s, %s; want a close, %s", wait, last.Activity, last.Phase, want)
		}
	}
}

// TestOwnerIsNoNews: what the owner of a disputed session goes on doing makes no
// lines.
func TestOwnerIsNoNews(t *testing.T) {
	c := newCrew(remote{state.NewMemory(10000)})
	c.must(t, "1", get(instA, keyA, 0, home), createUser(instA, keyA, 30, thief))
	for minute := range 24 * 60 {
		c.now = dawn.Add(time.Duration(minute) * time.Minute)
		c.must(t, "1", get(instA, keyA, 60+minute*60, home))
		if err := c.Tick(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if len(c.lines) != 2 { // at once, and settled
		t.Errorf("%d lines in a day for one call by the thief", len(c.lines))
	}
}

// TestDisputeLooksAtTheWholeBatch: of a session that comes to be disputed, also those events of the batch are
// remembered that added nothing before: here what its owner did while the thief did, and all of the thief's calls, of
// which the first were the only ones to be kept.
func TestDisputeLooksAtTheWholeBatch(t *testing.T) {
	c := newCrew(remoteStore{state.NewMemory(1 << 16)})
	var before []string
	for n := range 30 {
		before = append(before, get(instA, keyA, n, home))
	}
	c.must(t, "a", before...)
	if c.Counts().Quiet.Load() == 0 {
		c.must(t, "a", get(instA, keyA, 40, home))
	}
	if c.Counts().Quiet.Load() == 0 {
		t.Fatal("the session is not quiet")
	}
	var during []string
	for n := range 15 {
		during = append(during, get(instA, keyA, 100+2*n, thief), get(instA, keyA, 101+2*n, home))
	}
	c.must(t, "a", during...)
	c.end(t)
	open := c.open()
	if len(open) != 1 {
		t.Fatalf("%d findings are open, want 1", len(open))
	}
	for _, f := range open {
		var codes []string
		for _, e := range f.Evidence {
			codes = append(codes, e.Code)
		}
		if !slices.Contains(codes, string(rules.Interleaved)) || f.EventCount != 15 {
			t.Errorf("evidence %v, %d calls of the intruder; want %s among it, and 15", codes, f.EventCount, rules.Interleaved)
		}
	}
}

// remoteStore is a store that is not known to be memory.
type remoteStore struct{ state.Store }
