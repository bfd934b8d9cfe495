package state_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/straytoken/straytoken/state"
)

// table is a DynamoDB that takes so many calls at once, 10 ms each, and throttles the others.
type table struct {
	room            atomic.Int64
	inside, refused atomic.Int64
	most            atomic.Int64
}

func (h *table) Do(r *http.Request) (*http.Response, error) {
	n := h.inside.Add(1)
	defer h.inside.Add(-1)
	h.most.Store(max(h.most.Load(), n))
	select {
	case <-time.After(10 * time.Millisecond):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	status, body := 200, `{"Items":[],"UnprocessedItems":{}}`
	if n > h.room.Load() {
		h.refused.Add(1)
		status, body = 400, `{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"too fast"}`
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func (h *table) store() *state.Dynamo {
	return state.NewDynamo(dynamodb.New(dynamodb.Options{
		Region: "us-east-1", HTTPClient: h, Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""), RetryMaxAttempts: 1,
	}), "t")
}

func keys(n int) (all []state.Key) {
	for i := range n {
		all = append(all, state.Key(fmt.Sprint("k/", i)))
	}
	return all
}

// TestCallsFollowWhatTheTableTakes: few calls at once while it throttles, more when it takes more.
func TestCallsFollowWhatTheTableTakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &table{}
		h.room.Store(4)
		store := h.store()
		if _, err := store.Get(t.Context(), keys(3000)); err != nil {
			t.Fatal(err)
		}
		atOnce, throttled := store.Calls()
		if throttled != h.refused.Load() || throttled == 0 || throttled > 600 {
			t.Errorf("%d calls throttled, counted as %d", h.refused.Load(), throttled)
		}
		if atOnce > 8 {
			t.Errorf("%d calls at once, and the table takes 4", atOnce)
		}
		h.room.Store(1 << 30)
		if _, err := store.Get(t.Context(), keys(6000)); err != nil {
			t.Fatal(err)
		}
		if more, _ := store.Calls(); more < 32 || h.most.Load() > 64 {
			t.Errorf("%d calls at once, %d at the most, and the table takes all", more, h.most.Load())
		}
	})
}

// TestWaitingCallsEndWithTheirContext, and leave their turns to others.
func TestWaitingCallsEndWithTheirContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &table{}
		h.room.Store(1 << 30)
		store := h.store()
		for range 50 {
			ctx, cancel := context.WithTimeout(t.Context(), 15*time.Millisecond)
			if _, err := store.Get(ctx, keys(200)); !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("got %v, want the end of the context", err)
			}
			cancel()
		}
		if _, err := store.Get(t.Context(), keys(200)); err != nil {
			t.Fatal(err)
		}
	})
}
