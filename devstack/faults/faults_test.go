package faults_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/straytoken/straytoken/devstack"
	"github.com/straytoken/straytoken/devstack/faults"
)

const stream, table = "faulty", "faulty"

// world is a stream of two shards and a table behind proxies.
type world struct {
	kinesis, dynamo *faults.Proxy
	stream          *kinesis.Client
	table           *dynamodb.Client
	direct          *devstack.Stack
}

func newWorld(t *testing.T) *world {
	t.Helper()
	s, err := devstack.Start(t.Context(), devstack.Options{})
	if errors.Is(err, devstack.ErrNoNode) {
		t.Skipf("skipped: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	w := &world{kinesis: proxy(t, s.KinesisEndpoint), dynamo: proxy(t, s.DynamoDBEndpoint), direct: s}
	w.stream = s.Kinesis(func(o *kinesis.Options) { o.BaseEndpoint, o.RetryMaxAttempts = aws.String(w.kinesis.URL()), 1 })
	w.table = s.DynamoDB(func(o *dynamodb.Options) { o.BaseEndpoint, o.RetryMaxAttempts = aws.String(w.dynamo.URL()), 1 })
	if err := s.CreateStream(t.Context(), stream, 2); err != nil {
		t.Fatal(err)
	}
	createTable(t, w.table)
	return w
}

func proxy(t *testing.T, upstream string) *faults.Proxy {
	t.Helper()
	p, err := faults.Start(upstream)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

func createTable(t *testing.T, db *dynamodb.Client) {
	t.Helper()
	_, err := db.CreateTable(t.Context(), &dynamodb.CreateTableInput{TableName: aws.String(table), BillingMode: ddbtypes.BillingModePayPerRequest,
		AttributeDefinitions: []ddbtypes.AttributeDefinition{{AttributeName: aws.String("k"), AttributeType: ddbtypes.ScalarAttributeTypeS}},
		KeySchema:            []ddbtypes.KeySchemaElement{{AttributeName: aws.String("k"), KeyType: ddbtypes.KeyTypeHash}}})
	if err != nil {
		t.Fatal(err)
	}
	waiter := dynamodb.NewTableExistsWaiter(db, func(o *dynamodb.TableExistsWaiterOptions) { o.MinDelay, o.MaxDelay = 20*time.Millisecond, time.Second })
	if err := waiter.Wait(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String(table)}, time.Minute); err != nil {
		t.Fatal(err)
	}
}

// put writes one item and gives the error.
func (w *world) put(ctx context.Context, key string) error {
	_, err := w.table.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String(table), Item: item(key)})
	return err
}

func item(key string) map[string]ddbtypes.AttributeValue {
	return map[string]ddbtypes.AttributeValue{"k": &ddbtypes.AttributeValueMemberS{Value: key}}
}

// has tells whether an item is in the table, asking the server directly.
func (w *world) has(t *testing.T, key string) bool {
	t.Helper()
	out, err := w.direct.DynamoDB().GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String(table), Key: item(key), ConsistentRead: aws.Bool(true)})
	if err != nil {
		t.Fatal(err)
	}
	return len(out.Item) > 0
}

func TestCallsPassAndFail(t *testing.T) {
	w := newWorld(t)
	tests := []struct {
		name    string
		fault   faults.Fault
		ok      bool
		arrives bool
		took    time.Duration // at least
	}{
		{name: "passes", ok: true, arrives: true},
		{name: "late", fault: faults.Late(300 * time.Millisecond), ok: true, arrives: true, took: 300 * time.Millisecond},
		{name: "reset", fault: faults.Reset},
		{name: "answer lost", fault: faults.Mute, arrives: true},
		{name: "503", fault: faults.Status(503)},
		{name: "throttled", fault: faults.Refuse(faults.Throttled)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w.dynamo.Set(faults.On(tt.fault, "PutItem"))
			defer w.dynamo.Set(nil)
			begun := time.Now()
			if err := w.put(t.Context(), tt.name); (err == nil) != tt.ok {
				t.Errorf("error %v, want ok: %v", err, tt.ok)
			}
			if took := time.Since(begun); took < tt.took {
				t.Errorf("it took %s, want at least %s", took, tt.took)
			}
			if got := w.has(t, tt.name); got != tt.arrives {
				t.Errorf("the item is there: %v, want %v", got, tt.arrives)
			}
		})
	}
}

func TestErrorsAreThoseOfTheService(t *testing.T) {
	w := newWorld(t)
	w.dynamo.Set(faults.All(faults.Refuse(faults.Throttled)))
	var throttled *ddbtypes.ProvisionedThroughputExceededException
	if err := w.put(t.Context(), "a"); !errors.As(err, &throttled) {
		t.Errorf("got %v, want %s", err, faults.Throttled)
	}
	w.dynamo.Set(faults.All(faults.Status(500)))
	var status *smithyhttp.ResponseError
	if err := w.put(t.Context(), "a"); !errors.As(err, &status) || status.HTTPStatusCode() != 500 {
		t.Errorf("got %v, want status 500", err)
	}
}

func TestSilenceEndsWithItsRuleAndTheCallArrivesLate(t *testing.T) {
	w := newWorld(t)
	w.dynamo.Set(faults.All(faults.Silent))
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := w.put(ctx, "late"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the end of the client's patience", err)
	}
	if w.has(t, "late") {
		t.Error("the call arrived while the network was silent")
	}
	w.dynamo.Set(nil)
	for deadline := time.Now().Add(10 * time.Second); !w.has(t, "late"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the call never arrived")
		}
	}
}

func TestDeadConnectionsStayDead(t *testing.T) {
	w := newWorld(t)
	w.dynamo.Set(faults.All(faults.Dead))
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	go func() {
		time.Sleep(100 * time.Millisecond)
		w.dynamo.Set(nil)
	}()
	if err := w.put(ctx, "dead"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the end of the client's patience", err)
	}
	if err := w.put(t.Context(), "alive"); err != nil || w.has(t, "dead") {
		t.Errorf("after the fault: %v; the dead call arrived: %v", err, w.has(t, "dead"))
	}
}

func TestBatchesAreTakenInPart(t *testing.T) {
	w := newWorld(t)
	w.dynamo.Set(faults.All(faults.Part(3)))
	var puts []ddbtypes.WriteRequest
	for i := range 7 {
		puts = append(puts, ddbtypes.WriteRequest{PutRequest: &ddbtypes.PutRequest{Item: item(fmt.Sprint(i))}})
	}
	out, err := w.table.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]ddbtypes.WriteRequest{table: puts}})
	if err != nil {
		t.Fatal(err)
	}
	if left := len(out.UnprocessedItems[table]); left != 2 || !w.has(t, "2") || w.has(t, "3") || w.has(t, "6") {
		t.Errorf("%d items are said to be unprocessed, want the 2 that are missing", left)
	}

	w.kinesis.Set(faults.All(faults.Part(2)))
	var records []types.PutRecordsRequestEntry
	for i := range 5 {
		records = append(records, types.PutRecordsRequestEntry{Data: fmt.Append(nil, i), PartitionKey: aws.String(fmt.Sprint(i))})
	}
	put, err := w.stream.PutRecords(t.Context(), &kinesis.PutRecordsInput{StreamName: aws.String(stream), Records: records})
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range put.Records {
		if failed := i == 2 || i == 4; (r.ErrorCode != nil) != failed || (r.SequenceNumber == nil) != failed {
			t.Errorf("record %d: %s, %s; want it to fail: %v", i, aws.ToString(r.ErrorCode), aws.ToString(r.SequenceNumber), failed)
		}
	}
	if n := aws.ToInt32(put.FailedRecordCount); n != 2 {
		t.Errorf("%d failed records are counted, want 2", n)
	}
}

func TestOneShardFailsAlone(t *testing.T) {
	w := newWorld(t)
	sick, well := w.iterator(t, "shardId-000000000000"), w.iterator(t, "shardId-000000000001")
	well = w.read(t, well) // the next iterator is known too
	w.kinesis.Set(faults.OnShard(faults.Refuse(faults.ExpiredIterator), "shardId-000000000000"))
	_, err := w.stream.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: &sick})
	var expired *types.ExpiredIteratorException
	if !errors.As(err, &expired) {
		t.Errorf("got %v, want %s", err, faults.ExpiredIterator)
	}
	w.read(t, well)
}

func (w *world) iterator(t *testing.T, shard string) string {
	t.Helper()
	out, err := w.stream.GetShardIterator(t.Context(), &kinesis.GetShardIteratorInput{StreamName: aws.String(stream), ShardId: &shard,
		ShardIteratorType: types.ShardIteratorTypeTrimHorizon})
	if err != nil {
		t.Fatal(err)
	}
	return aws.ToString(out.ShardIterator)
}

// read reads once and gives the next iterator.
func (w *world) read(t *testing.T, iterator string) string {
	t.Helper()
	out, err := w.stream.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: &iterator})
	if err != nil {
		t.Fatal(err)
	}
	return aws.ToString(out.NextShardIterator)
}

func TestRulesChoose(t *testing.T) {
	reset := func(r faults.Rule, c faults.Call) bool { return r(c) != nil }
	get, put := faults.Call{Operation: "GetRecords", Shard: "a"}, faults.Call{Operation: "PutRecords"}
	tests := map[string]struct {
		rule     faults.Rule
		get, put bool
	}{
		"all":    {faults.All(faults.Reset), true, true},
		"on":     {faults.On(faults.Reset, "PutRecords", "PutRecord"), false, true},
		"shard":  {faults.OnShard(faults.Reset, "a"), true, false},
		"never":  {faults.Share(0, faults.All(faults.Reset)), false, false},
		"always": {faults.Share(1, faults.All(faults.Reset)), true, true},
		"first":  {faults.First(faults.OnShard(faults.Reset, "b"), faults.On(faults.Reset, "GetRecords")), true, false},
	}
	for name, tt := range tests {
		if got := reset(tt.rule, get); got != tt.get {
			t.Errorf("%s: a read fails: %v, want %v", name, got, tt.get)
		}
		if got := reset(tt.rule, put); got != tt.put {
			t.Errorf("%s: a put fails: %v, want %v", name, got, tt.put)
		}
	}
}
