package replay

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Client is what replay needs of a Kinesis client; *kinesis.Client has it. It
// retries by itself a request that fails as a whole; replay retries the records
// that a successful request did not take. It is safe for concurrent use.
type Client interface {
	PutRecords(context.Context, *kinesis.PutRecordsInput, ...func(*kinesis.Options)) (*kinesis.PutRecordsOutput, error)
}

// StreamError says that the stream cannot be put to at all, in one line that
// tells what to do.
type StreamError struct {
	Stream  string
	Problem Problem
	Err     error // what the SDK said
}

// Problem is the kind of a StreamError.
type Problem string

// The problems told apart.
const (
	NoStream      Problem = "the stream does not exist in this account and region"
	AccessDenied  Problem = "access denied: kinesis:PutRecords is needed"
	NoRegion      Problem = "no AWS region: set AWS_REGION"
	NoCredentials Problem = "no AWS credentials found: set AWS_PROFILE or AWS_ACCESS_KEY_ID, or log in"
	Unreachable   Problem = "the stream could not be reached"
	Refused       Problem = "the request was refused"
)

// Error is one line.
func (e *StreamError) Error() string {
	text := fmt.Sprintf("stream %s: %s", e.Stream, e.Problem)
	if e.Problem == Unreachable || e.Problem == Refused {
		text += ": " + strings.Join(strings.Fields(e.Err.Error()), " ")
	}
	return text
}

// Unwrap returns what the SDK said.
func (e *StreamError) Unwrap() error { return e.Err }

// RecordError is a record that was left out.
type RecordError struct {
	Name     string // Record.Name; "" for a record of events
	EventIDs []string
	Err      error
}

func (e *RecordError) Error() string {
	if e.Name != "" {
		return fmt.Sprintf("%s left out: %v", e.Name, e.Err)
	}
	return fmt.Sprintf("events %s left out: %v", strings.Join(e.EventIDs, ", "), e.Err)
}

// Unwrap returns the reason.
func (e *RecordError) Unwrap() error { return e.Err }

// outcome is what a failed request means.
type outcome int

const (
	throttled outcome = iota // send again, slower
	unsure                   // send again; it may have taken effect
	fatal                    // sending again cannot help
)

// judge tells what a failed request means, and its Problem.
func judge(err error) (outcome, Problem) {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return judgeLocal(err)
	}
	switch api.ErrorCode() {
	case "ProvisionedThroughputExceededException", "LimitExceededException", "KMSThrottlingException", "ThrottlingException":
		return throttled, Unreachable
	case "ResourceNotFoundException":
		return fatal, NoStream
	case "AccessDeniedException", "AccessDenied":
		return fatal, AccessDenied
	}
	if api.ErrorFault() == smithy.FaultClient || isClientStatus(err) {
		return fatal, Refused
	}
	return unsure, Unreachable
}

// isClientStatus tells whether the answer blames the request, as one with
// expired credentials, for which the SDK has no type.
func isClientStatus(err error) bool {
	r, ok := errors.AsType[*smithyhttp.ResponseError](err)
	return ok && r.HTTPStatusCode() >= 400 && r.HTTPStatusCode() < 500 && r.HTTPStatusCode() != http.StatusTooManyRequests
}

// judgeLocal judges a failure without an answer. The SDK has no types for a
// missing region or missing credentials, only texts.
func judgeLocal(err error) (outcome, Problem) {
	text := err.Error()
	switch {
	case strings.Contains(text, "Missing Region"):
		return fatal, NoRegion
	case strings.Contains(text, "get credentials"), strings.Contains(text, "get identity"):
		return fatal, NoCredentials
	}
	return unsure, Unreachable
}
