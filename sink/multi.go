package sink

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"

	"github.com/straytoken/straytoken/finding"
)

// Multi sends to all sinks at once and accepts when all have accepted. When
// some have not, it remembers who accepted that batch, and a repetition of the
// same batch goes to the others only. The memory is bounded and lost with the
// process: delivery stays at-least-once. With no sinks at all every Send fails,
// because nothing would take the findings.
func Multi(sinks ...Sink) Sink {
	if len(sinks) == 1 {
		return sinks[0]
	}
	return &multi{sinks: sinks, accepted: make(map[batchKey][]bool)}
}

// batchKey identifies a batch by the content of its findings.
type batchKey [sha256.Size]byte

type multi struct {
	sinks []Sink

	mu       sync.Mutex
	accepted map[batchKey][]bool // of batches that some sink has not accepted: by sink
}

func (m *multi) Send(ctx context.Context, findings []*finding.Finding) error {
	if len(m.sinks) == 0 {
		return errors.New("send findings: no sink is configured")
	}
	key, err := keyOf(findings)
	if err != nil {
		return err
	}
	done, err := m.sendOpen(ctx, findings, m.recall(key))
	m.remember(key, done, err != nil)
	return err
}

// sendOpen sends to the sinks that are not done and returns who is now.
func (m *multi) sendOpen(ctx context.Context, findings []*finding.Finding, done []bool) ([]bool, error) {
	errs := make([]error, len(m.sinks))
	var wait sync.WaitGroup
	for i, s := range m.sinks {
		if done[i] {
			continue
		}
		wait.Go(func() {
			errs[i] = s.Send(ctx, findings)
			done[i] = errs[i] == nil
		})
	}
	wait.Wait()
	return done, errors.Join(errs...)
}

// recall is who has accepted the batch already, in a slice of the caller's own.
func (m *multi) recall(key batchKey) []bool {
	done := make([]bool, len(m.sinks))
	m.mu.Lock()
	defer m.mu.Unlock()
	copy(done, m.accepted[key])
	return done
}

// remember keeps who accepted a batch that failed, and forgets one that is done.
func (m *multi) remember(key batchKey, done []bool, failed bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !failed {
		delete(m.accepted, key)
		return
	}
	if len(m.accepted) >= maxRemembered {
		clear(m.accepted)
	}
	m.accepted[key] = done
}

func keyOf(findings []*finding.Finding) (batchKey, error) {
	hash := sha256.New()
	var line []byte
	for _, f := range findings {
		var err error
		if line, err = finding.AppendJSON(line[:0], f); err != nil {
			return batchKey{}, fmt.Errorf("identify batch: %w", err)
		}
		hash.Write(line)
	}
	return batchKey(hash.Sum(nil)), nil
}
