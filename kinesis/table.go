package kinesis

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/vmware/vmware-go-kcl-v2/clientlibrary/checkpoint"
)

// Attributes of the lease table. A shard's row has a key and, each as it comes up, the others; a worker's row has a
// key, a counter and a limit; the row of the beginning has a key, a position and shards.
const (
	attrKey        = "LeaseKey"
	attrOwner      = "LeaseOwner"
	attrToken      = "LeaseToken"   // new with every change of owner: fences the former one
	attrCounter    = "LeaseCounter" // moves as long as the owner lives
	attrCheckpoint = "LeaseCheckpoint"
	attrMaxShards  = "MaxShards"
	attrPosition   = "StartPosition"
	attrShards     = "StartShards"
)

// shardEnd is the checkpoint of a shard that was read to its end.
const shardEnd = checkpoint.ShardEnd

// errFenced says that a conditional write found the row changed by another worker.
var errFenced = errors.New("the lease belongs to another worker")

type item = map[string]types.AttributeValue

// table is the lease table as one worker sees it: every method is one round trip (scan: one per page). All rows of
// one incarnation of one stream share a prefix, so that a stream that was deleted and created again starts afresh.
type table struct {
	api      *dynamodb.Client
	name     string
	owner    string // this worker
	stream   string
	identity identity
}

// row is a shard's row.
type row struct {
	owner, token, checkpoint string
	counter                  int64
}

// ended reports whether the shard was read to its end.
func (r row) ended() bool { return r.checkpoint == shardEnd }

func (t *table) prefix() string             { return t.stream + "@" + t.identity.String() + "/" }
func (t *table) shardKey(shard string) item { return item{attrKey: text(t.prefix() + shard)} }
func (t *table) workerKey(owner string) item {
	return item{attrKey: text(t.prefix() + workerMark + owner)}
}

// acquire takes the shard's lease if its row still is what was seen. It returns the row as it is now.
func (t *table) acquire(ctx context.Context, shard, token string, seen row) (row, error) {
	cond := "attribute_not_exists(LeaseOwner)"
	values := item{":me": text(t.owner), ":t": text(token), ":one": number(1), ":end": text(shardEnd)}
	if seen.owner != "" {
		cond = "LeaseOwner = :o AND LeaseToken = :ot AND LeaseCounter = :oc"
		values[":o"], values[":ot"], values[":oc"] = text(seen.owner), text(seen.token), number(seen.counter)
	}
	out, err := t.update(ctx, &dynamodb.UpdateItemInput{
		Key:                       t.shardKey(shard),
		UpdateExpression:          aws.String("SET LeaseOwner = :me, LeaseToken = :t ADD LeaseCounter :one"),
		ConditionExpression:       aws.String("(" + cond + ") AND (attribute_not_exists(LeaseCheckpoint) OR LeaseCheckpoint <> :end)"),
		ExpressionAttributeValues: values,
		ReturnValues:              types.ReturnValueAllNew,
	})
	if err != nil {
		return row{}, err
	}
	return parseRow(out.Attributes), nil
}

// renew shows that the owner lives. It touches nothing but the counter.
func (t *table) renew(ctx context.Context, shard, token string) error {
	return t.owned(ctx, shard, token, "ADD LeaseCounter :one", "", item{":one": number(1)})
}

// checkpoint moves the shard's checkpoint from one place to another, and renews the lease. Repeating a write that did
// take effect succeeds; a write that arrives late, after a newer one, does not.
func (t *table) checkpoint(ctx context.Context, shard, token, from, to string) error {
	cond, values := "attribute_not_exists(LeaseCheckpoint)", item{":to": text(to), ":one": number(1)}
	if from != "" {
		cond = "LeaseCheckpoint = :from"
		values[":from"] = text(from)
	}
	return t.owned(ctx, shard, token, "SET LeaseCheckpoint = :to ADD LeaseCounter :one",
		"("+cond+" OR LeaseCheckpoint = :to)", values)
}

// release frees the lease. The checkpoint stays.
func (t *table) release(ctx context.Context, shard, token string) error {
	return t.owned(ctx, shard, token, "REMOVE LeaseOwner, LeaseToken", "", item{})
}

// owned is an update on condition that this worker still owns the lease under token.
func (t *table) owned(ctx context.Context, shard, token, expr, cond string, values item) error {
	full := "LeaseOwner = :me AND LeaseToken = :t"
	if cond != "" {
		full += " AND " + cond
	}
	values[":me"], values[":t"] = text(t.owner), text(token)
	_, err := t.update(ctx, &dynamodb.UpdateItemInput{
		Key: t.shardKey(shard), UpdateExpression: &expr, ConditionExpression: &full, ExpressionAttributeValues: values,
	})
	return err
}

// heartbeat shows that this worker lives and how many shards it will hold at most.
func (t *table) heartbeat(ctx context.Context, maxShards int) error {
	_, err := t.update(ctx, &dynamodb.UpdateItemInput{
		Key:                       t.workerKey(t.owner),
		UpdateExpression:          aws.String("SET MaxShards = :max ADD LeaseCounter :one"),
		ExpressionAttributeValues: item{":max": number(int64(maxShards)), ":one": number(1)},
	})
	return err
}

func (t *table) update(ctx context.Context, in *dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error) {
	in.TableName = &t.name
	out, err := t.api.UpdateItem(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("update the lease table: %w", fenced(err))
	}
	return out, nil
}

// remove deletes a row on condition; a row that does not meet it stays, without an error.
func (t *table) remove(ctx context.Context, key item, cond string, values item) error {
	in := &dynamodb.DeleteItemInput{TableName: &t.name, Key: key}
	if cond != "" {
		in.ConditionExpression, in.ExpressionAttributeValues = &cond, values
	}
	_, err := t.api.DeleteItem(ctx, in)
	if err = fenced(err); err != nil && !errors.Is(err, errFenced) {
		return fmt.Errorf("delete from the lease table: %w", err)
	}
	return nil
}

func fenced(err error) error {
	var failed *types.ConditionalCheckFailedException
	if errors.As(err, &failed) {
		return errFenced
	}
	return err
}

func parseRow(it item) row {
	return row{
		owner:      getText(it, attrOwner),
		token:      getText(it, attrToken),
		checkpoint: getText(it, attrCheckpoint),
		counter:    getNumber(it, attrCounter),
	}
}

func text(v string) types.AttributeValue { return &types.AttributeValueMemberS{Value: v} }

func number(v int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(v, 10)}
}

// getText returns "" for an attribute that is absent or of another type.
func getText(it item, name string) string {
	if v, ok := it[name].(*types.AttributeValueMemberS); ok {
		return v.Value
	}
	return ""
}

// getNumber returns 0 for an attribute that is absent or of another type.
func getNumber(it item, name string) int64 {
	v, ok := it[name].(*types.AttributeValueMemberN)
	if !ok {
		return 0
	}
	n, err := strconv.ParseInt(v.Value, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// identity tells incarnations of a stream of one name apart: its creation time.
type identity time.Time

// String returns the creation time in milliseconds since 1970.
func (i identity) String() string { return strconv.FormatInt(time.Time(i).UnixMilli(), 10) }
