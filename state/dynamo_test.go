package state_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/straytoken/straytoken/devstack"
	"github.com/straytoken/straytoken/devstack/faults"
	"github.com/straytoken/straytoken/state"
)

// local is the local DynamoDB of this package's tests, started once.
var local struct {
	once  sync.Once
	stack *devstack.Stack
	err   error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if local.stack != nil {
		local.stack.Close()
	}
	os.Exit(code)
}

func stack(t *testing.T) *devstack.Stack {
	t.Helper()
	local.once.Do(func() { local.stack, local.err = devstack.Start(context.Background(), devstack.Options{}) })
	if errors.Is(local.err, devstack.ErrNoNode) {
		t.Skip("the local DynamoDB needs Node and npm, which are not installed")
	}
	if local.err != nil {
		t.Fatal(local.err)
	}
	return local.stack
}

var tables atomic.Int64

// dynamo makes a store in a table of its own.
func dynamo(t *testing.T, options ...func(*dynamodb.Options)) (*state.Dynamo, string) {
	t.Helper()
	table := fmt.Sprintf("state-%d", tables.Add(1))
	clean := state.NewDynamo(stack(t).DynamoDB(), table)
	if err := clean.Ensure(context.Background(), true); err != nil {
		t.Fatal(err)
	}
	return state.NewDynamo(stack(t).DynamoDB(options...), table), table
}

// TestDynamoIsMemory: a table gives the same Sets as memory, also when facts come
// twice and in another order.
func TestDynamoIsMemory(t *testing.T) {
	ctx := context.Background()
	store, _ := dynamo(t)
	r := rand.New(rand.NewPCG(5, 5))
	facts := history(r, 200)
	memory := state.NewMemory(100)
	if err := memory.Put(ctx, facts); err != nil {
		t.Fatal(err)
	}
	again := append(append([]state.Fact{}, facts...), facts[:80]...)
	r.Shuffle(len(again), func(i, j int) { again[i], again[j] = again[j], again[i] })
	if err := store.Put(ctx, again); err != nil {
		t.Fatal(err)
	}
	sets, err := store.Get(ctx, []state.Key{"session/0", "session/1", "session/none"})
	if err != nil {
		t.Fatal(err)
	}
	if _, there := sets["session/none"]; there {
		t.Error("an unknown key has a Set")
	}
	for _, key := range []state.Key{"session/0", "session/1"} {
		if a, b := describe(memory.Set(key)), describe(sets[key]); a != b {
			t.Errorf("%s: memory has\n%s\nthe table\n%s", key, a, b)
		}
	}
}

// TestBothSeeOneSeesBoth: of two workers that note two addresses of one session at
// the same moment and then read, at least one reads both.
func TestBothSeeOneSeesBoth(t *testing.T) {
	ctx := context.Background()
	store, _ := dynamo(t)
	for round := range 20 {
		key := fmt.Sprintf("session/%d", round)
		var seen [2]int
		var wg sync.WaitGroup
		for w := range seen {
			wg.Go(func() {
				facts := state.NewFacts(store, 100)
				if _, err := facts.Absorb(ctx, []state.Fact{fact(key, fmt.Sprintf("use|%d", w), 1, fmt.Sprint(w), state.Retention{})}); err != nil {
					t.Error(err)
				}
				sets, err := facts.Sets(ctx, []state.Key{state.Key(key)})
				if err != nil {
					t.Error(err)
				}
				seen[w] = sets[state.Key(key)].Len()
			})
		}
		wg.Wait()
		if max(seen[0], seen[1]) != 2 {
			t.Errorf("round %d: the workers see %d and %d addresses, none sees both", round, seen[0], seen[1])
		}
	}
}

// TestLargeSet: a Set larger than one page of a query is read whole.
func TestLargeSet(t *testing.T) {
	ctx := context.Background()
	store, _ := dynamo(t)
	var facts []state.Fact
	for i := range 1500 {
		f := fact("session/big", fmt.Sprintf("token|%d", i), int64(i), fmt.Sprint(i), state.Retention{})
		f.Value = strings.Repeat("v", 1000)
		facts = append(facts, f)
	}
	if err := store.Put(ctx, facts); err != nil {
		t.Fatal(err)
	}
	sets, err := store.Get(ctx, []state.Key{"session/big"})
	if err != nil || sets["session/big"].Len() != 1500 {
		t.Errorf("%d members, %v; want 1500", sets["session/big"].Len(), err)
	}
}

// faulty is a network that fails requests, before or after they reach the table,
// or answers that the table did only a part.
type faulty struct {
	next aws.HTTPClient
	mu   sync.Mutex
	rand *rand.Rand
}

func (f *faulty) Do(r *http.Request) (*http.Response, error) {
	f.mu.Lock()
	n := f.rand.IntN(6)
	f.mu.Unlock()
	if n == 0 {
		return nil, errors.New("injected: connection reset")
	}
	if n == 2 {
		return &http.Response{StatusCode: 500, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader([]byte(`{"__type":"InternalServerError"}`)))}, nil
	}
	response, err := f.next.Do(r)
	if n == 1 && err == nil {
		response.Body.Close()
		return nil, errors.New("injected: the answer is lost")
	}
	return response, err
}

// TestNetworkFaults: through a network that loses requests and answers, everything
// arrives when failed writes are repeated.
func TestNetworkFaults(t *testing.T) {
	ctx := context.Background()
	store, _ := dynamo(t, func(o *dynamodb.Options) {
		o.HTTPClient = &faulty{next: o.HTTPClient, rand: rand.New(rand.NewPCG(7, 7))}
	})
	facts, memory := history(rand.New(rand.NewPCG(8, 8)), 150), state.NewMemory(10)
	if err := memory.Put(ctx, facts); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(facts); i += 10 {
		repeat(t, func() error { return store.Put(ctx, facts[i:i+10]) })
	}
	for _, key := range []state.Key{"session/0", "session/1"} {
		var sets map[state.Key]*state.Set
		repeat(t, func() (err error) { sets, err = store.Get(ctx, []state.Key{key}); return err })
		if a, b := describe(memory.Set(key)), describe(sets[key]); a != b {
			t.Errorf("%s: want\n%s\ngot\n%s", key, a, b)
		}
	}
}

func repeat(t *testing.T, f func() error) {
	t.Helper()
	for range 100 {
		if f() == nil {
			return
		}
	}
	t.Fatal("does not succeed in 100 attempts")
}

// TestUnprocessed: what DynamoDB leaves unprocessed is sent again.
func TestUnprocessed(t *testing.T) {
	ctx := context.Background()
	store, _ := dynamo(t, func(o *dynamodb.Options) { o.HTTPClient = &throttling{next: o.HTTPClient, left: 3} })
	if err := store.Put(ctx, []state.Fact{fact("k/1", "use|a", 1, "1", state.Retention{})}); err != nil {
		t.Fatal(err)
	}
	sets, err := store.Get(ctx, []state.Key{"k/1"})
	if err != nil || sets["k/1"].Len() != 1 {
		t.Errorf("stored %v, %v", sets, err)
	}
}

// throttling answers the first writes that nothing was processed.
type throttling struct {
	next aws.HTTPClient
	left int
}

func (h *throttling) Do(r *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(r.Header.Get("X-Amz-Target"), "BatchWriteItem") || h.left == 0 {
		return h.next.Do(r)
	}
	h.left--
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	answer := `{"UnprocessedItems":` + strings.TrimSuffix(strings.TrimPrefix(string(body), `{"RequestItems":`), "}") + `}`
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(answer))}, nil
}

// TestThrottledTable: a table that throttles for longer than the SDK is patient makes calls slower, and fails none.
func TestThrottledTable(t *testing.T) {
	var refused atomic.Int64
	store, _ := behind(t, func(faults.Call) faults.Fault {
		if refused.Add(1)%8 != 0 {
			return faults.Refuse(faults.Throttled)
		}
		return nil
	})
	if err := store.Put(t.Context(), []state.Fact{fact("k/1", "use|a", 1, "1", state.Retention{})}); err != nil {
		t.Fatal(err)
	}
	sets, err := store.Get(t.Context(), []state.Key{"k/1"})
	if err != nil || sets["k/1"].Len() != 1 {
		t.Errorf("stored %v, %v", sets, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := store.Get(ctx, []state.Key{"k/1"}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the end of the context", err)
	}
}

// TestDeadConnection: what is asked on a connection that died in silence is asked again on another one.
func TestDeadConnection(t *testing.T) {
	var calls atomic.Int64
	store, _ := behind(t, func(faults.Call) faults.Fault {
		if calls.Add(1) == 1 {
			return faults.Dead
		}
		return nil
	})
	begun := time.Now()
	if err := store.Put(t.Context(), []state.Fact{fact("k/1", "use|a", 1, "1", state.Retention{})}); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begun); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
}

// behind makes a store whose calls pass through a proxy. The SDK tries twice, to be quick.
func behind(t *testing.T, rule faults.Rule) (*state.Dynamo, string) {
	t.Helper()
	p, err := faults.Start(stack(t).DynamoDBEndpoint)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	p.Set(rule)
	return dynamo(t, func(o *dynamodb.Options) { o.BaseEndpoint, o.RetryMaxAttempts = aws.String(p.URL()), 2 })
}

func TestWriteEndsWithItsContext(t *testing.T) {
	store, _ := dynamo(t, func(o *dynamodb.Options) { o.HTTPClient = &throttling{next: o.HTTPClient, left: 1 << 30} })
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	err := store.Put(ctx, []state.Fact{fact("k/1", "use|a", 1, "1", state.Retention{})})
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "throttled") {
		t.Errorf("got %v, want the deadline and that the table is throttled", err)
	}
}

func TestEnsure(t *testing.T) {
	ctx := context.Background()
	client := stack(t).DynamoDB()
	if err := state.NewDynamo(client, "not-there").Ensure(ctx, false); !errors.Is(err, state.ErrNoTable) {
		t.Errorf("a missing table that must not be created: %v", err)
	}
	var wg sync.WaitGroup
	for range 4 { // workers that start at the same moment
		wg.Go(func() {
			if err := state.NewDynamo(client, "together").Ensure(ctx, true); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	_, err := client.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: aws.String("foreign"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := state.NewDynamo(client, "foreign").Ensure(ctx, true); err == nil || !strings.Contains(err.Error(), "other keys") {
		t.Errorf("a table of somebody else: %v", err)
	}
}

func TestForeignItem(t *testing.T) {
	ctx := context.Background()
	store, table := dynamo(t)
	_, err := stack(t).DynamoDB().PutItem(ctx, &dynamodb.PutItemInput{TableName: &table, Item: map[string]types.AttributeValue{
		"pk": &types.AttributeValueMemberS{Value: "k/1"}, "sk": &types.AttributeValueMemberS{Value: "x"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Get(ctx, []state.Key{"k/1"}); err == nil || !strings.Contains(err.Error(), "did not write") {
		t.Errorf("an item of somebody else: %v", err)
	}
}

// TestTimeToLive: an event of long ago states what is kept as long from now.
func TestTimeToLive(t *testing.T) {
	ctx := context.Background()
	store, table := dynamo(t)
	old := fact("k/1", "use|a", time.Date(2018, 8, 8, 0, 0, 0, 0, time.UTC).Unix(), "1", state.Retention{Life: 48 * time.Hour})
	if err := store.Put(ctx, []state.Fact{old}); err != nil {
		t.Fatal(err)
	}
	out, err := stack(t).DynamoDB().Scan(ctx, &dynamodb.ScanInput{TableName: &table})
	if err != nil || len(out.Items) != 1 {
		t.Fatal(out, err)
	}
	ttl, ok := out.Items[0]["ttl"].(*types.AttributeValueMemberN)
	if want := time.Now().Add(47 * time.Hour).Unix(); !ok || ttl.Value < fmt.Sprint(want) {
		t.Errorf("time to live %v, want at least %d", ttl, want)
	}
}
