package e2e

import (
	"path/filepath"
	"strings"
	"testing"
)

// The exit codes, a contract with scripts.
const (
	exitDone     = 0
	exitFindings = 1
	exitUsage    = 2
	exitInput    = 3
	exitFailure  = 4
)

// refusal is a command that cannot work: it must say so in one line that names the thing and what to do.
type refusal struct {
	command
	code int
	says []string
}

func (r refusal) check(t *testing.T) {
	t.Helper()
	got := r.run(t)
	if got.code != r.code {
		t.Errorf("exit code %d, want %d", got.code, r.code)
	}
	if got.stdout != "" {
		t.Errorf("standard output %q, want none", got.stdout)
	}
	if strings.Count(got.stderr, "\n") != 1 || !strings.HasPrefix(got.stderr, "straytoken: ") {
		t.Errorf("want one line on standard error, have:\n%s", got.stderr)
	}
	for _, want := range r.says {
		if !strings.Contains(got.stderr, want) {
			t.Errorf("%q does not say %q", got.stderr, want)
		}
	}
}

func TestWrongUsage(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	write(t, bad, []byte("stream:\n  nam: cloudtrail\n"))
	// Nobody listens there: what is wrong is to be told before anybody is asked.
	region := []string{"AWS_REGION=eu-west-1", "AWS_ACCESS_KEY_ID=x", "AWS_SECRET_ACCESS_KEY=x", "AWS_ENDPOINT_URL=http://127.0.0.1:1"}
	tests := map[string]refusal{
		"unknown command":   {command{args: []string{"runn"}}, exitUsage, []string{`"runn"`, "--help"}},
		"unknown flag":      {command{args: []string{"run", "--streem", "x"}}, exitUsage, []string{"--streem"}},
		"no stream":         {command{args: []string{"run"}}, exitUsage, []string{"--stream"}},
		"bad start":         {command{args: []string{"run", "--stream", "x", "--start", "yesterday"}, env: region}, exitUsage, []string{"yesterday", "trim-horizon"}},
		"bad format":        {command{args: []string{"run", "--stream", "x", "--format", "xml"}}, exitUsage, []string{`"xml"`, "json"}},
		"bad log level":     {command{args: []string{"run", "--stream", "x", "--log-level", "loud"}}, exitUsage, []string{`"loud"`, "debug"}},
		"listen everywhere": {command{args: []string{"run", "--stream", "x", "--listen", ":9464"}, env: region}, exitUsage, []string{`":9464"`, "127.0.0.1"}},
		"no region":         {command{args: []string{"run", "--stream", "x"}}, exitUsage, []string{"region", "AWS_REGION"}},
		"unknown field":     {command{args: []string{"run", "--config", bad}}, exitUsage, []string{bad, "line 2", "nam"}},
		"missing config":    {command{args: []string{"run", "--config", bad + "x"}}, exitUsage, []string{bad + "x"}},
		"scan nothing":      {command{args: []string{"scan"}}, exitUsage, []string{"PATH"}},
		"replay to nowhere": {command{args: []string{"replay", "."}}, exitUsage, []string{"--stream"}},
		"replay format":     {command{args: []string{"replay", ".", "--stream", "x", "--format", "tar"}}, exitUsage, []string{`"tar"`, "mixed"}},
		"simulate nowhere":  {command{args: []string{"simulate"}}, exitUsage, []string{"--out"}},
	}
	for name, tt := range tests {
		t.Run(name, tt.check)
	}
}

func TestUnreadableInput(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	text := filepath.Join(t.TempDir(), "notes.txt")
	write(t, text, []byte("these are no logs\n"))
	tests := map[string]refusal{
		"missing file":    {command{args: []string{"scan", "--quiet", missing}}, exitInput, []string{missing}},
		"no CloudTrail":   {command{args: []string{"scan", "--quiet", text}}, exitInput, []string{text}},
		"no labels":       {command{args: []string{"evaluate", missing, text}}, exitInput, []string{missing}},
		"nothing on pipe": {command{args: []string{"scan", "--quiet", "-"}, stdin: []byte("hello\n")}, exitInput, []string{"CloudTrail"}},
	}
	for name, tt := range tests {
		t.Run(name, tt.check)
	}
}

func TestMissingThings(t *testing.T) {
	w := newWorld(t, 1)
	noState := filepath.Join(t.TempDir(), "no-state.yaml")
	write(t, noState, []byte("state:\n  create: false\n  table: nowhere\n"))
	noLeases := filepath.Join(t.TempDir(), "no-leases.yaml")
	write(t, noLeases, []byte("stream:\n  name: "+w.stream+"\n  create: false\n  application: nowhere\n"))
	trail := filepath.Join(t.TempDir(), "trail.json")
	write(t, trail, theft())
	anonymous := []string{w.env()[0], "AWS_ENDPOINT_URL_KINESIS=" + w.stack.KinesisEndpoint, "AWS_ENDPOINT_URL_DYNAMODB=" + w.stack.DynamoDBEndpoint}
	run := []string{"run", "--listen", "off", "--log-level", "warn", "--state-table", w.stream + "-state", "--application", w.stream + "-leases", "--stream"}
	tests := map[string]refusal{
		"stream":             {command{args: append(run[:len(run):len(run)], "nowhere"), env: w.env()}, exitFailure, []string{"stream nowhere", "does not exist"}},
		"state table":        {command{args: []string{"run", "--config", noState, "--stream", w.stream}, env: w.env()}, exitFailure, []string{"nowhere", "create it"}},
		"lease table":        {command{args: []string{"run", "--config", noLeases, "--state-table", w.stream + "-state", "--listen", "off", "--log-level", "warn"}, env: w.env()}, exitFailure, []string{"nowhere", "does not exist"}},
		"credentials":        {command{args: append(run[:len(run):len(run)], w.stream), env: anonymous}, exitFailure, []string{"credentials", "AWS_PROFILE"}},
		"replay stream":      {command{args: []string{"replay", "--quiet", "--stream", "nowhere", trail}, env: w.env()}, exitFailure, []string{"stream nowhere", "does not exist"}},
		"replay file":        {command{args: []string{"replay", "--quiet", "--stream", w.stream, trail + "x"}, env: w.env()}, exitInput, []string{trail + "x"}},
		"replay credentials": {command{args: []string{"replay", "--quiet", "--stream", w.stream, trail}, env: anonymous}, exitFailure, []string{"credentials", "AWS_PROFILE"}},
		"worker":             {command{args: []string{"health", "--address", "127.0.0.1:1"}}, exitFailure, []string{"127.0.0.1:1"}},
	}
	for name, tt := range tests {
		t.Run(name, tt.check)
	}
}

func TestConfigurationProblemsAreAllTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bad.yaml")
	write(t, path, []byte("stream:\n  poll: 10ms\njudge:\n  networks:\n    - cidr: 10.0.0.1/8\n  lateness: soon\n"))
	got := straytoken(t, "config", "validate", path)
	if got.code != exitUsage {
		t.Errorf("exit code %d, want %d", got.code, exitUsage)
	}
	for _, want := range []string{path, "stream.poll", "10.0.0.0/8", "soon"} {
		if !strings.Contains(got.stderr, want) {
			t.Errorf("%q does not name %q", got.stderr, want)
		}
	}
}

func TestPrintedConfigurationIsValid(t *testing.T) {
	printed := straytoken(t, "config", "print")
	path := filepath.Join(t.TempDir(), "printed.yaml")
	write(t, path, []byte(printed.stdout))
	if got := straytoken(t, "config", "validate", path); got.code != exitDone {
		t.Errorf("exit code %d: %s", got.code, got.stderr)
	}
}
