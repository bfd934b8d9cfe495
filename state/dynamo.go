package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"
)

// Attributes of the table's items: one immutable item a fact, so that writes need
// no condition, never meet and may be repeated.
const (
	attrKey     = "pk"  // string, the fact's key
	attrSort    = "sk"  // string, member NUL hex time NUL event id
	attrData    = "d"   // string, JSON of item
	attrExpires = "ttl" // number, wall clock seconds, DynamoDB's time to live
)

// item is the JSON payload of one fact.
type item struct {
	Observation
	Keep      int   `json:"K,omitempty"`
	Contested int   `json:"C,omitempty"`
	Members   int   `json:"M,omitempty"`
	Step      int64 `json:"S,omitempty"` // seconds
	Life      int64 `json:"L,omitempty"` // seconds
}

// writeBatch is the limit of BatchWriteItem.
const writeBatch = 25

// Dynamo is a Store in one DynamoDB table.
type Dynamo struct {
	client *dynamodb.Client
	table  string
	now    func() time.Time
	gate   *gate
}

// NewDynamo uses an existing table with string keys pk (hash) and sk (range); see
// CreateTable.
func NewDynamo(client *dynamodb.Client, table string) *Dynamo {
	return &Dynamo{client: dynamodb.New(client.Options(), impatient), table: table, now: time.Now, gate: newGate()}
}

// Put writes facts, one item each. It retries what DynamoDB leaves unprocessed
// until the context ends.
func (d *Dynamo) Put(ctx context.Context, facts []Fact) error {
	requests, err := d.requests(facts)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(mostCalls)
	for len(requests) > 0 {
		n := min(writeBatch, len(requests))
		batch := requests[:n]
		requests = requests[n:]
		g.Go(func() error { return d.write(ctx, batch) })
	}
	return g.Wait()
}

// requests makes one put a distinct item: BatchWriteItem refuses repetitions.
func (d *Dynamo) requests(facts []Fact) ([]types.WriteRequest, error) {
	at := make(map[string]int, len(facts))
	out := make([]types.WriteRequest, 0, len(facts))
	for i := range facts {
		f := &facts[i]
		attrs, err := d.encode(f)
		if err != nil {
			return nil, err
		}
		request := types.WriteRequest{PutRequest: &types.PutRequest{Item: attrs}}
		id := string(f.Key) + "\x00" + sortKey(f)
		if n, ok := at[id]; ok {
			out[n] = request
			continue
		}
		at[id] = len(out)
		out = append(out, request)
	}
	return out, nil
}

func sortKey(f *Fact) string {
	return f.Member + "\x00" + fmt.Sprintf("%010x", uint64(f.Time)) + "\x00" + f.EventID
}

func (d *Dynamo) encode(f *Fact) (map[string]types.AttributeValue, error) {
	data, err := json.Marshal(item{
		Observation: f.Observation, Keep: f.Keep, Contested: f.Retention.Contested,
		Members: f.Members, Step: int64(f.Step / time.Second), Life: int64(f.Life / time.Second),
	})
	if err != nil {
		return nil, fmt.Errorf("encode fact of %s: %w", f.Key.Kind(), err)
	}
	attrs := map[string]types.AttributeValue{
		attrKey:  &types.AttributeValueMemberS{Value: string(f.Key)},
		attrSort: &types.AttributeValueMemberS{Value: sortKey(f)},
		attrData: &types.AttributeValueMemberS{Value: string(data)},
	}
	if f.Life > 0 {
		attrs[attrExpires] = &types.AttributeValueMemberN{Value: strconv.FormatInt(d.wallExpiry(f), 10)}
	}
	return attrs, nil
}

// wallExpiry is the time to live on the wall clock: what an event of long ago
// states stays as long from now as it would have stayed from then.
func (d *Dynamo) wallExpiry(f *Fact) int64 {
	return max(f.Time, d.now().Unix()) + int64(f.Life/time.Second)
}

// write sends one batch until all of it is accepted.
func (d *Dynamo) write(ctx context.Context, batch []types.WriteRequest) error {
	for attempt := 0; len(batch) > 0; attempt++ {
		var out *dynamodb.BatchWriteItemOutput
		err := d.persist(ctx, func() (partly bool, err error) {
			out, err = d.client.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{
				RequestItems: map[string][]types.WriteRequest{d.table: batch},
			})
			return err == nil && len(out.UnprocessedItems) > 0, err
		})
		if err != nil {
			return fmt.Errorf("dynamodb BatchWriteItem on table %s: %w", d.table, err)
		}
		batch = out.UnprocessedItems[d.table]
		if len(batch) > 0 {
			if err := pause(ctx, attempt); err != nil {
				return fmt.Errorf("dynamodb table %s is throttled: %w", d.table, err)
			}
		}
	}
	return nil
}

// answerTimeout bounds the wait for one answer, after which the SDK asks again: a connection that died in silence must
// not hold a batch up. retryDelay bounds the SDK's pause before that, of up to 20 s by itself: a batch makes many calls.
const (
	answerTimeout = 5 * time.Second
	retryDelay    = time.Second
)

func impatient(o *dynamodb.Options) {
	o.Retryer = retry.AddWithMaxBackoffDelay(o.Retryer, retryDelay)
	if c, ok := o.HTTPClient.(*awshttp.BuildableClient); ok {
		o.HTTPClient = c.WithTimeout(answerTimeout)
	}
}

// persist makes a call, in its turn, again and again while DynamoDB throttles it, until the context ends. To give up
// would repeat the calls that went well before it, and a table that throttles would never see the end of a large batch.
// The call says whether it was throttled in part.
func (d *Dynamo) persist(ctx context.Context, call func() (partly bool, err error)) error {
	for attempt := 0; ; attempt++ {
		if err := d.gate.enter(ctx); err != nil {
			return fmt.Errorf("wait for other calls: %w", err)
		}
		partly, err := call()
		d.gate.leave(partly || throttled(err))
		if !throttled(err) {
			return err
		}
		if ended := pause(ctx, attempt); ended != nil {
			return fmt.Errorf("throttled: %w: %w", ended, err)
		}
	}
}

func throttled(err error) bool {
	return err != nil && retry.IsErrorThrottles(retry.DefaultThrottles).IsErrorThrottle(err) == aws.TrueTernary
}

// pause waits before another attempt: 50 ms doubling to 5 s, half of it random.
func pause(ctx context.Context, attempt int) error {
	wait := min(50*time.Millisecond<<min(attempt, 10), 5*time.Second)
	timer := time.NewTimer(wait/2 + rand.N(wait/2))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Get reads Sets by consistent queries, several at a time.
func (d *Dynamo) Get(ctx context.Context, keys []Key) (map[Key]*Set, error) {
	sets := make([]*Set, len(keys))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(mostCalls)
	for i, key := range keys {
		g.Go(func() (err error) {
			sets[i], err = d.query(ctx, key)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	out := make(map[Key]*Set, len(keys))
	for i, set := range sets {
		if set.Len() > 0 {
			out[keys[i]] = set
		}
	}
	return out, nil
}

func (d *Dynamo) query(ctx context.Context, key Key) (*Set, error) {
	pages := dynamodb.NewQueryPaginator(d.client, &dynamodb.QueryInput{
		TableName:                 aws.String(d.table),
		ConsistentRead:            aws.Bool(true),
		KeyConditionExpression:    aws.String(attrKey + " = :k"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":k": &types.AttributeValueMemberS{Value: string(key)}},
	})
	var facts []Fact
	for pages.HasMorePages() {
		var page *dynamodb.QueryOutput
		err := d.persist(ctx, func() (partly bool, err error) {
			page, err = pages.NextPage(ctx)
			return false, err
		})
		if err != nil {
			return nil, fmt.Errorf("dynamodb Query on table %s: %w", d.table, err)
		}
		for _, attrs := range page.Items {
			if d.expired(attrs) {
				continue
			}
			fact, err := decode(key, attrs)
			if err != nil {
				return nil, fmt.Errorf("table %s holds an item that straytoken did not write: %w", d.table, err)
			}
			facts = append(facts, fact)
		}
	}
	return union(facts), nil
}

// expired tells whether an item's time is over. DynamoDB deletes it only some time
// later, item by item: to read it until then would tear a Set apart.
func (d *Dynamo) expired(attrs map[string]types.AttributeValue) bool {
	at, _ := attrs[attrExpires].(*types.AttributeValueMemberN)
	if at == nil {
		return false
	}
	seconds, err := strconv.ParseInt(at.Value, 10, 64)
	return err == nil && seconds < d.now().Unix()
}

func decode(key Key, attrs map[string]types.AttributeValue) (Fact, error) {
	var i item
	sort, _ := attrs[attrSort].(*types.AttributeValueMemberS)
	data, _ := attrs[attrData].(*types.AttributeValueMemberS)
	if sort == nil || data == nil {
		return Fact{}, errors.New("attribute sk or d is missing")
	}
	if err := json.Unmarshal([]byte(data.Value), &i); err != nil {
		return Fact{}, fmt.Errorf("attribute d: %w", err)
	}
	member, _, _ := strings.Cut(sort.Value, "\x00")
	return Fact{Key: key, Member: member, Observation: i.Observation, Retention: Retention{
		Keep: i.Keep, Contested: i.Contested, Members: i.Members,
		Step: time.Duration(i.Step) * time.Second, Life: time.Duration(i.Life) * time.Second,
	}}, nil
}
