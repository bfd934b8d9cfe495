package trail

import (
	"cmp"
	"context"
	"io"
	"path"
	"slices"
	"sync"
	"time"
)

// Listing is what List found: the files to read, and what it left out.
type Listing struct {
	// Entries are the files in the order in which Files reads them.
	Entries []Entry
	// Skipped counts what was left out, by reason.
	Skipped map[Reason]Skips
	// Problems are the parts of folders that could not be looked into, each a
	// *FileError. What they hide is neither in Entries nor in Skipped.
	Problems []error

	parallel int
}

// Bytes is the size of all entries whose size is known.
func (l Listing) Bytes() int64 {
	var n int64
	for _, e := range l.Entries {
		n += max(e.Size, 0)
	}
	return n
}

// Repeatable tells whether all files can be read a second time, at no cost: pipes and
// standard input cannot, and reading of S3 is paid for.
func (l Listing) Repeatable() bool {
	return !slices.ContainsFunc(l.Entries, func(e Entry) bool { return !e.again })
}

// Entry is one file to read.
type Entry struct {
	Name      string    // the path as the user would write it; "-" for standard input
	Size      int64     // bytes as stored (compressed), -1 if unknown
	Delivered time.Time // the delivery stamp in the name, zero if there is none
	Account   string    // the account in the name, may be empty
	Region    string    // the region in the name, may be empty

	path  int // index of the path that it was found under
	again bool
	open  opener
}

// opener opens a file for one reading; the caller closes it.
type opener func(context.Context) (io.ReadCloser, error)

// Reason says why a file was left out.
type Reason string

// The reasons to leave out a file or folder. A folder counts once.
const (
	Digest   Reason = "digest"                // CloudTrail digest: hashes of files, no events
	Insight  Reason = "insight"               // Insight events: summaries without a caller's address
	Hidden   Reason = "hidden"                // the name begins with a dot
	NotTrail Reason = "not a CloudTrail file" // by content in a folder, by name in S3
	Empty    Reason = "empty"
	Special  Reason = "not a regular file" // socket, device or pipe inside a folder
	Archived Reason = "archived"           // in an S3 storage class that must be restored before reading
	Filtered Reason = "filtered"           // Options.Filter excludes it
	Repeated Reason = "repeated"           // reachable by several paths or links
)

// Skips counts the files left out for one reason.
type Skips struct {
	Count   int
	Example string // name of the first one
}

// collector gathers a listing. Its methods may be called concurrently, but path
// is set between listings only.
type collector struct {
	filter Filter
	path   int

	mu       sync.Mutex
	entries  []Entry
	skipped  map[Reason]Skips
	problems []error
	seen     map[string]bool
}

// add adds a file unless the same one, by its identity, was added before.
func (c *collector) add(e Entry, identity string) {
	if !c.claim(identity) {
		c.skip(Repeated, e.Name)
		return
	}
	n := parseName(path.Base(e.Name))
	e.Delivered, e.Account, e.Region = n.delivered, n.account, n.region
	e.path = c.path
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries = append(c.entries, e)
}

// claim tells whether this is the first claim of an identity.
func (c *collector) claim(identity string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen[identity] {
		return false
	}
	if c.seen == nil {
		c.seen = map[string]bool{}
	}
	c.seen[identity] = true
	return true
}

func (c *collector) skip(r Reason, name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.skipped[r]
	if s.Count == 0 {
		s.Example = name
	}
	s.Count++
	c.skipped[r] = s
}

func (c *collector) problem(name string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.problems = append(c.problems, &FileError{Name: name, Err: err})
}

func (c *collector) listing(parallel int) Listing {
	slices.SortStableFunc(c.entries, byDelivery)
	return Listing{Entries: c.entries, Skipped: c.skipped, Problems: c.problems, parallel: parallel}
}

// byDelivery orders entries by stamp, then name. Without a stamp, the order in
// which the user gave the paths is the best order there is.
func byDelivery(a, b Entry) int {
	if c := a.Delivered.Compare(b.Delivered); c != 0 {
		return c
	}
	if a.Delivered.IsZero() {
		return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.Name, b.Name))
	}
	return cmp.Or(cmp.Compare(path.Base(a.Name), path.Base(b.Name)), cmp.Compare(a.Name, b.Name))
}
