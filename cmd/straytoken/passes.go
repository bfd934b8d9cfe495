package main

import (
	"context"
	"iter"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/straytoken/straytoken/processor"
	"github.com/straytoken/straytoken/state"
	"github.com/straytoken/straytoken/trail"
)

// read processes all files. Where only final states are wanted, all is learned first and
// each session is judged then. Of disputed sessions more is to be kept than of others:
// either the files are read once more when it is known which they are, or as much is kept
// of all. So what is found does not depend on which file was read first.
func (s *scanner) read(ctx context.Context, listing trail.Listing, twice bool) error {
	c := s.config
	if !twice || s.options.atOnce {
		c.State.KeepQuiet = c.State.KeepDisputed
	}
	s.proc = pipeline(c, s.judge, s.facts, s.final, s.letters, s.log)
	if s.options.atOnce {
		if err := s.pass(ctx, listing, s.proc.Process); err != nil {
			return err
		}
		return s.proc.Finish(ctx)
	}
	if err := s.survey(ctx, listing, twice); err != nil {
		return err
	}
	return s.proc.Finish(ctx)
}

// maxPasses bounds how often files are read anew because what was kept of disputed
// sessions shows further ones.
const maxPasses = 4

func (s *scanner) survey(ctx context.Context, listing trail.Listing, twice bool) error {
	if err := s.pass(ctx, listing, s.learn); err != nil {
		return err
	}
	disputed, err := s.judgeAll(ctx, everySession)
	for pass := 1; err == nil && twice && disputed && pass < maxPasses && !s.crowded(); pass++ {
		if err := s.pass(ctx, listing, s.proc.SurveyAgain); err != nil {
			return err
		}
		disputed, err = s.judgeAll(ctx, (*state.Set).Contested)
	}
	return err
}

// learn learns a batch, and judges at once where memory runs short: what is forgotten
// cannot be judged later.
func (s *scanner) learn(ctx context.Context, batch []processor.Record) error {
	if !s.crowded() {
		return s.proc.Survey(ctx, batch)
	}
	var err error
	s.caughtUp.Do(func() { _, err = s.judgeAll(ctx, everySession) })
	if err != nil {
		return err
	}
	return s.proc.Process(ctx, batch)
}

func everySession(*state.Set) bool { return true }

// crowded tells whether keys are, or soon will be, forgotten for want of room.
func (s *scanner) crowded() bool { return s.memory.Len() > s.options.sessions/10*9 }

// judgeAll judges the sessions whose Sets match, several at a time.
func (s *scanner) judgeAll(ctx context.Context, match func(*state.Set) bool) (disputed bool, err error) {
	keys := s.memory.Find("session", match)
	var found atomic.Bool
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(max(s.options.parallel, 1))
	for len(keys) > 0 {
		some := keys[:min(len(keys), judgedAtOnce)]
		keys = keys[len(some):]
		g.Go(func() error {
			locks := make([]string, len(some))
			for i, key := range some {
				locks[i] = key.Rest()
			}
			disputed, err := s.proc.Judge(ctx, locks)
			if disputed {
				found.Store(true)
			}
			return err
		})
	}
	err = g.Wait()
	return found.Load(), err
}

// judgedAtOnce is how many sessions are judged before the next core's turn.
const judgedAtOnce = 64

// pass gives all files to a function, some at a time, on several cores.
func (s *scanner) pass(ctx context.Context, listing trail.Listing, do func(context.Context, []processor.Record) error) error {
	bar := newBar(s.options.quiet)
	defer bar.finish()
	g, ctx := errgroup.WithContext(ctx)
	batches := make(chan []processor.Record)
	for range max(s.options.parallel, 1) {
		g.Go(func() error {
			for batch := range batches {
				if err := do(ctx, batch); err != nil {
					return err
				}
			}
			return nil
		})
	}
	g.Go(func() error {
		defer close(batches)
		return s.gather(ctx, listing.Files(ctx, bar.update), batches)
	})
	return g.Wait()
}

// Bounds of a batch of files. The more files, the fewer times a session that is in several
// of them is judged; the fewer bytes, the more even the work of several cores.
const (
	batchFiles = 32
	batchBytes = 2 << 20 // as they are stored
)

// gather puts files together to batches: what is printed are final states, so that nobody
// waits for what the first file of a batch says. What is to be printed as it arises is not
// held up.
func (s *scanner) gather(ctx context.Context, files iter.Seq2[trail.File, error], batches chan<- []processor.Record) error {
	var batch []processor.Record
	size := 0
	send := func() error {
		if len(batch) == 0 {
			return nil
		}
		select {
		case batches <- batch:
			batch, size = nil, 0
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for file, err := range files {
		if err != nil {
			s.notRead(err)
			continue
		}
		batch = append(batch, processor.Record{Data: file.Body, Source: file.Name})
		size += len(file.Body)
		if s.options.atOnce || len(batch) == batchFiles || size >= batchBytes {
			if err := send(); err != nil {
				return err
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return send()
}

// notRead notes that a file could not be read, once for all passes.
func (s *scanner) notRead(err error) {
	if !slices.ContainsFunc(s.failed, func(known error) bool { return known.Error() == err.Error() }) {
		s.failed = append(s.failed, err)
	}
}
