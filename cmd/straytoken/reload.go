package main

import (
	"context"
	"log/slog"
	"maps"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/straytoken/straytoken/config"
)

// lookEvery is how often the files that judgement depends on are looked at.
const lookEvery = 30 * time.Second

// reloader keeps judgement up to date with the files that it depends on. What cannot
// be read or is wrong changes nothing: the last good policy stays in force. Other
// settings than judgement take effect with the next start.
type reloader struct {
	path     string // configuration file; "" for none
	settings func() (*config.Config, error)
	use      func(*judgement)
	log      *slog.Logger

	config     *config.Config   // the last that was good in itself: it names the files
	seen       map[string]stamp // its files at the last attempt, as they were then
	good, fail atomic.Int64
}

// stamp tells one version of a file from another.
type stamp struct {
	modified time.Time
	size     int64
}

// newReloader makes a reloader that takes the files as they are for known.
func newReloader(path string, c *config.Config, settings func() (*config.Config, error), use func(*judgement), log *slog.Logger) *reloader {
	return &reloader{path: path, settings: settings, use: use, log: log, config: c, seen: stamps(policyFiles(path, c))}
}

// run reloads on SIGHUP and when a file changes, until the context ends.
func (r *reloader) run(ctx context.Context) {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-hup:
			r.reload()
		case <-ticker.C:
			r.look()
		}
	}
}

// look reloads if a file is not what it was at the last attempt, or if the patterns
// of rule files match others.
func (r *reloader) look() {
	if !maps.EqualFunc(stamps(policyFiles(r.path, r.config)), r.seen, stamp.same) {
		r.reload()
	}
}

// reload puts a new judgement in force, if all of it is good.
func (r *reloader) reload() {
	j, err := r.load()
	if err != nil {
		r.fail.Add(1)
		r.log.Error("the new configuration is bad, the last good one stays in force", "err", oneLine(err))
		return
	}
	r.use(j)
	r.good.Add(1)
	warn(r.log, r.config)
	p := j.policy
	r.log.Info("judging by a new policy", "networks", p.Known.Len(), "inventory", p.Timeline.Len(), "aws_ranges", p.Ranges.Len(),
		"rules", len(j.engine.Rules()), "exceptions", len(p.Exceptions))
}

// load reads all that judgement depends on. The files' stamps are taken before they
// are read, so that a change meanwhile is seen the next time.
func (r *reloader) load() (*judgement, error) {
	r.seen = stamps(policyFiles(r.path, r.config))
	own := r.seen[r.path]
	c, err := r.settings()
	if err != nil {
		return nil, err
	}
	r.config, r.seen = c, stamps(policyFiles(r.path, c))
	if r.path != "" {
		r.seen[r.path] = own
	}
	return newJudgement(c)
}

func (s stamp) same(o stamp) bool { return s.modified.Equal(o.modified) && s.size == o.size }

func stamps(paths []string) map[string]stamp {
	out := make(map[string]stamp, len(paths))
	for _, path := range paths {
		out[path] = stampOf(path)
	}
	return out
}

// stampOf is the zero stamp for a file that is not there.
func stampOf(path string) stamp {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}
	}
	return stamp{info.ModTime(), info.Size()}
}
