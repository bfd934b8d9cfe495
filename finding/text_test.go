package finding_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/straytoken/straytoken/finding"
)

// update is -update: go test ./finding -update.
var update = flag.Bool("update", false, "rewrite the golden files")

func TestWriteText(t *testing.T) {
	tests := map[string]struct {
		finding *finding.Finding
		options finding.TextOptions
	}{
		"ec2":                   {ec2Finding(), finding.TextOptions{}},
		"ec2-color":             {ec2Finding(), finding.TextOptions{Color: true}},
		"ec2-narrow":            {ec2Finding(), finding.TextOptions{Width: 1}},
		"ecs-never-seen":        {taskFinding(), finding.TextOptions{}},
		"human":                 {humanFinding(), finding.TextOptions{Width: 80}},
		"hostile":               {hostileFinding(), finding.TextOptions{}},
		"sparse":                {&finding.Finding{ID: "st-1"}, finding.TextOptions{}},
		"update":                {updated(ec2Finding()), finding.TextOptions{Previous: ec2Finding()}},
		"update-unchanged":      {as(finding.Update, ec2Finding()), finding.TextOptions{Previous: ec2Finding()}},
		"update-without-before": {updated(ec2Finding()), finding.TextOptions{}},
		"close":                 {closed(ec2Finding()), finding.TextOptions{}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got bytes.Buffer
			if err := finding.WriteText(&got, tt.finding, tt.options); err != nil {
				t.Fatal(err)
			}
			checkSafe(t, got.String())
			golden(t, filepath.Join("testdata", "text", name+".txt"), got.Bytes())
		})
	}
}

func as(activity finding.Activity, f *finding.Finding) *finding.Finding {
	f.Activity = activity
	return f
}

// updated is f after an earlier event arrived that turned the roles of two
// addresses, and more calls.
func updated(f *finding.Finding) *finding.Finding {
	f.Activity, f.Phase = finding.Update, finding.Settled
	f.Severity, f.Score, f.EventCount, f.LastTime = finding.High, 110, 31, at(10, 59, 3)
	f.FirstSeen.Address = "203.0.113.99"
	f.Evidence = append(f.Evidence[1:], finding.Evidence{Code: "remote-command", Weight: 40, Text: "ssm:SendCommand named the instance, from this address, 20 s before."})
	f.Addresses[0].Role, f.Addresses[0].Why = finding.Explained, "NAT gateway nat-01"
	f.Addresses = append(f.Addresses, finding.Address{Address: "203.0.113.99", Role: finding.Owner, Why: "first use", First: at(8, 1, 0), Last: at(8, 2, 0), Events: 3})
	return f
}

func closed(f *finding.Finding) *finding.Finding {
	f.Activity, f.Status, f.Phase = finding.Close, finding.Closed, finding.Settled
	f.Reason = "A late AssociateAddress event gives 198.51.100.77 to the instance: the address was its own."
	return f
}

// golden compares got with the file, which -update rewrites.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: run go test -update", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; see what changed with go test -update and git diff. Got:\n%s", path, got)
	}
}

// maxLines is far above what a real finding takes and far below a flood.
const maxLines = 4000

// checkSafe asserts what WriteText promises for any content.
func checkSafe(t *testing.T, text string) {
	t.Helper()
	plain := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(text, "")
	if !utf8.ValidString(plain) {
		t.Error("not valid UTF-8")
	}
	for _, r := range plain {
		if r != '\n' && (!unicode.IsPrint(r) || unicode.In(r, unicode.M, unicode.Hebrew, unicode.Arabic)) {
			t.Errorf("%U in the text", r)
		}
	}
	lines := strings.Split(plain, "\n")
	if len(lines) > maxLines {
		t.Errorf("%d lines", len(lines))
	}
	for i, line := range lines {
		if (i == 0) != strings.HasPrefix(line, "[") || i > 0 && line != "" && !strings.HasPrefix(line, "  ") {
			t.Errorf("line %d begins in the first column: %q", i+1, line)
		}
		if line != strings.TrimRight(line, " ") {
			t.Errorf("line %d ends in space: %q", i+1, line)
		}
	}
	if !strings.HasSuffix(plain, "\n\n") || strings.Contains(plain, "\n\n\n") {
		t.Error("must end in one blank line and hold no two in a row")
	}
}

func FuzzText(f *testing.F) {
	f.Add("name", "agent", 100, 1, uint8(0))
	f.Add("x\n[CLOSED]", "\x1b[31m\u202e\u0301\u0627\xff", 0, 1000, uint8(1))
	f.Add("arn:aws:iam::1:role/a b", " \u00a0 \u3164", 61, 0, uint8(2))
	f.Fuzz(func(t *testing.T, name, value string, width, count int, activity uint8) {
		activities := []finding.Activity{finding.Create, finding.Update, finding.Close}
		hostile := hostileText(name, value, min(max(count, 0), 50))
		hostile.Activity = activities[int(activity)%len(activities)]
		for _, o := range []finding.TextOptions{{Width: width}, {Color: true, Previous: ec2Finding()}} {
			o.Width = min(o.Width, 500)
			var text bytes.Buffer
			if err := finding.WriteText(&text, hostile, o); err != nil {
				t.Fatal(err)
			}
			if !o.Color && strings.ContainsRune(text.String(), 0x1b) {
				t.Error("escape sequence without colour")
			}
			checkSafe(t, text.String())
		}
	})
}

// hostileText puts name and value into every field of a finding, and count of
// everything into its lists.
func hostileText(name, value string, count int) *finding.Finding {
	f := hostileFinding()
	f.Title, f.Reason, f.ID, f.Rule = value, value, name, name
	f.Token.RoleARN, f.Token.ARN, f.Token.SessionName, f.Token.Kind = name, value, value, name
	f.Observed = &finding.Observation{Address: name, UserAgent: value, EventName: value, Region: name, ErrorCode: value}
	f.Containment = finding.Contain(f.Token, at(1, 2, 3))
	f.Containment.Policy = value
	for range count {
		f.Evidence = append(f.Evidence, finding.Evidence{Code: name, Text: value, Weight: count})
		f.Addresses = append(f.Addresses, finding.Address{Address: name, Why: value, Role: finding.Role(name)})
		f.EventIDs = append(f.EventIDs, value)
		f.Calls = append(f.Calls, *f.Observed)
		f.Attack = append(f.Attack, name)
		f.Token.AccessKeyIDs = append(f.Token.AccessKeyIDs, value)
		f.Containment.Steps = append(f.Containment.Steps, value)
	}
	return f
}
