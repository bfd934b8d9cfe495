package config

import (
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"

	"github.com/straytoken/straytoken/rules"
)

var accountID = regexp.MustCompile(`^[0-9]{12}$`)

// minMemory is what a worker needs at the least, with one shard.
const minMemory = 128 << 20

// check finds what is wrong beyond the form of single values.
func (c *Config) check() problems {
	var p problems
	note := func(bad bool, format string, args ...any) {
		if bad {
			p = append(p, fmt.Sprintf(format, args...))
		}
	}
	s := &c.Stream
	note(s.MaxRecords < 0 || s.MaxRecords > 10000, "stream.max_records is %d: want 1 to 10000", s.MaxRecords)
	note(s.MaxShards < 0, "stream.max_shards is %d: want 0 (no bound) or more", s.MaxShards)
	note(s.Poll.Duration != 0 && s.Poll.Milliseconds() < 200, "stream.poll is %s: all readers of a shard share five reads a second, so at least 200ms", s.Poll)
	note(s.Failover.Duration != 0 && s.Failover.Seconds() < 1, "stream.failover is %s: want at least 1s (15s in AWS)", s.Failover)
	note(c.State.Cache < 0, "state.cache is %d: want a number of keys", c.State.Cache)
	note(c.State.KeepQuiet < 0 || c.State.KeepDisputed < 0, "state.keep_quiet and keep_disputed must not be negative")
	if err := CheckListen(c.Listen); err != nil {
		p = append(p, "listen: "+err.Error())
	}
	note(c.Limits.Memory < 0 || c.Limits.Memory > 0 && c.Limits.Memory < minMemory, "limits.memory is %d: want at least %d, in bytes", c.Limits.Memory, minMemory)
	note(c.Limits.Decompressed < 0 || c.Limits.Depth < 0 || c.Limits.Events < 0, "limits must not be negative")
	for i, o := range c.Findings {
		note(o.Type == "", "findings[%d] has no type: want stdout or file", i)
		note(o.Type == "file" && o.Path == "", "findings[%d] is a file without a path", i)
	}
	return slices.Concat(p, c.Judge.check(), c.Inventory.check())
}

// CheckListen tells what is wrong with an address to listen on: host and port,
// "off", or empty for the default. Without a host it would be open to everybody.
func CheckListen(address string) error {
	if address == "" || address == "off" {
		return nil
	}
	host, port, err := net.SplitHostPort(address)
	if _, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil {
		return fmt.Errorf("%q is no address to listen on: write 127.0.0.1:9464, or off", address)
	}
	if host == "" {
		return fmt.Errorf("%q names no host: write 127.0.0.1:%s for this machine alone, 0.0.0.0:%s for everybody", address, port, port)
	}
	return nil
}

func (j *Judge) check() problems {
	var p problems
	for code := range j.Weights {
		if !slices.Contains(rules.Codes(), rules.Code(code)) {
			p = append(p, fmt.Sprintf("judge.weights.%s: unknown evidence: want one of %v", code, rules.Codes()))
		}
	}
	for kind := range j.SecondAddress {
		if _, ok := rules.DefaultRelations()[rules.Kind(kind)]; !ok {
			p = append(p, fmt.Sprintf("judge.second_address.%s: unknown kind of session", kind))
		}
	}
	for i, id := range j.Accounts {
		if !accountID.MatchString(id) {
			p = append(p, fmt.Sprintf("judge.accounts[%d]: %q is no account id: want 12 digits, in quotes", i, id))
		}
	}
	if j.KnownOnly && len(j.Networks) == 0 {
		p = append(p, "judge.known_only needs judge.networks: without any, every address would be a stranger")
	}
	slices.Sort(p)
	return append(append(p, j.checkNetworks()...), j.checkExceptions()...)
}

func (j *Judge) checkNetworks() problems {
	var p problems
	for i, n := range j.Networks {
		line := n.CIDR.line
		if !n.CIDR.IsValid() {
			if line == 0 {
				p = append(p, fmt.Sprintf("judge.networks[%d] has no cidr", i))
			}
			continue
		}
		if n.CIDR.Bits() == 0 {
			p = append(p, fmt.Sprintf("line %d: %s is the whole internet: nothing would ever be found", line, n.CIDR))
		}
		for _, id := range n.Accounts {
			if !accountID.MatchString(id) {
				p = append(p, fmt.Sprintf("line %d: %q is no account id: want 12 digits, in quotes", line, id))
			}
		}
	}
	return p
}
