package e2e

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/straytoken/straytoken/devstack/demo/worker"
	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/finding/jsonl"
	"github.com/straytoken/straytoken/sink"
)

// account is what became of a load. All but the duplicates must come out even.
type account struct {
	events, processed int // CloudTrail events put, and those of them that left a fact
	poison, letters   int // records put that are none, and those of them that are dead letters
	thefts, found     int // sessions stolen, and those of them with an open finding
	strange           int // events, dead letters and open findings that answer to nothing put

	again struct {
		records int64 // processed more than once; at least so many, for a killed worker's last count is not known
		lines   int   // of findings, that say what was said
		letters int
	}
	torn int // lines
}

// even says what does not come out even.
func (a account) even() error {
	var errs []error
	check := func(what string, got, want int) {
		if got != want {
			errs = append(errs, fmt.Errorf("%d %s, want %d", got, what, want))
		}
	}
	check("events processed", a.processed, a.events)
	check("dead letters", a.letters, a.poison)
	check("findings", a.found, a.thefts)
	check("things that answer to nothing put", a.strange, 0)
	return errors.Join(errs...)
}

// drained tells whether every record up to some sequence numbers is checkpointed, or how far it is.
func (f *field) drained(ends map[string]string) (bool, string) {
	rows := f.scan(f.stream+"-leases", "LeaseKey, LeaseCheckpoint")
	done := map[string]string{}
	for _, row := range rows {
		name := text(row["LeaseKey"])
		done[name[strings.LastIndexByte(name, '/')+1:]] = text(row["LeaseCheckpoint"])
	}
	for shard, end := range ends {
		if at := done[shard]; at != "SHARD_END" && before(at, end) {
			return false, fmt.Sprintf("%s is at %q, of %s", shard, at, end)
		}
	}
	return true, ""
}

// awaitDrained waits until all that was put is checkpointed: from then on nobody will look at it again.
func (f *field) awaitDrained() {
	f.t.Helper()
	ends := f.load.ends()
	await(f.t, "all is checkpointed", func() (bool, string) {
		ok, why := f.drained(ends)
		if !ok {
			_, ill := f.healthy()
			why += "; " + ill + "\n" + f.logs()
		}
		return ok, why
	})
}

// settle ends the workers and draws up the account.
func (f *field) settle() account {
	f.t.Helper()
	for _, h := range f.alive() {
		if _, err := f.look(h); err != nil {
			f.t.Errorf("%s does not tell what it did: %v", h.name, err)
		}
	}
	f.terminate(f.alive()...)
	a := account{events: len(f.load.events), poison: len(f.load.poison), thefts: len(f.load.stolen), torn: f.torn}
	f.countEvents(&a)
	f.countLetters(&a)
	f.countFindings(&a)
	for _, h := range f.all() {
		a.again.records += h.seen.Sum(worker.Records)
	}
	a.again.records = max(0, a.again.records-int64(a.events+a.poison))
	return a
}

func (f *field) countEvents(a *account) {
	a.processed = match(f, a, "events", f.load.events, f.eventsSeen())
}

// eventsSeen finds the events in the state table: a fact's sort key ends in the id of its event.
func (f *field) eventsSeen() map[string]bool {
	f.t.Helper()
	seen := map[string]bool{}
	for _, row := range f.scan(f.stream+"-state", "sk") {
		sort := text(row["sk"])
		if id := sort[strings.LastIndexByte(sort, 0)+1:]; strings.HasPrefix(id, eventIDs) {
			seen[id] = true
		}
	}
	return seen
}

func (f *field) countLetters(a *account) {
	seen := map[place]bool{}
	for _, h := range f.all() {
		for _, letter := range readLines[sink.DeadLetter](f, h.letters, a) {
			at := place{letter.Shard, letter.SequenceNumber}
			if seen[at] {
				a.again.letters++
			}
			seen[at] = true
		}
	}
	a.letters = match(f, a, "dead letters", f.load.poison, seen)
}

// countFindings goes by the last line of each finding, whoever wrote it.
func (f *field) countFindings(a *account) {
	last, said, ids := map[string]*finding.Finding{}, map[string]bool{}, map[string]string{}
	for _, line := range slices.Concat(f.lines, f.filed(a)) {
		if before := last[line.ID]; before == nil || !line.DetectedAt.Before(before.DetectedAt) {
			last[line.ID] = line
		}
		if what := weighed(line) + string(line.Status) + string(line.Phase); said[line.ID+what] {
			a.again.lines++
		} else {
			said[line.ID+what] = true
		}
	}
	seen := map[string]bool{}
	for id, line := range last {
		if line.Status != finding.Open {
			continue
		}
		stolen := line.Token.AccessKeyID
		if other := ids[stolen]; other != "" && other != id {
			f.t.Errorf("two findings about %s: %s and %s", stolen, other, id)
		}
		ids[stolen], seen[stolen] = id, true
	}
	a.found = match(f, a, "findings", f.load.stolen, seen)
}

// match counts what was put and seen, and names what was seen or put alone.
func match[T comparable](f *field, a *account, what string, put, seen map[T]bool) int {
	f.t.Helper()
	both := 0
	for one := range put {
		if seen[one] {
			both++
		}
	}
	if both < len(put) || len(seen) > both {
		f.t.Errorf("%s: missing %v, strange %v", what, some(put, seen), some(seen, put))
	}
	a.strange += len(seen) - both
	return both
}

// some are a few of those in a that are not in b.
func some[T comparable](a, b map[T]bool) []T {
	alone := maps.Clone(a)
	maps.DeleteFunc(alone, func(one T, _ bool) bool { return b[one] })
	all := slices.Collect(maps.Keys(alone))
	return all[:min(len(all), 10)]
}

// filed are the findings that workers wrote into files, whatever the rotation.
func (f *field) filed(a *account) (all []*finding.Finding) {
	for _, h := range f.all() {
		for _, path := range []string{h.findings + rotated, h.findings} {
			all = append(all, readLines[finding.Finding](f, path, a)...)
		}
	}
	return all
}

// readLines reads the whole lines of a file that may not be there, and counts the others.
func readLines[T any](f *field, path string, a *account) (all []*T) {
	f.t.Helper()
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		f.t.Fatal(err)
	}
	defer file.Close()
	for line, err := range jsonl.Read[T](file, 16<<20) {
		var broken *jsonl.LineError
		switch {
		case errors.As(err, &broken):
			a.torn++
		case err != nil:
			f.t.Fatal(err)
		default:
			all = append(all, line)
		}
	}
	return all
}

// scan reads some attributes of a whole table.
func (f *field) scan(table, attributes string) (rows []map[string]types.AttributeValue) {
	f.t.Helper()
	pages := dynamodb.NewScanPaginator(f.stack.DynamoDB(), &dynamodb.ScanInput{TableName: &table,
		ProjectionExpression: &attributes, ConsistentRead: aws.Bool(true)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(f.t.Context())
		if err != nil {
			f.t.Fatal(err)
		}
		rows = append(rows, page.Items...)
	}
	return rows
}

// text is a text attribute, "" where there is none.
func text(v types.AttributeValue) string {
	s, ok := v.(*types.AttributeValueMemberS)
	if !ok {
		return ""
	}
	return s.Value
}
