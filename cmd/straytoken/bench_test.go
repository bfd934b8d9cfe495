package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

const oneEvent = `{"Records":[{"eventTime":"2027-01-10T08:00:00Z","eventSource":"sts.amazonaws.com","eventName":"GetCallerIdentity","eventID":"e1","sourceIPAddress":"192.0.2.1","userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE:b","accessKeyId":"ASIAEXAMPLEEXAMPLE01"}}]}`

func TestBenchCommand(t *testing.T) {
	for name, tt := range map[string]struct {
		args []string
		code int
		says string
	}{
		"simulated traffic": {[]string{"--duration", "80ms"}, exitDone, "whole, known sessions"},
		"a file":            {[]string{"--duration", "80ms", temporary(t, "t.json", oneEvent)}, exitDone, "1 events in 1 records, files"},
		"an unknown format": {[]string{"--format", "xml"}, exitUsage, `unknown format "xml"`},
		"no time":           {[]string{"--duration", "0s"}, exitUsage, "--duration 0s: want more than nothing"},
		"no such file":      {[]string{filepath.Join(t.TempDir(), "gone")}, exitInput, "gone"},
		"no trail":          {[]string{temporary(t, "t.txt", "hello")}, exitInput, "nothing here is CloudTrail"},
	} {
		t.Run(name, func(t *testing.T) {
			code, says := commandLine(t, append([]string{"bench"}, tt.args...)...)
			if code != tt.code || !strings.Contains(says, tt.says) {
				t.Errorf("exit code %d, want %d; says %s", code, tt.code, says)
			}
		})
	}
}

func TestBenchJSON(t *testing.T) {
	code, says := commandLine(t, "bench", "--format", "json", "--duration", "80ms", temporary(t, "t.json", oneEvent))
	var r benchReport
	if err := json.Unmarshal([]byte(says), &r); err != nil || code != exitDone {
		t.Fatalf("exit code %d: %v: %s", code, err, says)
	}
	if r.Events != 1 || r.Records != 1 || len(r.Results)%4 != 0 || len(r.Results) == 0 {
		t.Errorf("reports %+v", r)
	}
	for _, one := range r.Results {
		if one.EventsPerSecond <= 0 || one.BytesPerSecond <= 0 || one.AgainstGunzip <= 0 || one.Shards <= 0 {
			t.Errorf("reports %+v", one)
		}
	}
}
