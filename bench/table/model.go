package main

import (
	"fmt"
	"math"
	"strings"

	"github.com/straytoken/straytoken/bench"
)

// The organisation of the model: what is assumed, not measured.
const (
	modelEvents     = 10e6 / 60 // a second
	modelPerSession = 500.0     // events of a session in its life
	modelRemembered = 6.0       // hours that a session stays known in memory
	modelStored     = 3.0       // days that its facts stay in the table
	modelReserve    = 2.0       // how much larger shards and cores are than the mean needs
	modelItem       = 650.0     // bytes that an item takes in the table
	modelReadUnits  = 1.5       // units that a read of a key takes, each 4 KB
	modelProgram    = 0.5e9     // bytes that a worker takes besides sessions
	modelCores      = 2.0       // of a worker
)

// List prices of us-east-1, in dollars. docs/performance.md names their sources.
const (
	priceShardHour   = 0.015
	pricePutUnits    = 0.014 // a million of 25 KB
	priceWriteUnits  = 0.625 // a million, on demand
	priceReadUnits   = 0.125 // a million, on demand
	priceStorage     = 0.25  // a GB and month
	priceCoreHour    = 0.04048
	priceMemoryHour  = 0.004445 // a GB
	hoursAMonth      = 730.0
	secondsAMonth    = hoursAMonth * 3600
	shardBytes       = 1 << 20 // a second
	shardRecords     = 1000.0  // a second
	putUnit          = 25 << 10
	eventBridgeBytes = 2000.0 // a record of one event
)

// figures are what the model takes from measurements.
type figures struct{ ns, bytes, heap, writes, reads float64 }

// modelText is the model, and the costs of a million events; nothing where not all was
// measured that they need.
func modelText(lines []line) (model, million string) {
	by := map[string]float64{}
	for _, l := range lines {
		if l.key != "" && len(l.samples) > 0 {
			by[l.key] = bench.Median(l.samples)
		}
	}
	f := figures{by["cloudwatch"], by["cloudwatch size"], by["heap"], by["writes"], by["reads"]}
	if min(f.ns, f.bytes, f.heap, f.writes) <= 0 {
		return "", ""
	}
	var a, b strings.Builder
	f.organisation(&a)
	f.million(&b)
	return a.String(), b.String()
}

// organisation is the model of a large organisation.
func (f figures) organisation(b *strings.Builder) {
	bytes, records := modelEvents*f.bytes, modelEvents/bench.PerLog
	shards := math.Ceil(modelReserve * max(bytes/shardBytes, records/shardRecords))
	sessions := modelEvents / modelPerSession
	known := sessions * modelRemembered * 3600
	busy := modelEvents * f.ns / 1e9
	workers := math.Ceil(max(modelReserve*busy/modelCores, 2))
	memory := known*f.heap*2 + workers*modelProgram // twice: room for the garbage collector
	writes, reads := sessions*f.writes, sessions*f.reads*modelReadUnits
	stored := writes * modelItem * modelStored * 24 * 3600
	rows := [][]string{{"", "", "dollars a month"},
		{"events", fmt.Sprintf("%.0f a second, %.0f bytes each when compressed", modelEvents, f.bytes), ""}}
	total := 0.0
	row := func(what, much string, price float64) {
		rows, total = append(rows, []string{what, much, dollars(price)}), total+price
	}
	row("Kinesis, records", fmt.Sprintf("%.0f a second of %.1f KB", records, bytes/records/1000), puts(records*secondsAMonth, bytes/records))
	row("Kinesis, shards", fmt.Sprintf("%.0f, of which %.0f would do", shards, math.Ceil(shards/modelReserve)), shards*hoursAMonth*priceShardHour)
	row("workers", fmt.Sprintf("%.0f of %.0f cores; %.1f cores busy", workers, modelCores, busy), workers*modelCores*hoursAMonth*priceCoreHour)
	row("their memory", fmt.Sprintf("%.1f GB for %.1f million known sessions", memory/1e9, known/1e6), memory/1e9*hoursAMonth*priceMemoryHour)
	row("DynamoDB, writes", fmt.Sprintf("%.0f units a second, of %.0f new sessions", writes, sessions), writes*secondsAMonth/1e6*priceWriteUnits)
	row("DynamoDB, reads", fmt.Sprintf("%.0f units a second", reads), reads*secondsAMonth/1e6*priceReadUnits)
	row("DynamoDB, storage", fmt.Sprintf("%.0f GB", stored/1e9), stored/1e9*priceStorage)
	row("together", "", total)
	bench.WriteTable(b, rows)
}

// million is what a million events cost in the two services, by how long sessions are and
// by the feed.
func (f figures) million(b *strings.Builder) {
	rows := [][]string{{"dollars for a million events", "Kinesis", "DynamoDB"}}
	row := func(feed string, records, bytes, perSession float64) {
		shardHours := modelReserve * max(records*bytes/shardBytes, records/shardRecords) / 3600
		sessions := 1e6 / perSession
		units := sessions*f.writes/1e6*priceWriteUnits + sessions*f.reads*modelReadUnits/1e6*priceReadUnits
		rows = append(rows, []string{fmt.Sprintf("%s, sessions of %.0f events", feed, perSession),
			fmt.Sprintf("%.4f", shardHours*priceShardHour+puts(records, bytes)), fmt.Sprintf("%.4f", units)})
	}
	for _, perSession := range []float64{50, 500, 5000} {
		row("CloudWatch Logs", 1e6/bench.PerLog, f.bytes*bench.PerLog, perSession)
	}
	row("EventBridge", 1e6, eventBridgeBytes, modelPerSession)
	bench.WriteTable(b, rows)
}

// puts is the price of putting records of a size.
func puts(records, bytes float64) float64 {
	return records * math.Ceil(bytes/putUnit) / 1e6 * pricePutUnits
}

// dollars writes an amount with two digits that mean something.
func dollars(v float64) string {
	if v < 10 {
		return fmt.Sprintf("%.1f", v)
	}
	round := math.Pow(10, math.Floor(math.Log10(v))-1)
	return bench.Thousands(int(math.Round(v/round) * round))
}
