package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/straytoken/straytoken/devstack/demo/worker"
)

// Records that unpack to as much as they may, on all shards at once, must not take a worker over its memory limit, and
// what follows them must be found.
func TestHostileRecordsStayUnderTheMemoryLimit(t *testing.T) {
	if raceDetector {
		t.Skip("with the race detector a worker takes several times as much memory")
	}
	const shards, each, limit = 8, 6, 512 << 20
	w := newWorld(t, shards)
	config := filepath.Join(t.TempDir(), "memory.yaml")
	write(t, config, []byte(fmt.Sprintf("limits:\n  memory: %d\n", limit)))
	large := call(3, home(3), 0)
	large["requestParameters"] = object{"padding": strings.Repeat("x", 1<<20)}
	full := zip([]byte(`{"Records":[` + strings.Repeat(string(encode(large))+",", 55) + string(encode(large)) + `]}`)) // 56 MiB
	bomb := zip(make([]byte, 200<<20))
	for _, key := range w.hashKeys() {
		for range each {
			w.putTo(key, full)
			w.putTo(key, bomb)
		}
		w.putTo(key, encode(call(1, home(1), 0)))
	}
	w.putTo(w.hashKeys()[0], encode(call(1, abroad(1), 60)))
	n := w.start("--config", config)
	const records = shards*(2*each+1) + 1
	most := 0.0
	deadline := time.Now().Add(patience)
	for done := int64(0); done < records; time.Sleep(20 * time.Millisecond) {
		m, err := n.Metrics(t.Context())
		if err == nil {
			done, most = m.Sum(worker.Records), max(most, m["process_resident_memory_bytes"])
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d records are processed\n%s", done, records, w.logs())
		}
	}
	w.awaitAccused(1, 2)
	if got := n.count(t, "straytoken_dead_letters_total"); got != shards*each {
		t.Errorf("%d dead letters, want %d", got, shards*each)
	}
	t.Logf("at most %.0f MiB resident, the limit is %d", most/(1<<20), limit>>20)
	if most > limit {
		t.Errorf("%.0f MiB resident, the limit is %d", most/(1<<20), limit>>20)
	}
	w.stop()
}
