package monitor_test

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/straytoken/straytoken/monitor"
)

func TestReloads(t *testing.T) {
	r := prometheus.NewRegistry()
	monitor.Reloads(r, func() int64 { return 3 }, func() int64 { return 1 })
	families, err := r.Gather()
	if err != nil || len(families) != 1 || families[0].GetName() != "straytoken_config_reload_total" {
		t.Fatalf("%v, %v", families, err)
	}
	got := map[string]float64{}
	for _, m := range families[0].GetMetric() {
		got[m.GetLabel()[0].GetValue()] = m.GetCounter().GetValue()
	}
	if got["success"] != 3 || got["failure"] != 1 {
		t.Errorf("%v", got)
	}
}
