package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/straytoken/straytoken/evaluate/labels"
	"github.com/straytoken/straytoken/simulate"
)

// traffic is what is replayed.
type traffic struct {
	dir    string
	events int         // 0: not known before it is read
	labels *labels.Set // nil: nobody knows what is in it
}

// makeTraffic takes the trail files that were named, or simulates some.
func (d *demo) makeTraffic(ctx context.Context) (traffic, error) {
	if d.data != "" {
		return d.ownTraffic()
	}
	dir := d.files.join("traffic")
	d.screen.say("simulating the CloudTrail of an invented organisation")
	sum, err := simulate.Write(ctx, dir, simulate.Config{Seed: 1})
	if err != nil {
		return traffic{}, err
	}
	d.screen.say("%d events of %s, with %d thefts (%d of them leave traces) and %d patterns that look like theft and are none",
		sum.Events, sum.Last.Sub(sum.First).Round(time.Minute), sum.Thefts, sum.Visible, sum.Benign)
	set, err := readLabels(filepath.Join(dir, simulate.LabelsFile))
	return traffic{dir: dir, events: sum.Events, labels: set}, err
}

// ownTraffic takes files that are there, with the labels in their folder or beside it.
func (d *demo) ownTraffic() (traffic, error) {
	t := traffic{dir: filepath.Clean(d.data)}
	if _, err := os.Stat(t.dir); err != nil {
		return t, fmt.Errorf("no traffic to replay: %w", err)
	}
	for _, path := range []string{filepath.Join(t.dir, simulate.LabelsFile), t.dir + ".labels.json"} {
		set, err := readLabels(path)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		t.labels = set
		return t, err
	}
	d.screen.say("no labels in %s or beside it: findings are shown and not scored", t.dir)
	return t, nil
}

func readLabels(path string) (*labels.Set, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open labels: %w", err)
	}
	defer f.Close()
	set, err := labels.Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return set, nil
}
