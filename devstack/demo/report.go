package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/straytoken/straytoken/devstack/demo/worker"
	"github.com/straytoken/straytoken/evaluate"
	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/replay"
)

const (
	findingsFile = "findings.jsonl"
	scoreFile    = "score.txt"
)

// outcome is what came of a demo.
type outcome struct {
	put    replay.Summary
	held   []int64          // shards a worker
	counts []worker.Metrics // a worker's last
}

// report writes the summary. Its error is a result that a demo should not have.
func (d *demo) report(o outcome) error {
	alerts, err := d.alerts()
	if err != nil {
		return err
	}
	fmt.Fprintln(d.screen.out)
	t := tabwriter.NewWriter(d.screen.out, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) {
		fmt.Fprintf(t, "  %s\t%s\n", name, fmt.Sprintf(format, args...))
	}
	row("events put", "%d in %d records of %d envelopes by turns; %d sent again, %d left out",
		o.put.Events, o.put.Records, len(replay.Formats())-1, o.put.Retried, o.put.Failed)
	row("processed", "%d events in %d records; shards a worker: %s, records a worker: %s", sum(o.counts, worker.Events),
		sum(o.counts, worker.Records), join(o.held), join(each(o.counts, worker.Records)))
	row("dead letters", "%d", deadLetters(o.counts))
	row("findings", "%s", tally(alerts))
	if q := d.clock.quantiles(0.5, 0.99, 1); q != nil {
		row("put to finding", "p50 %s, p99 %s, max %s, from the newest event that a finding names; some are raised by a later one", round(q[0]), round(q[1]), round(q[2]))
	}
	err = d.score(alerts, row)
	row("files", "%s: %s, %s, logs and dead letters of the workers", d.files.path, findingsFile, scoreFile)
	row("took", "%s", time.Since(d.screen.started).Round(100*time.Millisecond))
	return errors.Join(err, t.Flush())
}

// alerts reads the findings back, each in its final state.
func (d *demo) alerts() ([]evaluate.Alert, error) {
	f, err := os.Open(d.files.join(findingsFile))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return evaluate.ReadFindings(f)
}

// score compares the findings with what is known of the traffic.
func (d *demo) score(alerts []evaluate.Alert, row func(name, format string, args ...any)) error {
	set := d.traffic.labels
	if set == nil {
		return nil
	}
	rep := evaluate.Score(set, alerts, evaluate.DefaultSeverity)
	hidden := ""
	if rep.Hidden.Thefts > 0 {
		hidden = fmt.Sprintf("; %d more leave no trace in any log", rep.Hidden.Thefts)
	}
	row("thefts found", "%d of %d%s", rep.Total.Found, rep.Total.Thefts, hidden)
	row("missed", "%s", cmp.Or(strings.Join(rep.Missed, ", "), "none"))
	row("false alerts", "%d; the owner taken for the thief: %d", len(rep.False), len(rep.Swapped))
	file, err := d.files.create(scoreFile)
	if err != nil {
		return err
	}
	if err := rep.WriteText(file); err != nil {
		return err
	}
	if rep.Total.Thefts > 0 && rep.Total.Found == 0 {
		return fmt.Errorf("none of the %d thefts was found", rep.Total.Thefts)
	}
	return nil
}

// tally counts the open findings by severity, and the closed ones.
func tally(alerts []evaluate.Alert) string {
	var open [finding.Critical + 1]int
	closed, lines := 0, 0
	for _, a := range alerts {
		lines += a.Lines
		if a.Status == finding.Closed {
			closed++
		} else {
			open[a.Severity]++
		}
	}
	text := fmt.Sprintf("%d open", len(alerts)-closed)
	for s := finding.Critical; s > finding.Informational; s-- {
		if open[s] > 0 {
			text += fmt.Sprintf(", %d %s", open[s], s)
		}
	}
	return fmt.Sprintf("%s; %d closed again; %d lines in all", text, closed, lines)
}

func deadLetters(counts []worker.Metrics) (n int64) {
	for _, m := range counts {
		n += m.DeadLetters()
	}
	return n
}

func each(counts []worker.Metrics, series string) []int64 {
	all := make([]int64, len(counts))
	for i, m := range counts {
		all[i] = m.Sum(series)
	}
	return all
}

// join lists numbers: "2 and 2".
func join(numbers []int64) string {
	var all []string
	for _, n := range numbers {
		all = append(all, fmt.Sprint(n))
	}
	return strings.Join(all, " and ")
}

// round keeps what a person can make use of.
func round(d time.Duration) time.Duration {
	if d < time.Second {
		return d.Round(time.Millisecond)
	}
	return d.Round(10 * time.Millisecond)
}
