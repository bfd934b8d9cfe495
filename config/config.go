// Package config reads straytoken's configuration file: YAML, every field
// optional, every field with its meaning, unit and default stated here. Unknown
// fields are errors, and all problems are reported at once, each with its line.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/straytoken/straytoken/rules/custom"
)

// Config is the whole configuration. Its zero value, completed by Default, is
// what straytoken runs with when there is no file.
type Config struct {
	Stream   Stream   `yaml:"stream"`
	State    State    `yaml:"state"`
	Judge    Judge    `yaml:"judge"`
	Findings []Output `yaml:"findings"`
	// DeadLetters is where records go that cannot be processed.
	DeadLetters DeadLetters `yaml:"dead_letters"`
	Limits      Limits      `yaml:"limits"`
	Inventory   Inventory   `yaml:"inventory"`
	// Listen is the address of /healthz, /readyz and /metrics. Default
	// 127.0.0.1:9464; "off" opens no listener.
	Listen string `yaml:"listen"`
}

// Stream says what run reads.
type Stream struct {
	Name string `yaml:"name"` // Kinesis stream
	// Application names the DynamoDB table of leases and checkpoints. Default
	// straytoken-leases-<stream>.
	Application string `yaml:"application"`
	// Start is where a new application begins: latest, trim-horizon or an RFC 3339
	// time. Default latest.
	Start      Start    `yaml:"start"`
	FanOut     string   `yaml:"fan_out"`     // enhanced fan-out consumer name; empty: polling
	Failover   Duration `yaml:"failover"`    // time until a dead worker's shards are taken over; default 15s
	Poll       Duration `yaml:"poll"`        // time between reads of a shard; default 205ms, at least 200ms
	Grace      Duration `yaml:"grace"`       // longest graceful stop; default 25s
	MaxRecords int      `yaml:"max_records"` // records a batch; default 1000, at most 10000
	MaxShards  int      `yaml:"max_shards"`  // shards that one worker holds at most; 0: no bound
	Create     *bool    `yaml:"create"`      // create the lease table when missing; default true
}

// State says where facts are kept.
type State struct {
	Table  string `yaml:"table"`  // DynamoDB table; default straytoken-state
	Create *bool  `yaml:"create"` // create the table when missing; default true
	Cache  int    `yaml:"cache"`  // keys known in memory; default 1000000
	// KeepQuiet and KeepDisputed are how many events are remembered of one address
	// of one session, before and after it is disputed. Default 10 and 1000.
	KeepQuiet    int `yaml:"keep_quiet"`
	KeepDisputed int `yaml:"keep_disputed"`
}

// Judge is what verdicts depend on.
type Judge struct {
	// Networks are one's own: calls from them are explained.
	Networks []Network `yaml:"networks"`
	// KnownOnly makes any address outside Networks evidence. It needs a complete list.
	KnownOnly bool `yaml:"known_only"`
	// Accounts are one's own account ids, besides those whose trail is read.
	Accounts []string `yaml:"accounts"`
	// AWSRanges is a file of the address ranges that AWS publishes (ip-ranges.json).
	// Default: none.
	AWSRanges string `yaml:"aws_ranges"`
	// Weights override what evidence counts, by code.
	Weights map[string]int `yaml:"weights"`
	// SecondAddress overrides what a second address counts, by kind of session.
	SecondAddress map[string]int `yaml:"second_address"`
	// Exceptions are uses that are known and not reported.
	Exceptions []Exception `yaml:"exceptions"`
	// Rules are files of custom rules, as paths or patterns relative to this file.
	Rules []string `yaml:"rules"`
	// Lateness is how long an explaining event may still arrive. Default 15m.
	Lateness Duration `yaml:"lateness"`
	// Report is the least severity of findings; informational reports as low does.
	// Default medium.
	Report Severity `yaml:"report"`
}

// Network is one known network.
type Network struct {
	CIDR     Prefix   `yaml:"cidr"`
	Name     string   `yaml:"name"`
	Accounts []string `yaml:"accounts"` // empty: all
	Reason   string   `yaml:"reason"`
	Owner    string   `yaml:"owner"`
	Expires  Day      `yaml:"expires"` // empty: never
}

// Output is where findings go.
type Output struct {
	Type        Kind     `yaml:"type"`         // stdout or file
	Format      Format   `yaml:"format"`       // json or text; default json
	Path        string   `yaml:"path"`         // for a file
	MinSeverity Severity `yaml:"min_severity"` // default: all that judge.report lets through
	// When is at-once, or settled: only once no explaining event can arrive any more.
	// Default at-once.
	When When `yaml:"when"`
}

// DeadLetters is where records go that cannot be processed.
type DeadLetters struct {
	Path string `yaml:"path"` // file of JSON lines; default straytoken-dead-letters.jsonl
}

// Limits bound what one record may cost, and all of them together.
type Limits struct {
	// Memory is what run is to stay under, in bytes: half of it for the cache, a
	// quarter for unpacking records. Default 1073741824.
	Memory       int64 `yaml:"memory"`
	Decompressed int64 `yaml:"decompressed"` // bytes a record may unpack to; default 67108864
	Depth        int   `yaml:"depth"`        // JSON nesting; default 512
	Events       int   `yaml:"events"`       // events a record; default 1048576
}

// Rename gives the stream another name, unless that is empty, and with it the
// table of leases that was named after it.
func (c *Config) Rename(stream string) {
	if stream == "" || stream == c.Stream.Name {
		return
	}
	if c.Stream.Application == applicationOf(c.Stream.Name) {
		c.Stream.Application = ""
	}
	c.Stream.Name = stream
}

func applicationOf(stream string) string { return "straytoken-leases-" + stream }

// Default completes a configuration: every field that is empty gets its default.
func (c *Config) Default() {
	setDefault(&c.Stream.Failover.Duration, 15*time.Second)
	setDefault(&c.Stream.Poll.Duration, 205*time.Millisecond)
	setDefault(&c.Stream.Grace.Duration, 25*time.Second)
	setDefault(&c.Stream.MaxRecords, 1000)
	setDefault(&c.Stream.Start.Text, "latest")
	if c.Stream.Application == "" && c.Stream.Name != "" {
		c.Stream.Application = applicationOf(c.Stream.Name)
	}
	yes := true
	setDefault(&c.Stream.Create, &yes)
	setDefault(&c.State.Create, &yes)
	setDefault(&c.State.Table, "straytoken-state")
	setDefault(&c.State.Cache, 1_000_000)
	setDefault(&c.State.KeepQuiet, 10)
	setDefault(&c.State.KeepDisputed, 1000)
	setDefault(&c.Judge.Lateness.Duration, 15*time.Minute)
	setDefault(&c.Judge.Report.Text, "medium")
	setDefault(&c.Inventory.Retention.Duration, 90*24*time.Hour)
	setDefault(&c.DeadLetters.Path, "straytoken-dead-letters.jsonl")
	setDefault(&c.Listen, "127.0.0.1:9464")
	setDefault(&c.Limits.Memory, 1<<30)
	setDefault(&c.Limits.Decompressed, 64<<20)
	setDefault(&c.Limits.Depth, 512)
	setDefault(&c.Limits.Events, 1<<20)
	if len(c.Findings) == 0 {
		c.Findings = []Output{{Type: "stdout"}}
	}
	for i := range c.Findings {
		setDefault(&c.Findings[i].Format, "json")
		setDefault(&c.Findings[i].When, AtOnce)
	}
}

func setDefault[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// Load reads a file and completes it. An error of the content names each bad line.
func Load(path string) (*Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	c, err := Parse(text)
	if err != nil {
		return nil, &Error{Path: path, Err: err}
	}
	for i, rules := range c.Judge.Rules {
		if !filepath.IsAbs(rules) {
			c.Judge.Rules[i] = filepath.Join(filepath.Dir(path), rules)
		}
	}
	return c, nil
}

// Error is a configuration that cannot be used.
type Error struct {
	Path string
	Err  error
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %v", e.Path, e.Err) }

// Unwrap gives the problems.
func (e *Error) Unwrap() error { return e.Err }

// Parse reads a configuration and completes it.
func Parse(text []byte) (*Config, error) {
	var c Config
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	err := decoder.Decode(&c)
	if errors.Is(err, io.EOF) { // an empty file
		err = nil
	}
	var bad *yaml.TypeError
	var found problems
	if errors.As(err, &bad) {
		found = append(found, bad.Errors...)
	} else if err != nil {
		return nil, problems{custom.Syntax(text, err)}
	}
	checked := c.check()
	checked.place(text)
	found = append(found, checked...)
	if len(found) > 0 {
		return nil, found
	}
	c.Default()
	return &c, nil
}

// Print writes a configuration in the form in which Parse reads it.
func (c *Config) Print(w io.Writer) error {
	e := yaml.NewEncoder(w)
	e.SetIndent(2)
	if err := e.Encode(c); err != nil {
		return fmt.Errorf("print configuration: %w", err)
	}
	return e.Close()
}
