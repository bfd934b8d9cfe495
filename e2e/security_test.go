package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/straytoken/straytoken/devstack/demo/worker"
)

// hostile is text that clears a screen, forges a line, reorders, and goes on for long.
var hostile = "\x1b[2J\x1b]0;owned\x07\r\n[CRITICAL] forged\u202e\u2066\u0085\x00<script>=cmd|" + strings.Repeat("long", 1000)

// disguised is a theft whose every text is hostile, as far as the caller of an API chooses it.
func disguised() []object {
	events := []object{call(1, home(1), 0), call(1, home(1), 10), call(1, abroad(1), 60)}
	for _, e := range events {
		e["userAgent"], e["errorMessage"], e["errorCode"], e["requestID"] = hostile, hostile, hostile, hostile
		e["requestParameters"] = object{"roleSessionName": hostile, "bucketName": hostile, hostile: hostile}
		e["userIdentity"].(object)["arn"] = "arn:aws:sts::111122223333:assumed-role/web-1/" + hostile
		e["userIdentity"].(object)["principalId"] = "AROAE2E00000000000001:" + hostile
	}
	return events
}

// checkPlain holds that a terminal obeys nothing in a text, and that nothing forges a line of it.
func checkPlain(t *testing.T, what, text string) {
	t.Helper()
	for i, r := range text {
		if r != '\n' && !unicode.IsPrint(r) {
			t.Errorf("%s holds %U at byte %d: %.80q", what, r, i, text[max(0, i-40):])
			return
		}
	}
	if strings.Contains(text, "\n[CRITICAL] forged") {
		t.Errorf("%s holds a forged line", what)
	}
}

// Whatever events, file names and records say, no terminal obeys it.
func TestHostileTextReachesNoTerminal(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "\x1b[2Jgood\nstraytoken: forged.json"), trailFile(disguised()...))
	write(t, filepath.Join(folder, "\x1b[2Jbad.json"), []byte(`{"Records":[{"eventTime":"`+strings.Repeat("\x1b[2J", 1000)+`"}]}`))
	write(t, filepath.Join(folder, "\x1b[2Jnotes.json"), []byte("\x1b[2J"))
	argument := strings.ReplaceAll(hostile, "\x00", "") // no argument can hold it
	missing := filepath.Join(folder, "\x1b[2J\nmissing.json")
	for name, args := range map[string][]string{
		"scan":              {"scan", folder},
		"scan as JSON":      {"scan", "--format", "json", folder},
		"explain":           {"explain", key(1), folder},
		"explain one's ARN": {"explain", argument, folder},
		"missing file":      {"scan", missing},
		"dead letters":      {"replay", "--dead-letter", "--stream", "x", missing},
		"an option":         {"scan", "--format", argument, folder},
	} {
		t.Run(name, func(t *testing.T) {
			got := command{args: args, env: []string{"AWS_REGION=eu-west-1", "AWS_ACCESS_KEY_ID=x", "AWS_SECRET_ACCESS_KEY=x"}}.run(t)
			checkPlain(t, "standard output", got.stdout)
			checkPlain(t, "standard error", got.stderr)
			if name == "scan" && !strings.Contains(got.stdout, abroad(1)) {
				t.Errorf("the theft is not found: %s", got.stderr)
			}
			if strings.Contains(name, "file") && strings.Count(got.stderr, "\n") != 1 {
				t.Errorf("more than a line: %q", got.stderr)
			}
		})
	}
}

// What a record holds and a finding does not need is in dead letters and nowhere else: not in findings, logs, metrics or
// the table. And what a worker writes is for its owner alone.
func TestSecretsOfARecordStayInDeadLetters(t *testing.T) {
	const secret = "IQoJb3JpZ2luX2VjE-SECRET-OF-THE-RECORD"
	w := newWorld(t, 1)
	findings := filepath.Join(t.TempDir(), "findings.jsonl")
	n := w.start("--output", findings, "--format", "json", "--log-level", "debug")
	for i, e := range disguised() {
		e["responseElements"] = object{"credentials": object{"accessKeyId": key(5), "sessionToken": secret}, "password": secret}
		e["requestParameters"], e["additionalEventData"], e["errorMessage"] = object{"password": secret}, object{"x": secret}, secret
		broken := without(call(9, home(9), i), "eventTime")
		broken["responseElements"] = object{"sessionToken": secret}
		w.put(key(1), trailFile(e, broken))
	}
	w.awaitAccused(1, 2)
	n.awaitLetters(t, 3)
	w.awaitRecords(3)
	_, metrics, err := n.Get(t.Context(), "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	w.stop()
	lines, err := os.ReadFile(findings)
	if err != nil {
		t.Fatal(err)
	}
	table := w.stream + "-state"
	items, err := w.stack.DynamoDB().Scan(t.Context(), &dynamodb.ScanInput{TableName: &table})
	if err != nil || len(items.Items) == 0 {
		t.Fatalf("%d facts, %v", len(items.Items), err)
	}
	var facts strings.Builder
	for _, item := range items.Items {
		for _, v := range item {
			if s, ok := v.(*types.AttributeValueMemberS); ok {
				facts.WriteString(s.Value)
			}
		}
	}
	for what, text := range map[string]string{"findings": string(lines), "the log": n.log.String(), "metrics": metrics, "the state table": facts.String()} {
		if strings.Contains(text, secret) {
			t.Errorf("%s: the secret is in it", what)
		}
	}
	for _, of := range []string{key(1), home(1), abroad(1), "111122223333", "forged"} {
		if strings.Contains(metrics, of) {
			t.Errorf("metrics hold %s", of)
		}
	}
	checkPlain(t, "the log", n.log.String())
	checkPlain(t, "the findings", string(lines))
	for _, l := range readLetters(t, n.letters) {
		if !strings.Contains(string(l.Data), secret) {
			t.Error("a dead letter is not the whole record")
		}
	}
	for _, path := range []string{findings, n.letters} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v; want it for its owner alone", path, info.Mode(), err)
		}
	}
}

// A million sessions are a million series in a store that is asked for labels from the log. There are as many after
// strange events as before any.
func TestMetricsDoNotGrowWithTheLog(t *testing.T) {
	w := newWorld(t, 1)
	n := w.start()
	await(t, "the worker holds its shard", func() (bool, string) { return n.count(t, worker.ShardsHeld) == 1, w.logs() })
	before, err := n.Metrics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		e := call(i, home(i), 0)
		e["eventName"], e["eventSource"], e["eventType"], e["awsRegion"] = fmt.Sprintf("Call%d%s", i, hostile), fmt.Sprintf("s%d.amazonaws.com", i), fmt.Sprint(i), fmt.Sprint(i)
		w.put(key(i), encode(e))
		w.put(key(i), []byte(fmt.Sprintf("bad %d %s", i, hostile)))
	}
	w.awaitRecords(100)
	after, err := n.Metrics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for series := range after {
		if _, ok := before[series]; !ok && strings.HasPrefix(series, "straytoken_") {
			t.Errorf("%s is new", series)
		}
	}
	w.stop()
}
