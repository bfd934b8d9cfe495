package simulate

import (
	"slices"
	"time"

	"github.com/straytoken/straytoken/evaluate/labels"
)

// Summary says what a run wrote.
type Summary struct {
	Events     int       // records, duplicates included
	Duplicates int       // records delivered a second time
	Files      int       // trail files
	Bytes      int64     // size of all gzip files
	Thefts     int       // staged thefts, those that no log shows included
	Visible    int       // thefts that the log shows
	Benign     int       // labelled instances of harmless patterns
	First      time.Time // earliest eventTime
	Last       time.Time // latest eventTime
}

// stats counts what passes through the delivery.
type stats struct {
	file     Summary
	versions []string
}

func (s *stats) event(r *record) {
	s.file.Events++
	if s.file.First.IsZero() || r.at.Before(s.file.First) {
		s.file.First = r.at
	}
	if r.at.After(s.file.Last) {
		s.file.Last = r.at
	}
	addOnce(&s.versions, r.EventVersion)
}

// summary is the outcome of the whole run.
func (w *world) summary() Summary {
	s := w.delivery.stats.file
	s.Events += s.Duplicates
	s.Thefts, s.Benign = len(w.truth.thefts), len(w.truth.benign)
	for _, t := range w.truth.thefts {
		if t.IsVisible() {
			s.Visible++
		}
	}
	return s
}

// labels are the ground truth of the whole run.
func (w *world) labels() *labels.Set {
	s := w.summary()
	set := &labels.Set{
		Schema: labels.Schema, Name: "simulated",
		MustNotFlag: "every event whose eventID is not in a must_flag list",
		Thefts:      []labels.Theft{}, Benign: []labels.Benign{},
		Stats: labels.Stats{
			Events: s.Events, UniqueEventIDs: s.Events - s.Duplicates, Files: s.Files, First: s.First, Last: s.Last,
			AccountCount: len(w.accounts), IssuedKeys: w.truth.issued,
			EventVersions: slices.Sorted(slices.Values(w.delivery.stats.versions)),
		},
	}
	for _, a := range w.accounts {
		set.Stats.Accounts = append(set.Stats.Accounts, a.id)
	}
	for _, t := range w.truth.thefts {
		set.Thefts = append(set.Thefts, *t)
	}
	for _, b := range w.truth.benign {
		set.Benign = append(set.Benign, *b)
	}
	return set
}
