package faults

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// pass lets a call through.
func pass(x *Exchange) {
	a, err := x.ask(x.request.Context(), x.Body)
	if err != nil {
		x.hangUp()
		return
	}
	x.reply(a)
}

// Late lets calls through after a while.
func Late(by time.Duration) Fault {
	return func(x *Exchange) {
		timer := time.NewTimer(by)
		defer timer.Stop()
		select {
		case <-timer.C:
			pass(x)
		case <-x.request.Context().Done():
		}
	}
}

// Reset resets the connection before the call takes effect.
func Reset(x *Exchange) { x.hangUp() }

// Silent is a network that swallows everything: no answer, no error. When the rule is lifted the call still arrives,
// as a packet does that was sent again and again, however long its client has given it up.
func Silent(x *Exchange) {
	<-x.lifted
	_, _ = x.ask(context.WithoutCancel(x.request.Context()), x.Body) // nobody waits for the answer any more
	x.hangUp()
}

// Dead is a connection that died without a word: no answer for as long as the client waits, whatever becomes of the rule.
func Dead(x *Exchange) { <-x.request.Context().Done() }

// Mute lets the call take effect and loses the answer.
func Mute(x *Exchange) {
	_, _ = x.ask(x.request.Context(), x.Body) // whatever came of it is lost
	x.hangUp()
}

// Status answers with a bare HTTP status, such as 503.
func Status(code int) Fault {
	return func(x *Exchange) { x.reply(&answer{status: code}) }
}

// Refuse answers with an error of the service, such as ProvisionedThroughputExceededException.
func Refuse(code string) Fault {
	return func(x *Exchange) {
		body := fmt.Appendf(nil, `{"__type":%q,"message":"injected"}`, code)
		header := http.Header{"Content-Type": {"application/x-amz-json-1.1"}}
		x.reply(&answer{http.StatusBadRequest, header, body})
	}
}

// The errors that both services have or that a shard's reader meets.
const (
	Throttled       = "ProvisionedThroughputExceededException"
	ExpiredIterator = "ExpiredIteratorException"
)

// Part takes a BatchWriteItem or PutRecords in part: every n-th item or record is left out and said to be
// unprocessed, or throttled. Other calls pass.
func Part(n int) Fault {
	return func(x *Exchange) {
		switch x.Operation {
		case "BatchWriteItem":
			x.part(n, leaveItems, addUnprocessed)
		case "PutRecords":
			x.part(n, leaveRecords, addThrottled)
		default:
			pass(x)
		}
	}
}

// part sends what leave leaves of the call, and has add tell the client of the rest.
func (x *Exchange) part(n int, leave func(object, int) any, add func(answer object, left any)) {
	var call object
	if err := json.Unmarshal(x.Body, &call); err != nil {
		pass(x)
		return
	}
	left := leave(call, n)
	body, err := json.Marshal(call)
	if err != nil {
		x.hangUp()
		return
	}
	a, err := x.ask(x.request.Context(), body)
	if err != nil {
		x.hangUp()
		return
	}
	var said object
	if a.status == http.StatusOK && json.Unmarshal(a.body, &said) == nil {
		add(said, left)
		if a.body, err = json.Marshal(said); err != nil {
			x.hangUp()
			return
		}
		a.header.Del("X-Amz-Crc32") // it is that of the whole answer
	}
	x.reply(a)
}
