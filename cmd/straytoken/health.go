package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// newHealth asks a running worker how it is: the health check of a container that
// holds nothing but the binary.
func newHealth() *cobra.Command {
	var address string
	var ready bool
	cmd := &cobra.Command{
		Use:   "health",
		Short: "Ask a running worker whether it is alive (for container health checks)",
		Args:  exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			path := "/healthz"
			if ready {
				path = "/readyz"
			}
			return ask("http://" + address + path)
		},
	}
	cmd.Flags().StringVar(&address, "address", "127.0.0.1:9464", "where the worker listens")
	cmd.Flags().BoolVar(&ready, "ready", false, "ask whether it is ready, not only alive")
	return cmd
}

func ask(url string) error {
	client := http.Client{Timeout: 5 * time.Second}
	response, err := client.Get(url)
	if err != nil {
		return fmt.Errorf("no worker answers: %w", err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 4096))
	if err != nil {
		return fmt.Errorf("the worker's answer is cut off: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the worker is not well: %s", strings.TrimSpace(string(text)))
	}
	return nil
}
