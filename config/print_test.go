package config_test

import (
	"strings"
	"testing"

	"github.com/straytoken/straytoken/config"
)

// TestWhatIsPrintedCanBeRead: config print is a way to begin a file.
func TestWhatIsPrintedCanBeRead(t *testing.T) {
	for name, text := range map[string]string{
		"the defaults":   "",
		"an inventory":   `inventory: {file: inventory.jsonl, every: 10m, accounts: [{id: "111111111111", regions: [eu-west-1]}]}`,
		"networks":       `judge: {networks: [{cidr: 192.0.2.0/24}, {cidr: 198.51.100.1, expires: 2027-01-31}], aws_ranges: ip-ranges.json}`,
		"a min_severity": `findings: [{type: file, path: x.jsonl, min_severity: high}]`,
	} {
		t.Run(name, func(t *testing.T) {
			c, err := config.Parse([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			var first, second strings.Builder
			if err := c.Print(&first); err != nil {
				t.Fatal(err)
			}
			again, err := config.Parse([]byte(first.String()))
			if err != nil {
				t.Fatalf("%v\n%s", err, first.String())
			}
			if err := again.Print(&second); err != nil || first.String() != second.String() {
				t.Errorf("%v: printed twice, it differs:\n%s\n%s", err, first.String(), second.String())
			}
		})
	}
}
