// Package sink is where findings and dead letters go: output streams, files,
// and what stands in front of them (several sinks as one, filters, observation).
package sink

import (
	"context"

	"github.com/straytoken/straytoken/finding"
)

// Sink takes findings over from the processor.
//
// Send returns nil only when the destination has accepted all findings, as
// durably as it can promise: the caller checkpoints after it and never sends
// them again. On an error any part of them may have been accepted; the caller
// sends all of them again until Send returns nil, so that a destination can see
// a finding more than once (IDs are deterministic: the same line twice is the
// same finding). Send does not retry by itself.
//
// Send may be called from several goroutines at once. Findings that follow one
// another in a batch arrive in that order. Neither side changes a finding after
// it was passed to Send; a sink may keep it. An empty batch is accepted.
type Sink interface {
	Send(ctx context.Context, findings []*finding.Finding) error
}
