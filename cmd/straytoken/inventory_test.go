package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/straytoken/straytoken/inventory"
	"github.com/straytoken/straytoken/network"
)

// cloud answers as STS and EC2 do: account 222222222222 lets nobody in, and who may
// describe nothing is told so.
func cloud(t *testing.T, addresses *string, denied func(action string) bool) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		action := r.Form.Get("Action")
		switch {
		case strings.Contains(r.Form.Get("RoleArn"), "222222222222"):
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not authorized to perform: sts:AssumeRole</Message></Error></ErrorResponse>`)
		case action == "AssumeRole":
			fmt.Fprint(w, `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>x</SecretAccessKey><SessionToken>y</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`)
		case denied(action):
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>You are not authorized to perform this operation.</Message></Error></Errors></Response>`)
		case action == "DescribeAddresses":
			fmt.Fprintf(w, `<DescribeAddressesResponse><addressesSet>%s</addressesSet></DescribeAddressesResponse>`, *addresses)
		default:
			fmt.Fprintf(w, `<%sResponse></%sResponse>`, action, action)
		}
	}))
	t.Cleanup(server.Close)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "x",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_PROFILE": "",
	} {
		t.Setenv(name, value)
	}
}

// command runs straytoken inventory over accounts.
func command(t *testing.T, out string, ids ...string) error {
	t.Helper()
	text := "inventory:\n  role_name: audit\n  accounts:\n"
	for _, id := range ids {
		text += fmt.Sprintf("    - id: %q\n", id)
	}
	path := filepath.Join(t.TempDir(), "straytoken.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	root := newRoot()
	root.SetArgs([]string{"inventory", "--config", path, "--out", out})
	return root.ExecuteContext(context.Background())
}

func has(t *testing.T, path string, what network.Sort, account string, ended bool) bool {
	t.Helper()
	holdings, err := inventory.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(holdings, func(h network.Holding) bool {
		return h.What == what && h.Account == account && h.Until.IsZero() != ended
	})
}

const (
	open   = "111111111111"
	closed = "222222222222"
)

func nothing(string) bool { return false }

// TestInventoryCommand: an address comes and goes, and an account that cannot be
// read stops nobody.
func TestInventoryCommand(t *testing.T) {
	addresses := `<item><publicIp>203.0.113.1</publicIp><allocationId>eipalloc-1</allocationId><instanceId>i-1</instanceId></item>`
	cloud(t, &addresses, nothing)
	path := filepath.Join(t.TempDir(), "inventory.jsonl")
	if err := command(t, path, open, closed); err != nil {
		t.Fatalf("one of two accounts failed, and so did the command: %v", err)
	}
	if !has(t, path, network.HeldElasticIP, open, false) || !has(t, path, network.Complete, open, true) || !has(t, path, network.Unread, closed, false) {
		t.Error("the address, the account read or the gap is missing")
	}
	addresses = ""
	if err := command(t, path, open); err != nil {
		t.Fatal(err)
	}
	if !has(t, path, network.HeldElasticIP, open, true) || !has(t, path, network.Unread, closed, false) {
		t.Error("the address did not end, or the gap did")
	}
}

func TestInventoryCommandFailsWhenNothingCanBeRead(t *testing.T) {
	addresses := ""
	for name, c := range map[string]struct {
		account string
		denied  func(string) bool
	}{
		"role":        {closed, nothing},
		"permissions": {open, func(action string) bool { return strings.HasPrefix(action, "Describe") }},
	} {
		t.Run(name, func(t *testing.T) {
			cloud(t, &addresses, c.denied)
			path := filepath.Join(t.TempDir(), "inventory.jsonl")
			if err := command(t, path, c.account); exitCode(err) != exitFailure {
				t.Errorf("exit code %d: %v", exitCode(err), err)
			}
			if !has(t, path, network.Unread, c.account, false) {
				t.Error("no gap is noted")
			}
		})
	}
}

// TestInventoryCommandPartlyDenied: one call refused makes the account incomplete.
func TestInventoryCommandPartlyDenied(t *testing.T) {
	addresses := `<item><publicIp>203.0.113.1</publicIp></item>`
	cloud(t, &addresses, func(action string) bool { return action == "DescribeRouteTables" })
	path := filepath.Join(t.TempDir(), "inventory.jsonl")
	if err := command(t, path, open); err != nil {
		t.Error(err)
	}
	if !has(t, path, network.HeldElasticIP, open, false) || !has(t, path, network.Unread, open, false) || has(t, path, network.Complete, open, true) {
		t.Error("what was read or the gap is missing")
	}
}

func TestInventoryCommandUsage(t *testing.T) {
	for _, args := range [][]string{{"inventory"}, {"inventory", "--every", "1s"}, {"inventory", "more"}} {
		root := newRoot()
		root.SetArgs(args)
		if err := root.Execute(); exitCode(err) != exitUsage {
			t.Errorf("%v: %v", args, err)
		}
	}
}

// TestPolicyNamesABadFile: scan and run do not start with an inventory or ranges
// that they cannot read.
func TestPolicyNamesABadFile(t *testing.T) {
	f := newFiles(t)
	c, err := loadConfig(f.config)
	if err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"inventory": f.inventory, "ranges": f.ranges} {
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for problem, spoil := range map[string]func() error{
			"damaged": func() error { return os.WriteFile(path, []byte("{"), 0o600) },
			"missing": func() error { return os.Remove(path) },
		} {
			if err := spoil(); err != nil {
				t.Fatal(err)
			}
			if _, err := policy(c); exitCode(err) != exitUsage || !strings.Contains(err.Error(), path) {
				t.Errorf("%s %s: %v", name, problem, err)
			}
			f.write(path, string(good))
		}
	}
}
