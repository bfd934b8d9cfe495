package simulate

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/straytoken/straytoken/evaluate/labels"
)

// LabelsFile is the name of the ground truth in the output directory.
const LabelsFile = "labels.json"

// Store takes one finished gzip file. The path is relative, has slashes, and
// begins with AWSLogs/; content is valid until Store returns.
type Store func(path string, content []byte) error

// Write simulates cfg and writes trail files under dir, in the layout of
// CloudTrail's bucket (AWSLogs/…), and the labels beside them. Files of an
// earlier run in dir are not removed. On an error, also that of a cancelled
// context, what has been written stays.
func Write(ctx context.Context, dir string, cfg Config) (Summary, error) {
	set, summary, err := Generate(ctx, cfg, directory(dir).put)
	if err != nil {
		return Summary{}, err
	}
	if err := writeLabels(filepath.Join(dir, LabelsFile), set); err != nil {
		return Summary{}, fmt.Errorf("simulate: %w", err)
	}
	return summary, nil
}

// Generate simulates cfg, hands the files to store in order of their delivery and
// returns the ground truth. It stops at the first error of store and when ctx ends.
func Generate(ctx context.Context, cfg Config, store Store) (*labels.Set, Summary, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, Summary{}, fmt.Errorf("simulate: %w", err)
	}
	w := newWorld(cfg, newDelivery(cfg, store))
	if err := w.run(ctx); err != nil {
		return nil, Summary{}, fmt.Errorf("simulate: %w", err)
	}
	return w.labels(), w.summary(), nil
}

// run runs the clock to the end, delivering as it goes.
func (w *world) run(ctx context.Context) error {
	due := w.cfg.Start
	for w.clock.step() {
		if w.clock.now.Before(due) {
			continue
		}
		due = w.clock.now.Truncate(slot).Add(slot)
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := w.delivery.flush(w.clock.now); err != nil {
			return err
		}
	}
	w.settle()
	return w.delivery.flush(w.clock.end.Add(day))
}

func writeLabels(path string, set *labels.Set) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := set.Write(f); err != nil {
		_ = f.Close() // the write error says more
		return err
	}
	return f.Close()
}

// directory stores files under a directory of the local file system.
type directory string

func (d directory) put(path string, content []byte) error {
	full := filepath.Join(string(d), filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		return err
	}
	return os.WriteFile(full, content, 0o644)
}
