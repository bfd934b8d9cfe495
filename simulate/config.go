package simulate

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Config says what to simulate. Its zero value is a small estate of two
// accounts over eight hours, about 25,000 events, with one theft of each scenario.
type Config struct {
	// Seed chooses among the runs of one configuration.
	Seed uint64
	// Start is the time of the first possible event, whole minutes, UTC.
	// Zero means Monday 2026-03-02 06:00.
	Start time.Time
	// Duration is the length of the log, at least two hours. Zero means eight hours.
	Duration time.Duration
	// Accounts is the number of AWS accounts, at most 99. Zero means 2. The
	// even-numbered ones have the newer record fields (inScopeOf, eventVersion 1.11).
	Accounts int
	// Regions are where workloads run. Empty means us-east-1 and eu-west-1.
	Regions []string
	// Scale multiplies the number of benign workloads. Zero means 1, which is
	// some 2,500 events an hour without the thefts' victims.
	Scale int
	// Scenarios names the thefts to stage. Empty means all of Scenarios().
	Scenarios []string
	// ThievesPerScenario is the number of thefts of each scenario. Zero means
	// 1, negative none.
	ThievesPerScenario int
	// Duplicates is the share of records delivered twice, 0 to 1. Zero means none.
	Duplicates float64
}

const (
	minDuration = 2 * time.Hour
	maxAccounts = 99
)

// withDefaults fills in what is zero and reports every problem at once.
func (c Config) withDefaults() (Config, error) {
	if c.Start.IsZero() {
		c.Start = time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)
	}
	c.Start = c.Start.UTC().Truncate(time.Minute)
	c.Duration = orDefault(c.Duration, 8*time.Hour)
	c.Accounts = orDefault(c.Accounts, 2)
	c.Scale = orDefault(c.Scale, 1)
	c.ThievesPerScenario = orDefault(c.ThievesPerScenario, 1)
	if len(c.Regions) == 0 {
		c.Regions = []string{"us-east-1", "eu-west-1"}
	}
	return c, c.problems()
}

func (c Config) problems() error {
	var errs []error
	if c.Duration < minDuration {
		errs = append(errs, fmt.Errorf("duration %v: at least %v", c.Duration, minDuration))
	}
	if c.Accounts < 1 || c.Accounts > maxAccounts {
		errs = append(errs, fmt.Errorf("accounts %d: 1 to %d", c.Accounts, maxAccounts))
	}
	if c.Scale < 1 {
		errs = append(errs, fmt.Errorf("scale %d: at least 1", c.Scale))
	}
	if c.Duplicates < 0 || c.Duplicates > 1 {
		errs = append(errs, fmt.Errorf("duplicates %v: 0 to 1", c.Duplicates))
	}
	for _, name := range c.Scenarios {
		if !slices.ContainsFunc(Scenarios(), func(s Scenario) bool { return s.Name == name }) {
			errs = append(errs, fmt.Errorf("unknown scenario %q", name))
		}
	}
	return errors.Join(errs...)
}

// orDefault returns v, or otherwise when v is zero.
func orDefault[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}
