package config_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/straytoken/straytoken/config"
)

// TestProblemsNameTheirLines: everything that is wrong is reported at once, each
// with its line or its field.
func TestProblemsNameTheirLines(t *testing.T) {
	_, err := config.Parse([]byte(`stream:
  name: trail
  start: yesterday
  poll: 100ms
  failover: fast
  max_records: 20000
judge:
  report: awful
  weights: {nonsense: 5}
  second_address: {toaster: 5}
  accounts: ["12"]
  networks:
    - cidr: 10.0.0.0/33
    - cidr: 10.0.0.1/8
    - cidr: 0.0.0.0/0
    - cidr: 192.0.2.0/24
      expires: soon
      accounts: [123]
    - name: nameless
findings:
  - type: pigeon
  - type: file
colour: blue
`))
	if err == nil {
		t.Fatal("nothing is wrong with it")
	}
	for _, want := range []string{
		`line 3: "yesterday" is no start`, "stream.poll is 100ms", `line 5: "fast" is no duration`, "stream.max_records is 20000",
		`line 8: unknown severity "awful"`, `line 9: judge.weights.nonsense: unknown evidence`, `line 10: judge.second_address.toaster: unknown kind of session`, `"12" is no account id`,
		`line 13: "10.0.0.0/33" is no network`, `line 14: "10.0.0.1/8" has bits set behind its mask: write 10.0.0.0/8`,
		`line 15: 0.0.0.0/0 is the whole internet`, `line 17: "soon" is no date`, `line 16: "123" is no account id`,
		"judge.networks[4] has no cidr", `line 21: unknown output "pigeon"`, "findings[1] is a file without a path", "line 23: field colour not found",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("not reported: %s\nin:\n%v", want, err)
		}
	}
}

func TestNotYAML(t *testing.T) {
	for _, text := range []string{"\t", "stream: [", "just words", "- a\n- b"} {
		if _, err := config.Parse([]byte(text)); err == nil || strings.Contains(err.Error(), "goroutine") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestDefaults(t *testing.T) {
	c, err := config.Parse([]byte("stream: {name: trail}"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Stream.Application != "straytoken-leases-trail" || c.Stream.Failover.Duration != 15*time.Second || !*c.State.Create ||
		c.Judge.Lateness.Duration != 15*time.Minute || len(c.Findings) != 1 || c.Listen != "127.0.0.1:9464" {
		t.Errorf("%+v", c)
	}
}

// TestPrintReadsBack: what print writes is a configuration, and the same one.
func TestPrintReadsBack(t *testing.T) {
	c, err := config.Parse([]byte(`{stream: {name: trail, start: "2027-01-31T12:00:00Z"}, judge: {networks: [{cidr: 192.0.2.7, name: one, expires: 2027-01-31}], weights: {agent-drift: 5}}}`))
	if err != nil {
		t.Fatal(err)
	}
	var first, second bytes.Buffer
	if err := c.Print(&first); err != nil {
		t.Fatal(err)
	}
	again, err := config.Parse(first.Bytes())
	if err != nil {
		t.Fatalf("%v\n%s", err, first.String())
	}
	if err := again.Print(&second); err != nil {
		t.Fatal(err)
	}
	if first.String() != second.String() {
		t.Errorf("printed\n%s\nread back and printed\n%s", first.String(), second.String())
	}
}

func TestLoadNamesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bad.yaml")
	if _, err := config.Load(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a missing file: %v", err)
	}
	if err := os.WriteFile(path, []byte("listen: [1]"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := config.Load(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a bad file: %v", err)
	}
}

// named is how an error says where it is: by its line, or by the field.
var named = regexp.MustCompile(`line [0-9]+|^(stream|state|judge|findings|dead_letters|limits|inventory|listen)\b`)

// FuzzParse: no text makes the reader panic or work for long; every problem names its
// place; and what is accepted is the same when it was printed and read again.
func FuzzParse(f *testing.F) {
	example, err := os.ReadFile("../examples/straytoken.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(example))
	f.Add("stream: {name: trail}")
	f.Add("judge: {networks: [{cidr: 10.0.0.0/8, expires: 2027-01-31}]}")
	f.Add(`judge: {exceptions: [{role: "arn:*", when: "verdict.score > 1", reason: r, owner: o}]}`)
	f.Add(`inventory: {every: 10m, accounts: [{id: "111111111111", regions: [eu-west-1]}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		start := time.Now()
		c, err := config.Parse([]byte(text))
		if took := time.Since(start); len(text) < 1<<16 && took > 10*time.Second {
			t.Errorf("%d bytes took %s", len(text), took)
		}
		if err != nil {
			checkNamed(t, err)
			return
		}
		first := printed(t, c)
		again, err := config.Parse([]byte(first))
		if err != nil {
			t.Fatalf("accepted %q, but not what it prints:\n%s\n%v", text, first, err)
		}
		if second := printed(t, again); first != second {
			t.Errorf("printed\n%s\nread again and printed\n%s", first, second)
		}
	})
}

func checkNamed(t *testing.T, err error) {
	t.Helper()
	for _, problem := range strings.Split(err.Error(), "\n") {
		if named.MatchString(problem) {
			return
		}
	}
	t.Errorf("names neither a line nor a field: %v", err)
}

func printed(t *testing.T, c *config.Config) string {
	t.Helper()
	var out strings.Builder
	if err := c.Print(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
