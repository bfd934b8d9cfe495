package config

import (
	"fmt"
	"regexp"
	"time"
)

// Inventory says which accounts' networks are read from AWS.
type Inventory struct {
	// File is what straytoken inventory writes, and scan and run judge by. Default
	// for writing: inventory.jsonl; empty for judging: none.
	File string `yaml:"file"`
	// Every is how long straytoken inventory waits between readings. Default: it
	// reads once.
	Every Duration `yaml:"every"`
	// Retention is how long is remembered what is no longer ours. Default 2160h.
	Retention Duration `yaml:"retention"`
	// RoleName is the role to assume in accounts that are given by id. Default: the
	// credentials that straytoken runs with are the account's own.
	RoleName string `yaml:"role_name"`
	// Regions are read of accounts that name none. Default: the region that
	// straytoken runs in.
	Regions  []string           `yaml:"regions"`
	Accounts []InventoryAccount `yaml:"accounts"`
}

// InventoryAccount is an account to read, by its role or by its id.
type InventoryAccount struct {
	ID         string   `yaml:"id"`          // 12 digits, in quotes
	RoleARN    string   `yaml:"role_arn"`    // role to assume; default: inventory.role_name in the account
	ExternalID string   `yaml:"external_id"` // default: none
	Regions    []string `yaml:"regions"`     // default: inventory.regions
}

// DefaultInventoryFile is where an inventory is written when nothing else is said.
const DefaultInventoryFile = "inventory.jsonl"

var roleARN = regexp.MustCompile(`^arn:aws[a-z-]*:iam::([0-9]{12}):role/\S+$`)

// Account is the account's id, which a role's ARN holds too.
func (a *InventoryAccount) Account() string {
	if m := roleARN.FindStringSubmatch(a.RoleARN); m != nil {
		return m[1]
	}
	return a.ID
}

func (i *Inventory) check() problems {
	var p problems
	if i.Every.Duration != 0 && i.Every.Duration < time.Minute {
		p = append(p, fmt.Sprintf("inventory.every is %s: want at least 1m, AWS throttles more", i.Every))
	}
	for n, a := range i.Accounts {
		switch {
		case a.RoleARN == "" && a.ID == "":
			p = append(p, fmt.Sprintf("inventory.accounts[%d] has neither id nor role_arn", n))
		case a.RoleARN != "" && !roleARN.MatchString(a.RoleARN):
			p = append(p, fmt.Sprintf("inventory.accounts[%d]: %q is no role: want arn:aws:iam::123456789012:role/name", n, a.RoleARN))
		case !accountID.MatchString(a.Account()):
			p = append(p, fmt.Sprintf("inventory.accounts[%d]: %q is no account id: want 12 digits, in quotes", n, a.ID))
		case a.ID != "" && a.ID != a.Account():
			p = append(p, fmt.Sprintf("inventory.accounts[%d]: %s is no role of account %s", n, a.RoleARN, a.ID))
		}
	}
	return p
}
