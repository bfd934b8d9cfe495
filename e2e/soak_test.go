package e2e

import (
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/straytoken/straytoken/devstack/faults"
)

// TestSoak keeps a steady load up for as long as -soak says, with a fault at random every now and then, and prints what
// the workers need of memory and goroutines as it goes, as CSV. It ends with the same account as every scenario.
func TestSoak(t *testing.T) {
	lasts, err := time.ParseDuration(*soak)
	if err != nil {
		t.Skip("skipped: -soak names no duration")
	}
	_, size := sizes()
	size.fault = 5 * time.Second
	var all outcomes
	steady := scenario{name: "steady load of " + lasts.String(), shards: 4, workers: 3, theftEvery: 50, tears: true,
		args: func(h *hand) []string { return []string{"--config", littleMemory(t, h)} }, fault: func(f *field) { f.soak(lasts) }}
	all.add(steady.run(t, size))
	all.print(os.Stdout)
}

// littleMemory is a configuration with the least memory that is allowed, so that the cache is full long before the end.
func littleMemory(t *testing.T, h *hand) string {
	t.Helper()
	path := filepath.Join(filepath.Dir(h.findings), "memory.yaml")
	if err := os.WriteFile(path, []byte("limits:\n  memory: 134217728\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// silences is how many samples a worker may leave out in a row: a machine that others use stands still now and then.
const silences = 3

const sampleEvery = 10 * time.Second

// soak samples the workers every 10 s, and after each sixth sample there is a fault.
func (f *field) soak(lasts time.Duration) {
	f.t.Helper()
	samples := csv.NewWriter(os.Stdout)
	f.must(samples.Write([]string{"seconds", "worker", "resident_bytes", "cache_bytes", "cache_keys", "goroutines", "behind_seconds", "sessions_put"}))
	begun := time.Now()
	for n := 1; time.Since(begun) < lasts; n++ {
		f.pause(sampleEvery)
		f.sample(samples, time.Since(begun))
		if n%6 == 0 {
			f.anyFault()
		}
	}
	f.recovers()
}

// sample writes a line a worker.
func (f *field) sample(to *csv.Writer, at time.Duration) {
	f.t.Helper()
	f.load.mu.Lock()
	put := f.load.next
	f.load.mu.Unlock()
	for _, h := range f.alive() {
		m, err := f.look(h)
		if err != nil {
			if h.silent++; h.silent >= silences {
				f.t.Errorf("%s did not tell how it is %d times in a row: %v", h.name, h.silent, err)
			}
			continue
		}
		h.silent = 0
		f.must(to.Write([]string{fmt.Sprintf("%.0f", at.Seconds()), h.name,
			strconv.FormatInt(m.Sum("process_resident_memory_bytes"), 10),
			strconv.FormatInt(m.Sum("straytoken_cache_bytes"), 10), strconv.FormatInt(m.Sum("straytoken_cache_keys"), 10), strconv.FormatInt(m.Sum("go_goroutines"), 10),
			fmt.Sprintf("%.1f", m[behindSeconds]), strconv.Itoa(put)}))
	}
	to.Flush()
	f.must(to.Error())
}

// anyFault lets one thing happen that may happen on any day. Workers stay, so that their memory can be followed, but for
// one, which is killed now and then.
func (f *field) anyFault() {
	f.t.Helper()
	everyday := []func(){
		func() { f.kinesis.Set(faults.All(faults.Status(503))) },
		func() { f.kinesis.Set(faults.Share(1./2, faults.All(faults.Reset))) },
		func() { f.dynamo.Set(faults.All(faults.Silent)) },
		func() { f.dynamo.Set(faults.Share(1./5, faults.All(faults.Refuse(faults.Throttled)))) },
		func() { f.dynamo.Set(faults.Share(1./5, faults.All(faults.Mute))) },
		func() { f.kill(f.alive()[len(f.alive())-1]); f.start() },
	}
	everyday[rand.N(len(everyday))]()
	f.pause(f.size.fault)
	f.kinesis.Set(nil)
	f.dynamo.Set(nil)
	f.recovers()
}
