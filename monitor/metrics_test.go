package monitor_test

import (
	"maps"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/straytoken/straytoken/kinesis"
	"github.com/straytoken/straytoken/monitor"
	"github.com/straytoken/straytoken/processor"
	"github.com/straytoken/straytoken/state"
)

// values are the values of a metric, by the value of its label.
func values(t *testing.T, r *prometheus.Registry, name string) map[string]float64 {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			label := ""
			for _, l := range m.GetLabel() {
				label = l.GetValue()
			}
			out[label] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return out
}

func registry() (*prometheus.Registry, *processor.Counts) {
	counts := processor.New(processor.Config{}).Counts()
	return monitor.Metrics(counts, state.NewFacts(state.NewMemory(1), 0)), counts
}

func TestRuleMetricsFollowTheRulesInForce(t *testing.T) {
	r, counts := registry()
	failures := map[string]int64{"odd-hours": 2, "exceptions": 0}
	monitor.RuleErrors(r, func() map[string]int64 { return failures })
	if got := values(t, r, "straytoken_rule_staged_total"); len(got) != 0 {
		t.Errorf("staged without rules: %v", got)
	}
	counts.Stage("odd-hours", "new-region")
	if got, want := values(t, r, "straytoken_rule_staged_total"), map[string]float64{"odd-hours": 0, "new-region": 0}; !maps.Equal(got, want) {
		t.Errorf("staged %v, want %v", got, want)
	}
	if got, want := values(t, r, "straytoken_rule_errors_total"), map[string]float64{"odd-hours": 2, "exceptions": 0}; !maps.Equal(got, want) {
		t.Errorf("errors %v, want %v", got, want)
	}
	failures = map[string]int64{"other": 1}
	if got, want := values(t, r, "straytoken_rule_errors_total"), map[string]float64{"other": 1}; !maps.Equal(got, want) {
		t.Errorf("errors after a reload %v, want %v", got, want)
	}
}

// Metrics by shard are of the shards held, and of no other: so there are never more.
func TestShardMetricsFollowTheShardsHeld(t *testing.T) {
	r, _ := registry()
	status := well()
	status.Shards[0].Behind = 90 * time.Second
	monitor.NewStream(r, func() kinesis.Status { return status })
	if got := values(t, r, "straytoken_shard_behind_seconds"); !maps.Equal(got, map[string]float64{"shardId-7": 90}) {
		t.Errorf("behind %v", got)
	}
	if got := values(t, r, "straytoken_shard_still_seconds"); len(got) != 1 || got["shardId-7"] <= 0 {
		t.Errorf("still %v", got)
	}
	status.Shards = nil
	if got := values(t, r, "straytoken_shard_behind_seconds"); len(got) != 0 {
		t.Errorf("after the shard was given up: %v", got)
	}
}
