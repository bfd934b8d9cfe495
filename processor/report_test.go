package processor_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/straytoken/straytoken/cloudtrail"
	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/processor"
	"github.com/straytoken/straytoken/rules"
	"github.com/straytoken/straytoken/sink"
	"github.com/straytoken/straytoken/state"
)

// call is one event of an instance's session, n seconds into the story.
func call(n int, address, name string) string {
	at := time.Date(2026, 3, 2, 8, 0, n, 0, time.UTC).Format(time.RFC3339)
	return fmt.Sprintf(`{"eventVersion":"1.10","eventTime":%q,"eventSource":"s3.amazonaws.com","eventName":%q,"awsRegion":"eu-west-1",
		"sourceIPAddress":%q,"userAgent":"Boto3/1.34","eventID":"e-%s-%d","recipientAccountId":"111122223333","userIdentity":{
		"type":"AssumedRole","principalId":"AROAWEB:i-0123456789abcdef0","arn":"arn:aws:sts::111122223333:assumed-role/web/i-0123456789abcdef0",
		"accountId":"111122223333","accessKeyId":"ASIAWEBKEY0000000001","sessionContext":{"ec2RoleDelivery":"2.0",
		"sessionIssuer":{"type":"Role","arn":"arn:aws:iam::111122223333:role/web","principalId":"AROAWEB","accountId":"111122223333"}}}}`, at, name, address, address, n)
}

const (
	home  = "198.51.100.10"
	thief = "203.0.113.66"
)

// desk is a processor with what comes out of it.
type desk struct {
	*processor.Processor
	collector
	letters []sink.DeadLetter
	now     time.Time
}

func (d *desk) dead(_ context.Context, letters []sink.DeadLetter) error {
	d.letters = append(d.letters, letters...)
	return nil
}

type deadLetters func(context.Context, []sink.DeadLetter) error

func (f deadLetters) Send(ctx context.Context, l []sink.DeadLetter) error { return f(ctx, l) }

func newDesk(cfg processor.Config) *desk {
	d := &desk{now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	cfg.Facts, cfg.Findings, cfg.DeadLetters = state.NewFacts(state.NewMemory(1000), 0), &d.collector, deadLetters(d.dead)
	cfg.Extractor, cfg.Now = rules.Extractor{Keep: 10, Contested: 2000}, func() time.Time { return d.now }
	d.Processor = processor.New(cfg)
	return d
}

func (d *desk) read(t *testing.T, records ...string) {
	t.Helper()
	batch := make([]processor.Record, len(records))
	for i, r := range records {
		batch[i] = processor.Record{Data: []byte(r), Stream: "trail", Shard: "shard-7", SequenceNumber: fmt.Sprint(i)}
	}
	if err := d.Process(context.Background(), batch); err != nil {
		t.Fatal(err)
	}
}

func (d *desk) activities() string {
	var out []string
	for _, f := range d.lines {
		out = append(out, fmt.Sprintf("%s %d", f.Activity, f.EventCount))
	}
	return strings.Join(out, ", ")
}

// TestMilestones: one finding a session, repeated at 10, 100 and 1000 events, and
// once more at the end with the full count.
func TestMilestones(t *testing.T) {
	d := newDesk(processor.Config{})
	d.read(t, call(0, home, "GetObject"))
	for n := range 1200 {
		d.read(t, call(10+n, thief, "GetObject"))
	}
	if got := d.activities(); got != "create 1, update 10, update 100, update 1000" {
		t.Errorf("lines: %s", got)
	}
	if err := d.Finish(context.Background()); err != nil {
		t.Fatal(err)
	}
	last := d.lines[len(d.lines)-1]
	if last.EventCount != 1200 || len(last.EventIDs) != finding.MaxEventIDs || last.Phase != finding.Settled {
		t.Errorf("the last line counts %d events, lists %d, and is %s", last.EventCount, len(last.EventIDs), last.Phase)
	}
	if len(d.last) != 1 {
		t.Errorf("%d findings, want 1", len(d.last))
	}
}

// TestRepeatedRecordsSayNothing: the same record again adds no line.
func TestRepeatedRecordsSayNothing(t *testing.T) {
	d := newDesk(processor.Config{})
	for range 5 {
		d.read(t, call(0, home, "GetObject"), call(60, thief, "GetObject"))
	}
	if got := d.activities(); got != "create 1" {
		t.Errorf("lines: %s", got)
	}
}

// TestPhase: provisional while an explanation can still arrive, settled after.
func TestPhase(t *testing.T) {
	d := newDesk(processor.Config{Lateness: 15 * time.Minute})
	d.read(t, call(0, home, "GetObject"), call(60, thief, "GetObject"))
	if d.lines[0].Phase != finding.Provisional {
		t.Errorf("at once it is %s", d.lines[0].Phase)
	}
	d.read(t, call(3600, home, "GetObject"))
	if err := d.Tick(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := d.activities(); got != "create 1" {
		t.Errorf("before its time: %s", got)
	}
	d.now = d.now.Add(16 * time.Minute)
	if err := d.Tick(context.Background()); err != nil {
		t.Fatal(err)
	}
	if last := d.lines[len(d.lines)-1]; len(d.lines) != 2 || last.Phase != finding.Settled || last.Activity != finding.Update {
		t.Errorf("afterwards: %s, %s", d.activities(), last.Phase)
	}
}

// TestLateExplanationCloses: an event that explains the address, delivered late,
// closes the finding with its reason, under the same id.
func TestLateExplanationCloses(t *testing.T) {
	d := newDesk(processor.Config{})
	d.read(t, call(0, home, "GetObject"), call(600, thief, "GetObject"))
	d.read(t, `{"eventVersion":"1.10","eventTime":"2026-03-02T08:09:00Z","eventSource":"ec2.amazonaws.com","eventName":"AssociateAddress",
		"sourceIPAddress":"192.0.2.1","recipientAccountId":"111122223333","eventID":"a","userIdentity":{"type":"IAMUser","accessKeyId":"AKIAOPSOPSOPSOPSOPS1","accountId":"111122223333","principalId":"AIDAOPS"},
		"requestParameters":{"instanceId":"i-0123456789abcdef0","publicIp":"`+thief+`"},"responseElements":{"associationId":"eipassoc-1"}}`)
	last := d.lines[len(d.lines)-1]
	if len(d.lines) != 2 || last.Activity != finding.Close || last.Status != finding.Closed || last.ID != d.lines[0].ID || !strings.Contains(last.Reason, "Elastic IP") {
		t.Errorf("lines %s; the last: %s because %q", d.activities(), last.Status, last.Reason)
	}
	d.read(t, call(700, thief, "GetObject"))
	if len(d.lines) != 2 {
		t.Errorf("a closed finding speaks again: %s", d.activities())
	}
}

// TestEarlierEventSwapsRoles: the owner's event arrives after the thief's; the
// finding is made then, and names the right one.
func TestEarlierEventSwapsRoles(t *testing.T) {
	d := newDesk(processor.Config{})
	d.read(t, call(600, thief, "GetObject"))
	if len(d.lines) != 0 {
		t.Fatalf("one address is no finding: %s", d.activities())
	}
	d.read(t, call(0, home, "GetObject"))
	if len(d.lines) != 1 || d.lines[0].FirstSeen.Address != home || d.lines[0].Observed.Address != thief {
		t.Errorf("%s: %+v", d.activities(), d.lines)
	}
}

// TestBadRecordsAmongGood: what cannot be read goes to the dead letters with its
// place and reason; the rest is processed.
func TestBadRecordsAmongGood(t *testing.T) {
	d := newDesk(processor.Config{})
	d.read(t, call(0, home, "GetObject"), "no json", `{"Records":[`+call(60, thief, "GetObject")+`,{"eventName":"NoTime"}]}`, "", `{"some":"json"}`)
	want := []struct{ sequence, reason string }{
		{"1", string(cloudtrail.ErrNotJSON)}, {"2", string(cloudtrail.ErrIncomplete)},
		{"3", string(cloudtrail.ErrEmpty)}, {"4", string(cloudtrail.ErrUnknownShape)},
	}
	if len(d.letters) != len(want) {
		t.Fatalf("%d dead letters, want %d: %+v", len(d.letters), len(want), d.letters)
	}
	for i, w := range want {
		if l := d.letters[i]; l.SequenceNumber != w.sequence || l.Reason != w.reason || l.Stream != "trail" || l.Shard != "shard-7" {
			t.Errorf("dead letter %d: %+v, want record %s for %s", i, l, w.sequence, w.reason)
		}
	}
	if len(d.lines) != 1 || d.Counts().Events.Load() != 2 || d.Counts().DeadLetters.Load() != 4 {
		t.Errorf("%d findings, %d events, %d dead letters", len(d.lines), d.Counts().Events.Load(), d.Counts().DeadLetters.Load())
	}
}

// TestUndeliveredIsOwed: a finding whose delivery failed is delivered when its
// batch comes again, although all of its facts are known by then.
func TestUndeliveredIsOwed(t *testing.T) {
	d := newDesk(processor.Config{})
	broken := errors.New("sink is down")
	down := true
	p := processor.New(processor.Config{
		Facts: state.NewFacts(remote{state.NewMemory(1000)}, 1000), Extractor: rules.Extractor{Keep: 10, Contested: 100}, DeadLetters: discard{}, Logger: slog.New(slog.DiscardHandler),
		Findings: sinkFunc(func(ctx context.Context, f []*finding.Finding) error {
			if down {
				return broken
			}
			return d.collector.Send(ctx, f)
		}),
	})
	batch := []processor.Record{{Data: []byte(call(0, home, "GetObject")), Shard: "1"}, {Data: []byte(call(60, thief, "GetObject")), Shard: "1"}}
	for range 3 {
		if err := p.Process(context.Background(), batch); !errors.Is(err, broken) {
			t.Fatalf("a batch with an undelivered finding is done: %v", err)
		}
	}
	if err := p.Process(context.Background(), []processor.Record{{Data: []byte(strings.NewReplacer("i-0123", "i-0999", "AROAWEB", "AROADB", "role/web", "role/db").Replace(call(1, "198.51.100.99", "PutObject"))), Shard: "2"}}); err != nil {
		t.Errorf("another shard is held up: %v", err)
	}
	down = false
	if err := p.Process(context.Background(), batch); err != nil || len(d.lines) != 1 {
		t.Errorf("%d findings, %v; want 1", len(d.lines), err)
	}
}

type sinkFunc func(context.Context, []*finding.Finding) error

func (f sinkFunc) Send(ctx context.Context, findings []*finding.Finding) error {
	return f(ctx, findings)
}

// TestReportLevel: what is below the level asked for is not reported.
func TestReportLevel(t *testing.T) {
	for level, want := range map[finding.Severity]int{finding.Medium: 1, finding.High: 1, finding.Critical: 0} {
		d := newDesk(processor.Config{Report: level})
		d.read(t, call(0, home, "GetObject"), call(3600, thief, "GetObject"))
		if len(d.lines) != want {
			t.Errorf("at %s: %d findings, want %d", level, len(d.lines), want)
		}
	}
}

// TestFindingForm: the contract's fields, filled in.
func TestFindingForm(t *testing.T) {
	d := newDesk(processor.Config{})
	d.read(t, call(0, home, "GetObject"), call(60, thief, "GetObject"))
	line, err := finding.AppendJSON(nil, d.lines[0])
	if err != nil {
		t.Fatal(err)
	}
	var f map[string]any
	if err := json.Unmarshal(line, &f); err != nil {
		t.Fatal(err)
	}
	token := f["token"].(map[string]any)
	for field, want := range map[string]string{
		"access_key_id": "ASIAWEBKEY0000000001", "kind": "ec2", "principal_id": "AROAWEB:i-0123456789abcdef0", "account_id": "111122223333",
		"role_arn": "arn:aws:iam::111122223333:role/web", "session_name": "i-0123456789abcdef0", "resource": "i-0123456789abcdef0",
	} {
		if token[field] != want {
			t.Errorf("token.%s is %v, want %s", field, token[field], want)
		}
	}
	if f["containment"] == nil || f["first_seen"].(map[string]any)["address"] != home || f["observed"].(map[string]any)["address"] != thief {
		t.Errorf("%s", line)
	}
}
