package rules_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/straytoken/straytoken/cloudtrail"
	"github.com/straytoken/straytoken/network"
	"github.com/straytoken/straytoken/rules"
	"github.com/straytoken/straytoken/simulate"
	"github.com/straytoken/straytoken/state"
)

// Bounds of what one event leaves behind, in bytes where nothing else is said. DynamoDB
// takes items of 400 KB.
const (
	mostFacts = 10_000 + 64 // the inventory's, and all others
	mostName  = 512         // a key, or a member
	mostText  = 256         // a text of an observation
	mostItem  = 48 << 10    // all of a fact, if every character of it has to be escaped twice
	plainItem = 6 << 10     // all of a fact that is written as it is
)

// FuzzFacts: whatever an event holds, what is remembered of it is bounded, valid, its
// own, and always the same; and so is what follows from judging it.
func FuzzFacts(f *testing.F) {
	for _, text := range simulatedEvents(f) {
		f.Add(text)
	}
	for _, text := range absurd() {
		f.Add(text)
	}
	x := rules.Extractor{Keep: 10, Contested: 1000, Ranges: amazon(f)}
	f.Fuzz(func(t *testing.T, text string) {
		for _, facts := range extract(t, x, text) {
			checkFacts(t, facts)
		}
	})
}

// absurd are events whose texts are longer than anything that AWS writes.
func absurd() []string {
	var all []string
	for _, long := range []string{strings.Repeat("a", 5000), strings.Repeat("é", 5000), strings.Repeat("|", 5000), strings.Repeat("<\x00", 2500), strings.Repeat("x/", 2500)} {
		id := as("ASIA"+long, long)
		id["principalId"], id["arn"], id["accountId"] = "AROA"+long, long, long
		id["inScopeOf"] = m{"issuerType": "AWS::Lambda::Function", "credentialsIssuedTo": long}
		id["sessionContext"].(m)["sessionIssuer"] = m{"type": "Role", "principalId": long, "arn": long}
		made := m{"credentials": m{"accessKeyId": "ASIA" + long, "expiration": long}, "credentialSet": slices.Repeat([]any{m{"credentials": m{"accessKeyId": "ASIB" + long}}}, 100)}
		all = append(all,
			encoded(event(1, "s3", "GetObject"+long, long, m{"userIdentity": id, "userAgent": long, "vpcEndpointId": "vpce-" + long, "eventID": long, "awsRegion": long, "errorCode": long})),
			encoded(event(2, "sts", "AssumeRole", thief, m{"userIdentity": id, "requestParameters": m{"roleArn": long}, "responseElements": made, "userAgent": "x exec-env/" + long})),
			encoded(event(3, "ec2", "AllocateAddress", home, m{"userIdentity": m{"principalId": long}, "recipientAccountId": long, "responseElements": m{"publicIp": home, "allocationId": long}})),
		)
	}
	return all
}

func encoded(e m) string {
	b, err := json.Marshal(e)
	if err != nil {
		panic(err) // it holds nothing that cannot be encoded
	}
	return string(b)
}

// amazon are some address ranges.
func amazon(tb testing.TB) *network.Ranges {
	tb.Helper()
	r, err := network.ReadRanges(strings.NewReader(`{"prefixes":[{"ip_prefix":"52.94.0.0/16","region":"us-west-2","service":"EC2"}]}`))
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// simulatedEvents is one event of each call in simulated traffic.
func simulatedEvents(tb testing.TB) map[string]string {
	tb.Helper()
	events := map[string]string{}
	decoder := cloudtrail.NewDecoder(cloudtrail.Limits{})
	_, _, err := simulate.Generate(context.Background(), simulate.Config{Seed: 5, Duration: 2 * time.Hour, Accounts: 2}, func(_ string, content []byte) error {
		_, err := decoder.Decode(content, func(e *cloudtrail.Event) error {
			events[strings.Clone(e.Source+" "+e.Name)] = strings.Clone(e.Raw.JSON())
			return nil
		})
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return events
}

// extract gives the facts of each event in a text, extracted twice, and checks that
// nothing of them changes when the memory of the events is used again.
func extract(t *testing.T, x rules.Extractor, text string) [][]state.Fact {
	t.Helper()
	var all [][]state.Fact
	var before []string
	record := []byte(text)
	decoder := cloudtrail.NewDecoder(cloudtrail.Limits{MaxEvents: 20})
	_, _ = decoder.Decode(record, func(e *cloudtrail.Event) error {
		facts := x.Facts(e)
		if !slices.Equal(facts, x.Facts(e)) {
			t.Errorf("the same event twice gives other facts")
		}
		checkNames(t, e, facts)
		all, before = append(all, facts), append(before, fmt.Sprintf("%+v", facts))
		return nil
	})
	copy(record, bytes.Repeat([]byte{'#'}, len(record)))
	other := `{"eventTime":"2026-03-01T12:00:00Z","eventSource":"` + strings.Repeat(`\u0023`, len(text)+1) + `","eventName":"x"}`
	if _, err := decoder.Decode([]byte(other), func(*cloudtrail.Event) error { return nil }); err != nil {
		t.Fatal(err)
	}
	for i, facts := range all {
		if fmt.Sprintf("%+v", facts) != before[i] {
			t.Errorf("the facts share memory with the event")
		}
	}
	return all
}

// checkNames checks that all facts call the session of an event the same.
func checkNames(t *testing.T, e *cloudtrail.Event, facts []state.Fact) {
	t.Helper()
	s, signed := rules.SessionOf(e)
	for _, f := range facts {
		if f.Session != s.Lock || f.AccessKey != s.AccessKey {
			t.Errorf("the session %q with key %q is called %q, %q", s.Lock, s.AccessKey, f.Session, f.AccessKey)
		}
		if signed && f.Key.Kind() == "session" && f.Key.Rest() != s.Lock {
			t.Errorf("facts of %q are under %q", s.Lock, f.Key)
		}
	}
}

// checkFacts checks the facts of an event, and what follows from judging whom they
// are about.
func checkFacts(t *testing.T, facts []state.Fact) {
	t.Helper()
	if len(facts) > mostFacts {
		t.Errorf("%d facts of one event", len(facts))
	}
	memory := state.NewMemory(1 << 20)
	if err := memory.Put(context.Background(), facts); err != nil {
		t.Fatal(err)
	}
	locks := map[string]bool{}
	for i := range facts {
		checkFact(t, &facts[i])
		for _, lock := range rules.Affected(state.Change{Fact: facts[i], New: true}, memory) {
			locks[lock] = true
		}
	}
	for lock := range locks {
		for _, v := range (&rules.Policy{}).Judge(lock, memory) {
			for _, consequence := range v.Consequences() {
				checkFact(t, &consequence)
			}
		}
	}
}

func checkFact(t *testing.T, f *state.Fact) {
	t.Helper()
	if len(f.Key) > mostName || len(f.Member) > mostName {
		t.Errorf("a key of %d and a member of %d bytes", len(f.Key), len(f.Member))
	}
	if strings.Contains(string(f.Key)+f.Member, "\x00") {
		t.Errorf("what separates is in %q, %q", f.Key, f.Member)
	}
	if parts := state.Parts(f.Member); state.Class(f.Member) == "use" && len(parts) != 2 {
		t.Errorf("no place: %q", f.Member)
	}
	texts := string(f.Key) + f.Member
	all := reflect.ValueOf(f.Observation)
	for i := range all.NumField() {
		field := all.Field(i)
		if field.Kind() != reflect.String {
			continue
		}
		texts += field.String()
		if name := all.Type().Field(i).Name; field.Len() > mostText && name != "Value" {
			t.Errorf("%s has %d bytes", name, field.Len())
		}
	}
	if !utf8.ValidString(texts) {
		t.Errorf("no UTF-8: %q", texts)
	}
	checkSize(t, f, texts)
}

// checkSize checks the size of a fact as it is stored.
func checkSize(t *testing.T, f *state.Fact, texts string) {
	t.Helper()
	data, err := json.Marshal(f.Observation)
	if err != nil {
		t.Fatal(err)
	}
	limit := plainItem
	if strings.ContainsFunc(texts, func(r rune) bool { return r < ' ' || strings.ContainsRune("\"<>&\\\u2028\u2029", r) }) {
		limit = mostItem
	}
	if size := len(f.Key) + len(f.Member) + len(data); size > limit {
		t.Errorf("a fact of %d bytes: %s %s", size, f.Key, f.Member)
	}
}
