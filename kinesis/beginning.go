package kinesis

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	kinesistypes "github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

const (
	// beginningMark is the key, after the prefix, of the row of the beginning.
	beginningMark = "beginning"
	// latestMargin moves Latest back, because arrival times are approximate and servers tell whole seconds: at most
	// a few records too many, never one too few.
	latestMargin = 2 * time.Second
)

// beginning is where an application began to read a stream. It is written once, in one conditional write, before any
// record is read. Without it, "latest" would mean another place after a restart or a split that comes before the first
// checkpoint, and records would be lost.
type beginning struct {
	position Position        // trim-horizon or a time, never "latest"
	shards   map[string]bool // the shards that existed then: position holds for them, younger ones are read whole
}

// of returns where to start reading a shard that has no checkpoint.
func (b *beginning) of(shard string) Position {
	if b == nil || !b.shards[shard] {
		return TrimHorizon()
	}
	return b.position
}

// fix turns a configured position into a lasting one.
func fix(p Position, now time.Time) Position {
	if p == Latest() {
		return At(now.Add(-latestMargin))
	}
	return p
}

// writeBeginning records b unless another worker was first. The next scan tells whose it is.
func (t *table) writeBeginning(ctx context.Context, b beginning) error {
	it := item{attrKey: text(t.prefix() + beginningMark), attrPosition: text(b.position.String())}
	if len(b.shards) > 0 {
		names := &types.AttributeValueMemberSS{}
		for shard := range b.shards {
			names.Value = append(names.Value, shard)
		}
		it[attrShards] = names
	}
	_, err := t.api.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &t.name, Item: it, ConditionExpression: aws.String("attribute_not_exists(LeaseKey)"),
	})
	if err = fenced(err); err != nil && !errors.Is(err, errFenced) {
		return fmt.Errorf("record the beginning in the lease table: %w", err)
	}
	return nil
}

func parseBeginning(it item) (*beginning, error) {
	position, err := ParsePosition(getText(it, attrPosition))
	if err != nil {
		return nil, fmt.Errorf("read the beginning in the lease table: %w", err)
	}
	b := &beginning{position: position, shards: map[string]bool{}}
	if names, ok := it[attrShards].(*types.AttributeValueMemberSS); ok {
		for _, shard := range names.Value {
			b.shards[shard] = true
		}
	}
	return b, nil
}

// chooseBeginning is the beginning for an application that has none. A stream that was deleted and created again
// under an application that had been reading it is read whole: all that it holds came after the beginning.
func chooseBeginning(wanted Position, c contents, shards []kinesistypes.Shard, now time.Time) beginning {
	if len(c.former) > 0 {
		wanted = TrimHorizon()
	}
	b := beginning{position: fix(wanted, now), shards: map[string]bool{}}
	for _, s := range shards {
		b.shards[aws.ToString(s.ShardId)] = true
	}
	return b
}
