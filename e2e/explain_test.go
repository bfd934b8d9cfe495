package e2e

import (
	"path/filepath"
	"strings"
	"testing"
)

// Whoever asks why must be told, of what was flagged and of what was not.
func TestExplain(t *testing.T) {
	file := filepath.Join(t.TempDir(), "trail.json")
	stolen := call(1, abroad(1), 60)
	write(t, file, trailFile(call(1, home(1), 0), call(1, home(1), 10), stolen, call(2, home(2), 0), call(2, home(2), 30)))
	for name, c := range map[string]struct {
		what string
		say  []string
	}{
		"a key that was stolen": {key(1), []string{
			"verdict: flagged, high", "owner     " + home(1), "intruder  " + abroad(1), "+70 second-address",
			"facts:", "use|" + abroad(1), "token|" + key(1),
		}},
		"an event of the thief's":   {stolen["eventID"].(string), []string{"flagged, high", "intruder  " + abroad(1)}},
		"a session in good order":   {key(2), []string{"verdict: not flagged, score 0", "owner     " + home(2), "use|" + home(2)}},
		"an instance in good order": {"i-00000000000000002", []string{"verdict: not flagged", "owner     " + home(2)}},
	} {
		t.Run(name, func(t *testing.T) {
			got := straytoken(t, "explain", c.what, file)
			if got.code != exitDone || strings.Count(got.stdout, "verdict:") != 1 {
				t.Fatalf("exit code %d, said %q:\n%s", got.code, got.stderr, got.stdout)
			}
			for _, want := range c.say {
				if !strings.Contains(got.stdout, want) {
					t.Errorf("it does not say %q:\n%s", want, got.stdout)
				}
			}
		})
	}
	if got := straytoken(t, "explain", "ASIANOBODYKNOWSTHIS1", file); got.code != exitInput || !strings.Contains(got.stderr, "ASIANOBODYKNOWSTHIS1") {
		t.Errorf("of what is not there: exit code %d, said %q", got.code, got.stderr)
	}
}

// What an exception keeps back is counted, can be printed with the reason, and explain tells of it.
func TestSuppressedCanBeSeen(t *testing.T) {
	dir := t.TempDir()
	file, config := filepath.Join(dir, "trail.json"), filepath.Join(dir, "straytoken.yaml")
	write(t, file, theft())
	write(t, config, []byte("judge:\n  exceptions:\n    - {network: "+abroad(1)+", reason: the auditors' office, owner: secops}\n"))
	quiet := straytoken(t, "scan", "--format", "json", "--config", config, file)
	if quiet.code != exitDone || quiet.stdout != "" || !strings.Contains(quiet.stderr, "1 findings suppressed") {
		t.Errorf("exit code %d, output %q, said %q", quiet.code, quiet.stdout, quiet.stderr)
	}
	shown := straytoken(t, "scan", "--format", "json", "--config", config, "--show-suppressed", file)
	found := readFindings(t, shown.stdout)
	if len(found) != 1 || found[0].Suppressed == nil || found[0].Suppressed.Reason != "the auditors' office" || found[0].Suppressed.Owner != "secops" {
		t.Errorf("shown are %s", shown.stdout)
	}
	if why := straytoken(t, "explain", "--config", config, key(1), file); !strings.Contains(why.stdout, "of secops: the auditors' office") {
		t.Errorf("explain says\n%s", why.stdout)
	}
}
