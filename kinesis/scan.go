package kinesis

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// workerMark begins the key of a worker's row, after the prefix. No shard's name begins like it.
const workerMark = "worker/"

// contents is what the lease table holds about one stream.
type contents struct {
	shards  map[string]row
	workers map[string]workerRow
	begin   *beginning // nil: the application has never read this stream
	former  []string   // keys of rows of former incarnations of the stream
}

type workerRow struct {
	counter   int64
	maxShards int
}

// scan reads the whole table, strongly consistent.
func (t *table) scan(ctx context.Context) (contents, error) {
	c := contents{shards: map[string]row{}, workers: map[string]workerRow{}}
	pages := dynamodb.NewScanPaginator(t.api, &dynamodb.ScanInput{TableName: &t.name, ConsistentRead: aws.Bool(true)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return contents{}, fmt.Errorf("read the lease table: %w", err)
		}
		for _, it := range page.Items {
			if err := t.file(&c, it); err != nil {
				return contents{}, err
			}
		}
	}
	return c, nil
}

// file puts a row where it belongs. Rows of other streams belong nowhere.
func (t *table) file(c *contents, it item) (err error) {
	key := getText(it, attrKey)
	name, ours := strings.CutPrefix(key, t.prefix())
	worker, isWorker := strings.CutPrefix(name, workerMark)
	switch {
	case !ours:
		if t.former(key) {
			c.former = append(c.former, key)
		}
	case isWorker:
		c.workers[worker] = workerRow{getNumber(it, attrCounter), int(getNumber(it, attrMaxShards))}
	case name == beginningMark:
		c.begin, err = parseBeginning(it)
	default:
		c.shards[name] = parseRow(it)
	}
	return err
}

// former reports whether key belongs to an older incarnation of the stream.
func (t *table) former(key string) bool {
	rest, ok := strings.CutPrefix(key, t.stream+"@")
	if !ok {
		return false
	}
	created, _, ok := strings.Cut(rest, "/")
	if !ok {
		return false
	}
	then, err := strconv.ParseInt(created, 10, 64)
	now, _ := strconv.ParseInt(t.identity.String(), 10, 64)
	return err == nil && then < now
}
