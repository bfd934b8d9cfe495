package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"runtime"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/straytoken/straytoken/bench"
	"github.com/straytoken/straytoken/cloudtrail"
	"github.com/straytoken/straytoken/replay"
	"github.com/straytoken/straytoken/trail"
)

// benchBytes is how much of the files is read into memory, as they are stored.
const benchBytes = 256 << 20

// benchOptions are the flags of bench.
type benchOptions struct {
	format   string
	duration time.Duration
}

func newBench() *cobra.Command {
	o := &benchOptions{}
	cmd := &cobra.Command{
		Use:   "bench [PATH…]",
		Short: "Measure how many events a second this machine does",
		Long: `Measure how many events a second this machine does: unpacking alone, decoding, and
the whole way to facts, with sessions that are new and with sessions that are known,
on one core and on all.

PATH is what scan takes; files are read into memory, up to 256 MiB of them, before
anything is measured. Without a PATH the traffic is simulated, in records as CloudWatch
Logs sends them. What is remembered is kept in memory: DynamoDB is not measured.`,
		Example: "  straytoken bench\n  straytoken bench --duration 1m --format json ./AWSLogs",
		RunE:    func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), cmd.OutOrStdout(), args) },
	}
	f := cmd.Flags()
	f.DurationVar(&o.duration, "duration", 16*time.Second, "how long to measure, in all")
	f.StringVar(&o.format, "format", "text", "text or json")
	return cmd
}

func (o *benchOptions) run(ctx context.Context, w io.Writer, paths []string) error {
	if o.format != "text" && o.format != "json" {
		return usageError("unknown format %q: want text or json", o.format)
	}
	if o.duration <= 0 {
		return usageError("--duration %s: want more than nothing", o.duration)
	}
	in, err := benchTraffic(ctx, paths)
	if err != nil {
		return err
	}
	report, err := o.measure(ctx, in)
	if err != nil {
		return err
	}
	if o.format == "json" {
		return json.NewEncoder(w).Encode(report)
	}
	return report.write(w)
}

// benchInput is what is measured with.
type benchInput struct {
	source   string
	records  []bench.Record
	unpacked int
	left     int // files that were not read for want of room
}

func benchTraffic(ctx context.Context, paths []string) (*benchInput, error) {
	if len(paths) > 0 {
		return benchFiles(ctx, paths)
	}
	c, err := bench.Simulate(ctx, 4, 2*time.Hour)
	if err != nil {
		return nil, err
	}
	in := &benchInput{source: "simulated, as CloudWatch Logs sends them"}
	if in.records, err = c.Pack(replay.CloudWatchLogs, bench.PerLog); err != nil {
		return nil, err
	}
	return in, in.unpack()
}

// benchFiles reads files into memory, as far as there is room.
func benchFiles(ctx context.Context, paths []string) (*benchInput, error) {
	listing, err := trail.List(ctx, paths, trail.Options{})
	if err != nil {
		return nil, err
	}
	in, size := &benchInput{source: "files"}, 0
	d := cloudtrail.NewDecoder(cloudtrail.Limits{})
	for file, err := range listing.Files(ctx, func(trail.Progress) {}) {
		if err != nil {
			return nil, err
		}
		if size += len(file.Body); size > benchBytes && len(in.records) > 0 {
			break
		}
		if err := in.add(d, file); err != nil {
			return nil, err
		}
	}
	if len(in.records) == 0 {
		return nil, coded{exitInput, errors.New("nothing here is CloudTrail")}
	}
	in.left = max(0, len(listing.Entries)-len(in.records))
	return in, in.unpack()
}

// add takes a file in, compressed. What is no CloudTrail is left out.
func (in *benchInput) add(d *cloudtrail.Decoder, file trail.File) error {
	sum, err := d.Decode(file.Body, func(*cloudtrail.Event) error { return nil })
	if err != nil && cloudtrail.ReasonOf(err) == "" {
		return err
	}
	if sum.Events == 0 {
		return nil
	}
	data := bytes.Clone(file.Body)
	if !bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		if data, err = compressed(data); err != nil {
			return err
		}
	}
	in.records = append(in.records, bench.Record{Data: data, Events: sum.Events})
	return nil
}

func compressed(plain []byte) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(plain); err != nil {
		return nil, err
	}
	err := z.Close()
	return b.Bytes(), err
}

func (in *benchInput) unpack() error {
	var g bench.Gunzip
	err := g.Run(in.records)
	in.unpacked = g.Bytes
	return err
}

// benchReport is what bench prints as JSON.
type benchReport struct {
	Source            string        `json:"source"`
	Records           int           `json:"records"`
	Events            int           `json:"events"`
	CompressedBytes   int           `json:"compressed_bytes"`
	UncompressedBytes int           `json:"uncompressed_bytes"`
	FilesLeftOut      int           `json:"files_left_out"`
	Results           []benchResult `json:"results"`
}

// benchResult is the speed of a stage.
type benchResult struct {
	Stage           bench.Stage `json:"stage"`
	Cores           int         `json:"cores"`
	EventsPerSecond float64     `json:"events_per_second"`
	BytesPerSecond  float64     `json:"compressed_bytes_per_second"`
	AgainstGunzip   float64     `json:"cost_against_gunzip"`
	Shards          float64     `json:"kinesis_shards"`
}

func (o *benchOptions) measure(ctx context.Context, in *benchInput) (*benchReport, error) {
	r := &benchReport{Source: in.source, Records: len(in.records), Events: bench.Events(in.records),
		CompressedBytes: bench.Size(in.records), UncompressedBytes: in.unpacked, FilesLeftOut: in.left}
	cores := []int{1}
	if n := runtime.GOMAXPROCS(0); n > 1 {
		cores = append(cores, n)
	}
	const stages = 4
	for _, n := range cores {
		speeds, err := bench.Speeds(ctx, in.records, n, o.duration/time.Duration(stages*len(cores)))
		if err != nil {
			return nil, err
		}
		for _, s := range speeds {
			r.Results = append(r.Results, resultOf(s, speeds[0]))
		}
	}
	return r, nil
}

// What a Kinesis shard takes at most in a second.
const (
	shardBytes   = 1 << 20
	shardRecords = 1000
)

func resultOf(s, gunzip bench.Speed) benchResult {
	seconds := s.Took.Seconds()
	r := benchResult{Stage: s.Stage, Cores: s.Cores, EventsPerSecond: float64(s.Events) / seconds, BytesPerSecond: float64(s.Bytes) / seconds}
	r.Shards = max(r.BytesPerSecond/shardBytes, float64(s.Records)/seconds/shardRecords)
	if s.Events > 0 {
		r.AgainstGunzip = float64(gunzip.Events) / gunzip.Took.Seconds() / r.EventsPerSecond
	}
	return r
}

// stageName is what a stage is called for people.
func stageName(s bench.Stage) string {
	switch s {
	case bench.Unpacked:
		return "gunzip alone"
	case bench.Decoded:
		return "decoded"
	case bench.New:
		return "whole, new sessions"
	case bench.Known:
		return "whole, known sessions"
	}
	return string(s)
}

func (r *benchReport) write(w io.Writer) error {
	p := &printer{w: w}
	p.line("%d events in %d records, %s: %d bytes an event, %.1f times smaller when compressed", r.Events, r.Records, r.Source,
		r.UncompressedBytes/r.Events, float64(r.UncompressedBytes)/float64(r.CompressedBytes))
	if r.FilesLeftOut > 0 {
		p.line("%d files are left out: they are no CloudTrail, or more than %d MiB", r.FilesLeftOut, benchBytes>>20)
	}
	p.line("")
	p.line("%-22s  %5s  %10s  %8s  %10s  %6s", "", "cores", "events/s", "MB/s", "of gunzip", "shards")
	for _, one := range r.Results {
		p.line("%-22s  %5d  %10s  %8.1f  %9.2f×  %6s", stageName(one.Stage), one.Cores,
			strconv.FormatFloat(one.EventsPerSecond, 'f', 0, 64), one.BytesPerSecond/1e6, one.AgainstGunzip, wholeShards(one.Shards))
	}
	p.line("")
	p.line("MB/s are compressed. A shard is 1 MiB or 1,000 records a second. New sessions are judged, which is")
	p.line("rare in life; the store is in memory, so DynamoDB's time and limits come on top of them.")
	return p.err
}

// wholeShards is how many full shards there is time for.
func wholeShards(n float64) string {
	if n < 1 {
		return strconv.FormatFloat(n, 'f', 1, 64)
	}
	return strconv.FormatFloat(math.Floor(n), 'f', 0, 64)
}
