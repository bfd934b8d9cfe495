package processor

import (
	"context"
	"errors"
	"slices"
	"time"
)

// later notes that there will be something left to say of a lock's findings: how
// many events it came to, and that the lateness window is over.
func (p *Processor) later(lock string) {
	p.laterAt(lock, p.cfg.Now().Add(p.cfg.Lateness))
}

func (p *Processor) laterAt(lock string, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.pending[lock]; !ok {
		p.pending[lock] = at
	}
}

// Tick says what is left to say of the open findings whose time has come. It is to
// be called every few seconds. After an error it is owed until the next call. Now and
// then it also looks for what workers that are gone left to be said.
func (p *Processor) Tick(ctx context.Context) error {
	p.setBack(p.cfg.Now())
	return errors.Join(p.sweep(ctx), p.finish(ctx, p.cfg.Now()))
}

// setBack keeps what waits from waiting for hours because a clock, of this process or of
// one before it, was that much ahead: nothing was in the future, and nothing is due later
// than it can be by the clock as it is.
func (p *Processor) setBack(now time.Time) {
	p.moved.Store(min(p.moved.Load(), now.Unix()))
	p.swept.Store(min(p.swept.Load(), now.Unix()))
	p.mu.Lock()
	defer p.mu.Unlock()
	latest := now.Add(p.cfg.Lateness + sweepEvery)
	for lock, at := range p.pending {
		if at.After(latest) {
			p.pending[lock] = latest
		}
	}
}

// Finish says what is left to say of all open findings, once nothing more will
// come: every finding is then in its final state.
func (p *Processor) Finish(ctx context.Context) error {
	p.ended.Store(true)
	return p.Flush(ctx)
}

// Flush says what is left to say of all open findings now, before a stop.
func (p *Processor) Flush(ctx context.Context) error {
	return p.finish(ctx, p.cfg.Now().Add(2*p.cfg.Lateness))
}

func (p *Processor) finish(ctx context.Context, now time.Time) error {
	due := p.due(now)
	if len(due) == 0 {
		return nil
	}
	for len(due) > 0 {
		some := due[:min(len(due), sliceLocks)]
		if err := p.complete(ctx, some); err != nil {
			for _, lock := range due {
				p.later(lock)
			}
			return err
		}
		due = due[len(some):]
	}
	return nil
}

// complete says what is left to say of locks, and reads again what it spoke of, as
// after every report.
func (p *Processor) complete(ctx context.Context, locks []string) error {
	verdicts, err := p.verdicts(ctx, locks)
	if err != nil {
		return err
	}
	done := newSettlement()
	reported, err := p.report(ctx, verdicts, true, done)
	if err == nil {
		_, _, err = p.follow(ctx, debt{locks: reported}, done)
	}
	return err
}

// due takes the locks whose time has come.
func (p *Processor) due(now time.Time) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var due []string
	for lock, at := range p.pending {
		if !at.After(now) {
			due = append(due, lock)
			delete(p.pending, lock)
		}
	}
	slices.Sort(due)
	return due
}
