package monitor

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/straytoken/straytoken/cloudtrail"
	"github.com/straytoken/straytoken/kinesis"
	"github.com/straytoken/straytoken/processor"
	"github.com/straytoken/straytoken/state"
)

// Metrics publishes what a worker counts, under straytoken_, in base units. No
// label ever holds a token or an address.
func Metrics(counts *processor.Counts, facts *state.Facts) *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	counter(r, "records_total", "Records processed.", nil, counts.Records.Load)
	counter(r, "events_total", "CloudTrail events decoded.", nil, counts.Events.Load)
	counter(r, "judgements_total", "Verdicts reached.", nil, counts.Judged.Load)
	counter(r, "defects_total", "Events and judgements that failed by a fault of straytoken.", nil, counts.Defects.Load)
	counter(r, "suppressed_total", "Findings that an exception or a custom rule keeps from being reported.", nil, counts.Suppressed.Load)
	r.MustRegister(byRule("rule_staged_total", "Sessions that met a staged custom rule.", counts.Staged))
	for activity, n := range map[string]func() int64{"create": counts.Created.Load, "update": counts.Updated.Load, "close": counts.Closed.Load} {
		counter(r, "findings_total", "Findings delivered, by what they did.", prometheus.Labels{"activity": activity}, n)
	}
	for i := range counts.Skipped {
		counter(r, "skipped_total", "Parts of records that are known and left out.", prometheus.Labels{"reason": cloudtrail.SkipReason(i).String()}, counts.Skipped[i].Load)
	}
	for i := range counts.Envelopes {
		counter(r, "envelopes_total", "Envelopes opened.", prometheus.Labels{"envelope": cloudtrail.Envelope(i).String()}, counts.Envelopes[i].Load)
	}
	for reason, n := range counts.Bad {
		counter(r, "dead_letters_total", "Records that could not be processed, by reason.", prometheus.Labels{"reason": string(reason)}, n.Load)
	}
	stats := facts.Stats()
	counter(r, "events_quiet_total", "Events that were known to add nothing before their facts were made.", nil, counts.Quiet.Load)
	counter(r, "facts_total", "Facts that events stated.", nil, stats.Seen.Load)
	counter(r, "facts_written_total", "Facts that were new and written to the store.", nil, stats.Put.Load)
	counter(r, "keys_read_total", "Keys read from the store.", nil, stats.Read.Load)
	counter(r, "cache_evictions_total", "Keys dropped from the cache for want of room.", nil, stats.Evicted.Load)
	counter(r, "cache_returns_total", "Keys that came back soon after they were dropped, whose facts were written once more.", nil, stats.Returned.Load)
	gauge(r, "cache_keys", "Keys in the cache.", func() float64 { return float64(facts.Known()) })
	gauge(r, "prints", "Prints in the table of what adds nothing.", func() float64 { return float64(facts.Prints()) })
	gauge(r, "cache_bytes", "Estimate of what the cache and the table of Prints take in memory.", func() float64 { return float64(facts.Bytes()) })
	return r
}

// Decoding publishes what unpacking records takes, and how often a record had to wait
// for it.
func Decoding(r *prometheus.Registry, decoding func() (bytes, waits int64)) {
	gauge(r, "decoding_bytes", "Memory reserved for unpacking records.", func() float64 { bytes, _ := decoding(); return float64(bytes) })
	counter(r, "decoding_waits_total", "Records that waited for memory to be unpacked.", nil, func() int64 { _, waits := decoding(); return waits })
}

// StoreCalls publishes how the state table takes calls.
func StoreCalls(r *prometheus.Registry, calls func() (atOnce int, throttled int64)) {
	gauge(r, "store_calls_at_once", "Calls that the state table may get at once: fewer when it throttles.", func() float64 { n, _ := calls(); return float64(n) })
	counter(r, "store_throttled_total", "Calls that the state table has throttled, also in part.", nil, func() int64 { _, n := calls(); return n })
}

// RuleErrors publishes how often custom rules failed, by rule.
func RuleErrors(r *prometheus.Registry, failures func() map[string]int64) {
	r.MustRegister(byRule("rule_errors_total", "Evaluations of custom rules that failed, and so met nothing.", failures))
}

// ruleCounters are counters by rule, whose rules may change while straytoken runs.
type ruleCounters struct {
	desc   *prometheus.Desc
	values func() map[string]int64
}

func byRule(name, help string, values func() map[string]int64) ruleCounters {
	return ruleCounters{prometheus.NewDesc("straytoken_"+name, help, []string{"rule"}, nil), values}
}

// Describe implements prometheus.Collector.
func (c ruleCounters) Describe(to chan<- *prometheus.Desc) { to <- c.desc }

// Collect implements prometheus.Collector.
func (c ruleCounters) Collect(to chan<- prometheus.Metric) {
	for rule, n := range c.values() {
		to <- prometheus.MustNewConstMetric(c.desc, prometheus.CounterValue, float64(n), rule)
	}
}

func counter(r *prometheus.Registry, name, help string, labels prometheus.Labels, value func() int64) {
	r.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Namespace: "straytoken", Name: name, Help: help, ConstLabels: labels},
		func() float64 { return float64(value()) }))
}

func gauge(r *prometheus.Registry, name, help string, value func() float64) {
	r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "straytoken", Name: name, Help: help}, value))
}

// Stream publishes what the Kinesis worker does.
type Stream struct {
	events *prometheus.CounterVec
	bytes  prometheus.Counter
	batch  prometheus.Histogram
}

// NewStream registers the stream's metrics, and the worker's status as gauges.
func NewStream(r *prometheus.Registry, status func() kinesis.Status) *Stream {
	s := &Stream{
		events: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "straytoken", Name: "stream_events_total", Help: "What happened to the worker's shards, by kind."}, []string{"kind"}),
		bytes:  prometheus.NewCounter(prometheus.CounterOpts{Namespace: "straytoken", Name: "stream_read_bytes_total", Help: "Bytes of records read."}),
		batch:  prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: "straytoken", Name: "batch_seconds", Help: "Time to make one batch durable.", Buckets: prometheus.ExponentialBuckets(0.001, 2, 16)}),
	}
	r.MustRegister(s.events, s.bytes, s.batch)
	for _, kind := range kinesis.EventKinds() {
		s.events.WithLabelValues(string(kind))
	}
	gauge(r, "shards_held", "Shards that this worker holds.", func() float64 { return float64(len(status().Shards)) })
	r.MustRegister(shardGauges{status})
	gauge(r, "behind_seconds", "Lag of the slowest shard held.", func() float64 { return status().Behind().Seconds() })
	return s
}

// shardGauges are gauges by shard, of those that the worker holds.
type shardGauges struct{ status func() kinesis.Status }

var (
	shardBehind = prometheus.NewDesc("straytoken_shard_behind_seconds", "Lag of a shard held.", []string{"shard"}, nil)
	shardStill  = prometheus.NewDesc("straytoken_shard_still_seconds", "Time since a shard held last moved, an empty read included.", []string{"shard"}, nil)
)

// Describe implements prometheus.Collector.
func (shardGauges) Describe(to chan<- *prometheus.Desc) { to <- shardBehind; to <- shardStill }

// Collect implements prometheus.Collector.
func (g shardGauges) Collect(to chan<- prometheus.Metric) {
	now := time.Now()
	for _, s := range g.status().Shards {
		to <- prometheus.MustNewConstMetric(shardBehind, prometheus.GaugeValue, s.Behind.Seconds(), s.Shard)
		to <- prometheus.MustNewConstMetric(shardStill, prometheus.GaugeValue, s.Still(now).Seconds(), s.Shard)
	}
}

// Observe implements kinesis.Observer.
func (s *Stream) Observe(e kinesis.Event) {
	s.events.WithLabelValues(string(e.Kind)).Inc()
	switch e.Kind {
	case kinesis.BatchRead:
		s.bytes.Add(float64(e.Bytes))
	case kinesis.BatchDone:
		s.batch.Observe(e.Took.Seconds())
	}
}
