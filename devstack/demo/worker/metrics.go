package worker

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The series of a worker that its watchers look at.
const (
	Records    = "straytoken_records_total"
	Events     = "straytoken_events_total"
	ShardsHeld = "straytoken_shards_held"
	Defects    = "straytoken_defects_total"
)

// Metrics are the samples of one scrape, by series as written: name{label="value"}.
type Metrics map[string]float64

// Sum adds up all series of a name, whatever their labels.
func (m Metrics) Sum(name string) int64 {
	sum := 0.0
	for series, v := range m {
		if series == name || strings.HasPrefix(series, name+"{") {
			sum += v
		}
	}
	return int64(sum)
}

// DeadLetters is the number of records that could not be processed.
func (m Metrics) DeadLetters() int64 { return m.Sum("straytoken_dead_letters_total") }

// scrapeTimeout bounds one answer of a worker.
const scrapeTimeout = 10 * time.Second

// Metrics asks the worker for its metrics.
func (p *Process) Metrics(ctx context.Context) (Metrics, error) {
	status, body, err := p.Get(ctx, "/metrics")
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		return nil, fmt.Errorf("metrics of the worker: status %d", status)
	}
	return parse(strings.NewReader(body))
}

// Get asks the worker's listener for a path.
func (p *Process) Get(ctx context.Context, path string) (status int, body string, err error) {
	ctx, cancel := context.WithTimeout(ctx, scrapeTimeout)
	defer cancel()
	address, err := p.Address(ctx)
	if err != nil {
		return 0, "", err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		return 0, "", fmt.Errorf("ask the worker for %s: %w", path, err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, "", fmt.Errorf("ask the worker for %s: %w", path, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, "", fmt.Errorf("read the worker's answer for %s: %w", path, err)
	}
	return response.StatusCode, string(text), nil
}

// parse reads the text format of Prometheus, as far as a worker writes it: a series, a blank, a value.
func parse(r io.Reader) (Metrics, error) {
	m := Metrics{}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		line := lines.Text()
		i := strings.LastIndexByte(line, ' ')
		if i < 0 || line[0] == '#' {
			continue
		}
		v, err := strconv.ParseFloat(line[i+1:], 64)
		if err != nil {
			return nil, fmt.Errorf("metric %q: %w", line, err)
		}
		m[line[:i]] = v
	}
	return m, lines.Err()
}
