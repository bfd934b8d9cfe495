package config_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/straytoken/straytoken/config"
)

func TestInventoryAccounts(t *testing.T) {
	c, err := config.Parse([]byte(`
inventory:
  file: inventory.jsonl
  every: 10m
  role_name: audit
  regions: [eu-west-1]
  accounts:
    - id: "111111111111"
    - role_arn: arn:aws:iam::222222222222:role/team/audit
      external_id: "42"
      regions: [us-east-1]
judge:
  aws_ranges: ip-ranges.json
`))
	if err != nil {
		t.Fatal(err)
	}
	i := c.Inventory
	if i.Every.Duration != 10*time.Minute || i.Accounts[0].Account() != "111111111111" || i.Accounts[1].Account() != "222222222222" {
		t.Errorf("%+v", i)
	}
}

func TestBadInventoryAccounts(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"nothing":         {`inventory: {accounts: [{regions: [eu-west-1]}]}`, "neither id nor role_arn"},
		"no role":         {`inventory: {accounts: [{role_arn: audit}]}`, "is no role"},
		"no id":           {`inventory: {accounts: [{id: "12"}]}`, "is no account id"},
		"two accounts":    {`inventory: {accounts: [{id: "111111111111", role_arn: "arn:aws:iam::222222222222:role/a"}]}`, "is no role of account"},
		"too often":       {`inventory: {every: 5s}`, "want at least 1m"},
		"unknown setting": {`inventory: {colour: red}`, "colour"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := config.Parse([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestWarnings(t *testing.T) {
	c, err := config.Parse([]byte(`judge:
  networks:
    - {cidr: 192.0.2.0/24, name: office, reason: people, owner: it}
    - {cidr: 192.0.2.0/25, name: inside it, reason: people, owner: it}
    - {cidr: 198.51.100.0/24, name: old, reason: people, owner: it, expires: 2026-01-31}
    - {cidr: 203.0.113.0/24, name: bare}
    - {cidr: 192.0.2.0/24, name: again, reason: people, owner: it, accounts: ["111111111111"]}
    - {cidr: 192.0.2.128/25, name: a, reason: people, owner: it, accounts: ["111111111111"]}
    - {cidr: 192.0.2.128/25, name: b, reason: people, owner: it, accounts: ["222222222222"]}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"line 5: 198.51.100.0/24 expired on 2026-01-31: remove it or renew it",
		"line 6: 203.0.113.0/24 has no reason: nobody will know why it is trusted",
		"line 6: 203.0.113.0/24 has no owner: nobody answers for it",
		"line 7: 192.0.2.0/24 is on line 3 too, for the same accounts",
	}
	if got := c.Warnings(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)); !slices.Equal(got, want) {
		t.Errorf("got %s", strings.Join(got, "\n    "))
	}
}
