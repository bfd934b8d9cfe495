package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/straytoken/straytoken/config"
)

// files is a configuration with an inventory, ranges and rules.
type files struct {
	t                                *testing.T
	config, inventory, ranges, rules string
	version                          int
}

func newFiles(t *testing.T) *files {
	dir := t.TempDir()
	f := &files{t: t, config: filepath.Join(dir, "straytoken.yaml"), inventory: filepath.Join(dir, "inventory.jsonl"), ranges: filepath.Join(dir, "ip-ranges.json"), rules: filepath.Join(dir, "rules.yaml")}
	f.write(f.inventory, "")
	f.write(f.ranges, `{"prefixes":[{"ip_prefix":"52.16.0.0/15","region":"eu-west-1","service":"EC2"}]}`)
	f.write(f.rules, rule("one", "verdict.kind == 'ec2'"))
	f.write(f.config, f.text("192.0.2.0/24"))
	return f
}

func (f *files) text(cidr string) string {
	return fmt.Sprintf("judge:\n  rules: [rules*.yaml]\n  aws_ranges: %s\n  networks:\n    - cidr: %s\ninventory:\n  file: %s\n", f.ranges, cidr, f.inventory)
}

// rule is a file of one staged rule over verdicts.
func rule(name, when string) string {
	return fmt.Sprintf("- {name: %s, on: verdict, when: %q, staged: true, evidence: {weight: 5}}\n", name, when)
}

// write replaces a file, visibly later than before.
func (f *files) write(path, text string) {
	f.t.Helper()
	f.version++
	when := time.Now().Add(time.Duration(f.version) * time.Second)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
	if err := os.Chtimes(path, when, when); err != nil {
		f.t.Fatal(err)
	}
}

func (f *files) reloader(use func(*judgement)) *reloader {
	f.t.Helper()
	settings := func() (*config.Config, error) { return loadConfig(f.config) }
	c, err := settings()
	if err != nil {
		f.t.Fatal(err)
	}
	return newReloader(f.config, c, settings, use, slog.New(slog.NewTextHandler(io.Discard, nil)))
}

func TestReloadWhatChanged(t *testing.T) {
	const (
		endpoint = `{"account":"111111111111","region":"eu-west-1","what":"endpoint","id":"vpce-1"}` + "\n"
		ranges   = `{"prefixes":[{"ip_prefix":"52.16.0.0/15","service":"EC2"},{"ip_prefix":"52.90.0.0/15","service":"EC2"}]}`
	)
	f := newFiles(t)
	var used *judgement
	r := f.reloader(func(j *judgement) { used = j })
	ruled := func(names ...string) func(*judgement) bool {
		return func(j *judgement) bool { return slices.Equal(j.engine.Staged(), names) && j.policy.Custom != nil }
	}
	const exceptions = "  exceptions: [{kind: ec2, reason: r, owner: o}]\n"
	for _, c := range []struct {
		name, path, text string
		good             bool
		check            func(*judgement) bool
	}{
		{"a network", f.config, f.text("203.0.113.0/24"), true, func(j *judgement) bool {
			return j.policy.Known.Find(netip.MustParseAddr("203.0.113.1"), "111111111111", time.Now()) != nil
		}},
		{"the inventory", f.inventory, endpoint, true, func(j *judgement) bool { return j.policy.Timeline.Len() == 1 }},
		{"the ranges", f.ranges, ranges, true, func(j *judgement) bool { return j.policy.Ranges.Len() == 2 }},
		{"a bad configuration", f.config, "judge: {networks: [{cidr: everywhere}]}", false, nil},
		{"the same put right", f.config, f.text("192.0.2.0/24"), true, func(j *judgement) bool { return j.policy.Known.Len() == 1 }},
		{"half an inventory", f.inventory, endpoint + endpoint[:20], false, nil},
		{"the inventory put right", f.inventory, endpoint + endpoint, true, func(j *judgement) bool { return j.policy.Timeline.Len() == 2 }},
		{"other ranges", f.ranges, "<html>", false, nil},
		{"the ranges put right", f.ranges, ranges, true, func(j *judgement) bool { return j.policy.Ranges.Len() == 2 }},
		{"a rule", f.rules, rule("two", "verdict.kind == 'ecs'"), true, ruled("two")},
		{"a bad rule", f.rules, rule("two", "verdict.knid == 'ecs'"), false, nil},
		{"the rule put right", f.rules, rule("three", "verdict.kind == 'ecs'"), true, ruled("three")},
		{"another file of rules", strings.Replace(f.rules, "rules", "rules2", 1), rule("four", "verdict.kind == 'pod'"), true, ruled("three", "four")},
		{"an exception", f.config, strings.Replace(f.text("192.0.2.0/24"), "judge:\n", "judge:\n"+exceptions, 1), true,
			func(j *judgement) bool {
				return len(j.policy.Exceptions) == 1 && j.policy.Timeline.Len() == 2 && ruled("three", "four")(j)
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			good, bad := r.good.Load(), r.fail.Load()
			used = nil
			f.write(c.path, c.text)
			r.look()
			r.look() // nothing has changed since
			good, bad = r.good.Load()-good, r.fail.Load()-bad
			if c.good && (good != 1 || bad != 0 || !c.check(used)) {
				t.Errorf("%d good, %d bad, policy %+v", good, bad, used)
			}
			if !c.good && (good != 0 || bad != 1 || used != nil) {
				t.Errorf("%d good, %d bad, policy %+v", good, bad, used)
			}
		})
	}
}

// TestReloadOnSignal: SIGHUP reloads at once, while others read the policy.
func TestReloadOnSignal(t *testing.T) {
	f := newFiles(t)
	var current atomic.Pointer[judgement]
	used := make(chan struct{}, 1)
	r := f.reloader(func(j *judgement) { current.Store(j); used <- struct{}{} })
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { r.run(ctx) })
	wg.Go(func() {
		for ctx.Err() == nil {
			if j := current.Load(); j != nil {
				j.policy.Known.Find(netip.MustParseAddr("192.0.2.1"), "", time.Now())
			}
		}
	})
	ours := make(chan os.Signal, 1) // before the reloader listens, the signal would end the test
	signal.Notify(ours, syscall.SIGHUP)
	defer signal.Stop(ours)
	for hung := time.After(10 * time.Second); r.good.Load() == 0; {
		if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		select {
		case <-used:
		case <-time.After(50 * time.Millisecond): // the handler was not there yet
		case <-hung:
			t.Fatal("no reload")
		}
	}
	stop()
	wg.Wait()
}
