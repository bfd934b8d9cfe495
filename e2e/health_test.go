package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/straytoken/straytoken/state"
)

// A worker whose state table is away is not ready and says why, with and without work to do. It is alive: a restart does
// not bring the table back. Nothing is lost.
func TestReadinessTellsOfTheStateTable(t *testing.T) {
	w := newWorld(t, 1)
	n := w.start()
	awaitAnswer(t, n, "/readyz", 200, "ok")
	table, tables := w.stream+"-state", w.stack.DynamoDB()
	if _, err := tables.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: &table}); err != nil {
		t.Fatal(err)
	}
	awaitAnswer(t, n, "/readyz", 503, "the state table does not answer")
	w.put(key(1), encode(call(1, home(1), 0)))
	w.put(key(1), encode(call(1, abroad(1), 60)))
	awaitAnswer(t, n, "/readyz", 503, "shard shardId-000000000000 has not moved for")
	awaitAnswer(t, n, "/healthz", 200, "ok")
	m, err := n.Metrics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, series := range []string{"straytoken_shard_still_seconds", "straytoken_shard_behind_seconds"} {
		if v := m[series+`{shard="shardId-000000000000"}`]; v <= 0 {
			t.Errorf("%s is %v while the shard stands still", series, v)
		}
	}
	await(t, "the log names the shard that stands still", func() (bool, string) {
		text := n.log.String()
		_, line, ok := strings.Cut(text, "a shard stands still")
		line, _, _ = strings.Cut(line, "\n")
		return ok && strings.Contains(line, "shardId-000000000000") && strings.Contains(line, "for=") && strings.Contains(line, "why="), text
	})
	if err := state.NewDynamo(tables, table).Ensure(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	w.awaitAccused(1, 2)
	awaitAnswer(t, n, "/readyz", 200, "ok")
	w.stop()
}

func awaitAnswer(t *testing.T, n *node, path string, code int, says string) {
	t.Helper()
	await(t, path, func() (bool, string) {
		status, body, err := n.Get(t.Context(), path)
		return status == code && strings.Contains(body, says), fmt.Sprintf("%d %q %v, want %d %q", status, body, err, code, says)
	})
}
