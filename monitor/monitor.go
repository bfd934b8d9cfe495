// Package monitor answers the questions of those who run straytoken: is it alive,
// is it ready, what is it doing. It serves /healthz, /readyz and /metrics.
package monitor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Check says what keeps a worker from being alive or ready; nil when nothing does.
type Check func(context.Context) error

// Server is the listener of probes and metrics.
type Server struct {
	http     *http.Server
	listener net.Listener
}

// checkTimeout bounds one probe.
const checkTimeout = 5 * time.Second

// Listen opens a listener on host:port.
func Listen(address string, alive, ready Check, metrics *prometheus.Registry) (*Server, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for probes and metrics: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", probe(alive))
	mux.HandleFunc("GET /readyz", probe(ready))
	mux.Handle("GET /metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}))
	return &Server{listener: listener, http: &http.Server{Handler: mux, ReadHeaderTimeout: checkTimeout, ReadTimeout: checkTimeout, WriteTimeout: 2 * checkTimeout, MaxHeaderBytes: 1 << 14}}, nil
}

// Address is where the server listens.
func (s *Server) Address() string { return s.listener.Addr().String() }

// Serve answers until Close.
func (s *Server) Serve() error {
	if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve probes and metrics: %w", err)
	}
	return nil
}

// Close ends Serve.
func (s *Server) Close() error { return s.http.Close() }

// probe answers 200 "ok" or 503 with the reason.
func probe(check Check) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), checkTimeout)
		defer cancel()
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		if err := check(ctx); err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprintln(w, err)
			return
		}
		fmt.Fprintln(w, "ok")
	}
}
