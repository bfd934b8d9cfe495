package main

import (
	"fmt"
	"os"

	"github.com/straytoken/straytoken/config"
	"github.com/straytoken/straytoken/inventory"
	"github.com/straytoken/straytoken/network"
	"github.com/straytoken/straytoken/rules"
)

// policy is what the configuration says of judgement, with the inventory and ranges
// that it names, without custom rules and exceptions.
func policy(c *config.Config) (*rules.Policy, error) {
	p := written(&c.Judge)
	var err error
	if p.Ranges, err = loadRanges(c.Judge.AWSRanges); err != nil {
		return nil, coded{exitUsage, err}
	}
	if c.Inventory.File != "" {
		holdings, err := inventory.Load(c.Inventory.File)
		if err != nil {
			return nil, coded{exitUsage, err}
		}
		p.Timeline = network.NewTimeline(holdings)
	}
	return p, nil
}

func loadRanges(path string) (*network.Ranges, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read AWS's ranges: %w", err)
	}
	defer f.Close()
	ranges, err := network.ReadRanges(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return ranges, nil
}

// policyFiles are the files that judgement depends on, as they are now.
func policyFiles(configPath string, c *config.Config) []string {
	out, _ := c.Judge.RuleFiles() // what is wrong with the patterns fails the load
	for _, path := range []string{configPath, c.Inventory.File, c.Judge.AWSRanges} {
		if path != "" {
			out = append(out, path)
		}
	}
	return out
}
