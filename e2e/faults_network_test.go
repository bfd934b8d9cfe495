package e2e

import (
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/straytoken/straytoken/devstack/faults"
)

// The operations on each table, which tell the two apart.
var (
	onState  = []string{"BatchWriteItem", "Query"}
	onLeases = []string{"UpdateItem", "Scan"}
)

// dynamoDBGone cuts both tables off, for longer than leases last.
func dynamoDBGone(f *field) {
	for _, fault := range []faults.Fault{faults.Silent, faults.Reset} {
		f.ill(f.dynamo, faults.All(fault), symptoms{says: "lease table"})
	}
}

// stateTableDead lets the connections to the state table die alone: leases are kept, and batches wait. What hangs then
// must be given up although nobody says that it is lost.
func stateTableDead(f *field) {
	f.ill(f.dynamo, faults.On(faults.Dead, onState...), symptoms{says: "shard", behind: true})
}

// stateTableThrottled refuses every fifth call and takes batches in part, while there is much to catch up with. It must be
// slower, and no more than that.
func stateTableThrottled(f *field) {
	f.dynamo.Set(faults.First(
		faults.Share(1./5, faults.On(faults.Refuse(faults.Throttled), onState...)),
		faults.On(faults.Part(3), "BatchWriteItem"),
	))
	f.must(f.load.put(f.t.Context(), f.load.parcels(4*f.size.rate)))
	ends := f.load.ends()
	await(f.t, "a backlog is worked off while the table throttles", func() (bool, string) {
		ok, why := f.drained(ends)
		return ok, why + "\n" + f.logs()
	})
	f.dynamo.Set(nil)
	f.recovers()
}

// leaseTableSick refuses some calls, and of others loses the answer after they took effect.
func leaseTableSick(f *field) {
	f.ill(f.dynamo, faults.First(
		faults.Share(1./3, faults.On(faults.Refuse(faults.Throttled), onLeases...)),
		faults.Share(1./4, faults.On(faults.Mute, onLeases...)),
	), symptoms{})
}

// kinesisSick goes through what reading can meet.
func kinesisSick(f *field) {
	for _, rule := range []faults.Rule{
		faults.All(faults.Silent),
		faults.All(faults.Status(503)),
		faults.On(faults.Refuse(faults.Throttled), "GetRecords"),
		faults.On(faults.Refuse(faults.ExpiredIterator), "GetRecords"),
	} {
		f.ill(f.kinesis, rule, symptoms{says: "shard", behind: true})
	}
}

// allLate makes every call slow.
func allLate(f *field) {
	const by = 200 * time.Millisecond
	f.kinesis.Set(faults.All(faults.Late(by)))
	f.dynamo.Set(faults.All(faults.Late(by)))
	f.pause(f.size.fault)
	f.kinesis.Set(nil)
	f.dynamo.Set(nil)
	f.recovers()
}

// oneShardSick lets one shard fail. The others must go on as if nothing was.
func oneShardSick(f *field) {
	sick := aws.ToString(f.open()[0].ShardId)
	f.kinesis.Set(faults.OnShard(faults.Reset, sick))
	f.pause(f.size.fault)
	ends := f.load.ends()
	rest := map[string]string{}
	for shard, end := range ends {
		if shard != sick {
			rest[shard] = end
		}
	}
	await(f.t, "the other shards go on", func() (bool, string) { return f.drained(rest) })
	if all, _ := f.drained(ends); all {
		f.t.Errorf("%s was read to its end: the fault did nothing", sick)
	}
	await(f.t, "one worker says that the shard fails", func() (bool, string) {
		ill := 0
		for _, h := range f.alive() {
			if why := f.unready(h); strings.Contains(why, sick) {
				ill++
			} else if why != "" {
				f.t.Errorf("%s is not ready: %s", h.name, why)
			}
		}
		return ill == 1, fmt.Sprintf("%d workers say that %s fails", ill, sick)
	})
	f.kinesis.Set(nil)
	f.recovers()
}

// symptoms are what a worker must show while a fault lasts.
type symptoms struct {
	says   string // why it is not ready; "": it may stay ready
	behind bool   // that it falls behind, by half of the time at least
}

// ill has a proxy follow a rule for the time of a fault, and checks the symptoms at its end.
func (f *field) ill(p *faults.Proxy, rule faults.Rule, s symptoms) {
	f.t.Helper()
	p.Set(rule)
	f.suffer(s)
	p.Set(nil)
	f.recovers()
}

// suffer waits for the time of a fault, and then until every worker shows what it must.
func (f *field) suffer(s symptoms) {
	f.t.Helper()
	f.pause(f.size.fault)
	await(f.t, "the fault shows", func() (bool, string) {
		for _, h := range f.alive() {
			if why := f.unready(h); s.says != "" && (!strings.HasPrefix(why, "503 ") || !strings.Contains(why, s.says)) {
				return false, fmt.Sprintf("%s: /readyz says %q, want 503 and something of %q\n%s", h.name, why, s.says, f.logs())
			}
			m, err := f.look(h)
			if lag := m[behindSeconds]; s.behind && (err != nil || lag < f.size.fault.Seconds()/2) {
				return false, fmt.Sprintf("%s: %.1f s behind (%v), of a fault of %s\n%s", h.name, lag, err, f.size.fault, f.logs())
			}
		}
		return true, ""
	})
}
