package simulate_test

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/straytoken/straytoken/evaluate/labels"
	"github.com/straytoken/straytoken/simulate"
)

// event is what the tests look at in a record, and where the record was.
type event struct {
	EventID         string          `json:"eventID"`
	EventTime       time.Time       `json:"eventTime"`
	EventSource     string          `json:"eventSource"`
	EventName       string          `json:"eventName"`
	SourceIPAddress string          `json:"sourceIPAddress"`
	Recipient       string          `json:"recipientAccountId"`
	Region          string          `json:"awsRegion"`
	Addendum        json.RawMessage `json:"addendum"`
	Response        struct {
		Credentials struct {
			AccessKeyID string `json:"accessKeyId"`
			Expiration  string `json:"expiration"`
		} `json:"credentials"`
	} `json:"responseElements"`
	Identity struct {
		AccessKeyID string `json:"accessKeyId"`
		PrincipalID string `json:"principalId"`
	} `json:"userIdentity"`

	file string
}

// output is one run, read back.
type output struct {
	summary simulate.Summary
	labels  *labels.Set
	events  []event
	files   []string // trail files, in name order
	size    int64    // of all records, without compression
}

// byID indexes the events; of duplicates the first.
func (o *output) byID() map[string]event {
	m := map[string]event{}
	for _, e := range o.events {
		if _, ok := m[e.EventID]; !ok {
			m[e.EventID] = e
		}
	}
	return m
}

func run(t *testing.T, cfg simulate.Config) *output {
	t.Helper()
	dir := t.TempDir()
	summary, err := simulate.Write(context.Background(), dir, cfg)
	if err != nil {
		t.Fatal(err)
	}
	out := &output{summary: summary}
	for _, path := range paths(t, dir) {
		if !strings.Contains(path, "/CloudTrail/") {
			continue
		}
		out.files = append(out.files, path)
		events, size := readTrail(t, path)
		out.events = append(out.events, events...)
		out.size += size
	}
	f, err := os.Open(filepath.Join(dir, simulate.LabelsFile))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if out.labels, err = labels.Read(f); err != nil {
		t.Fatal(err)
	}
	return out
}

// paths lists all files under dir in lexical order.
func paths(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			all = append(all, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func readTrail(t *testing.T, path string) (events []event, size int64) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	gz, err := gzip.NewReader(f)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	body, err := io.ReadAll(gz)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	var file struct{ Records []event }
	if err := json.Unmarshal(body, &file); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	for i := range file.Records {
		file.Records[i].file = path
	}
	return file.Records, int64(len(body))
}
