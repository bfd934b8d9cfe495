package monitor

import "github.com/prometheus/client_golang/prometheus"

// Reloads publishes how often a new configuration was put in force and how often
// one was refused.
func Reloads(r *prometheus.Registry, good, bad func() int64) {
	const help = "Attempts to judge by a new configuration, by result."
	counter(r, "config_reload_total", help, prometheus.Labels{"result": "success"}, good)
	counter(r, "config_reload_total", help, prometheus.Labels{"result": "failure"}, bad)
}
