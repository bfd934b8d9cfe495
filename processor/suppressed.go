package processor

import (
	"context"

	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/rules"
)

// held is the status of what would be an open finding but for an exception or a
// custom rule. It is remembered and not sent: where a finding was open before, it is
// closed.
const held finding.Status = "suppressed"

// wouldReport tells whether a verdict is reported, or would be but for its
// suppression.
func (p *Processor) wouldReport(v *rules.Verdict) bool {
	return v.Intruder() != nil && v.Severity >= p.cfg.Report
}

func (p *Processor) reportable(v *rules.Verdict) bool {
	return v.Suppressed == nil && p.wouldReport(v)
}

// status is what becomes of a verdict's finding.
func (p *Processor) status(v *rules.Verdict) finding.Status {
	switch {
	case p.reportable(v):
		return finding.Open
	case p.wouldReport(v):
		return held
	}
	return finding.Closed
}

// Suppressed judges sessions and gives the findings that are kept from being
// reported, as closed ones that say by whom and why.
func (p *Processor) Suppressed(ctx context.Context, locks []string) ([]*finding.Finding, error) {
	verdicts, err := p.verdicts(ctx, locks)
	if err != nil {
		return nil, err
	}
	var out []*finding.Finding
	for i := range verdicts {
		if v := &verdicts[i]; p.status(v) == held {
			f := p.finding(v, sent{Sequence: 1, Status: held})
			f.Suppressed = &finding.Suppressed{Reason: v.Suppressed.Reason, Owner: v.Suppressed.Owner}
			out = append(out, f)
		}
	}
	return out, nil
}
