package processor

import "context"

// Survey learns what records say and judges nothing: for who has all records before him,
// and wants to know how it ends. By Judge each session is then judged once, and not with
// every batch that it is in.
func (p *Processor) Survey(ctx context.Context, records []Record) error {
	b := p.batches.Get().(*batch)
	defer b.end()
	b.begin(ctx, records)
	b.survey = true
	if err := b.first(records); err != nil {
		return err
	}
	return p.took(ctx, records, b.letters)
}

// SurveyAgain learns what more is to be kept of records that were surveyed, after sessions
// came to be disputed. Nothing is counted twice.
func (p *Processor) SurveyAgain(ctx context.Context, records []Record) error {
	b := p.batches.Get().(*batch)
	defer b.end()
	b.begin(ctx, records)
	b.survey, b.again = true, true
	return b.pass(records)
}

// Judge judges sessions by their locks, and all that follows from it. It tells whether a
// session came to be disputed: then what was surveyed holds more that is worth keeping.
func (p *Processor) Judge(ctx context.Context, locks []string) (disputed bool, err error) {
	disputed, _, err = p.follow(ctx, debt{locks: locks}, newSettlement())
	return disputed, err
}
