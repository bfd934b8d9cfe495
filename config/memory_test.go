package config_test

import (
	"strings"
	"testing"

	"github.com/straytoken/straytoken/config"
)

func TestMemoryLimit(t *testing.T) {
	tests := map[string]struct {
		text string
		want int64 // 0: an error
	}{
		"default":   {"", 1 << 30},
		"least":     {"limits: {memory: 134217728}", 128 << 20},
		"too small": {"limits: {memory: 134217727}", 0},
		"negative":  {"limits: {memory: -1}", 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c, err := config.Parse([]byte(tt.text))
			switch {
			case tt.want == 0 && (err == nil || !strings.Contains(err.Error(), "limits.memory")):
				t.Errorf("got %v", err)
			case tt.want != 0 && (err != nil || c.Limits.Memory != tt.want):
				t.Errorf("got %+v, %v", c, err)
			}
		})
	}
}
