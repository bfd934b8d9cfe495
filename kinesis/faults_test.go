package kinesis_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	sdk "github.com/aws/aws-sdk-go-v2/service/kinesis"

	"github.com/straytoken/straytoken/kinesis"
)

// errCut is what a cut connection returns.
var errCut = errors.New("injected: connection cut")

// call is an AWS call on its way.
type call struct {
	operation string // such as GetRecords
	body      string
	ctx       context.Context
	req       *http.Request
}

// send sends the call on. It may be called again.
func (c call) send() (*http.Response, error) {
	again := c.req.Clone(context.WithoutCancel(c.ctx))
	again.Body, again.ContentLength = io.NopCloser(strings.NewReader(c.body)), int64(len(c.body))
	return http.DefaultClient.Do(again)
}

// with sends the call with a part of its body replaced. The local servers check no signatures.
func (c call) with(old, new string) (*http.Response, error) {
	c.body = strings.Replace(c.body, old, new, 1)
	return c.send()
}

// network stands between the clients and the local servers. rule decides about every call; nil lets all pass.
type network struct {
	mu   sync.Mutex
	rule func(call) (*http.Response, error)
}

// set replaces the rule.
func (n *network) set(rule func(call) (*http.Response, error)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.rule = rule
}

// Do sends one request by the rule.
func (n *network) Do(req *http.Request) (*http.Response, error) {
	n.mu.Lock()
	rule := n.rule
	n.mu.Unlock()
	if rule == nil {
		return http.DefaultClient.Do(req)
	}
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	_, operation, _ := strings.Cut(req.Header.Get("X-Amz-Target"), ".")
	return rule(call{operation, string(body), req.Context(), req})
}

// clients returns clients whose calls pass through n. The SDK does not retry, so that a fault is met at once.
func (n *network) clients(w *world) kinesis.Clients {
	return kinesis.Clients{
		Kinesis:  w.stack.Kinesis(func(o *sdk.Options) { o.HTTPClient, o.RetryMaxAttempts = n, 1 }),
		DynamoDB: w.stack.DynamoDB(func(o *dynamodb.Options) { o.HTTPClient, o.RetryMaxAttempts = n, 1 }),
	}
}

// cut fails every call.
func cut(call) (*http.Response, error) { return nil, errCut }

// failure is an answer of AWS.
func failure(status int, code string) (*http.Response, error) {
	body := `{"__type":"` + code + `","message":"injected"}`
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}, nil
}
