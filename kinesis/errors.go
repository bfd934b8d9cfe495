package kinesis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/transport/http"
)

// Problem classifies an Error. It is a closed set.
type Problem string

// The problems that New and Run report.
const (
	BadConfig          Problem = "bad-config"          // a Config or Clients that cannot work
	NoRegion           Problem = "no-region"           // the clients know no region
	NoCredentials      Problem = "no-credentials"      // there are none, or AWS does not know them
	ExpiredCredentials Problem = "expired-credentials" // a session token past its end
	AccessDenied       Problem = "access-denied"       // Action is not allowed on Resource
	Unreachable        Problem = "unreachable"         // no answer over the network
	StreamMissing      Problem = "stream-missing"      // there is no such stream, or no longer
	StreamUnusable     Problem = "stream-unusable"     // it does not become active
	StreamReplaced     Problem = "stream-replaced"     // deleted and created again under the running worker
	TableMissing       Problem = "table-missing"       // no lease table, and RequireTable forbids creating it
	TableUnusable      Problem = "table-unusable"      // another kind of table, or it does not become active
	HandlerHung        Problem = "handler-hung"        // a Handler did not return after its context had ended
	GraceOver          Problem = "grace-over"          // the stop took longer than Config.Grace
	CallFailed         Problem = "call-failed"         // AWS refused Action for another reason
)

// Error is an error that a person can act on. Its text is one line: what is wrong, and what to do.
type Error struct {
	Problem  Problem
	Resource string // the stream, table or shard; may be empty
	Action   string // the IAM action that failed, such as kinesis:GetRecords; may be empty
	Advice   string // what to do; may be empty
	Err      error  // the cause; may be nil
}

// Error returns the whole story in one line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.what())
	if e.Err != nil {
		fmt.Fprintf(&b, " (%v)", cause(e.Err))
	}
	if e.Advice != "" {
		b.WriteString(": " + e.Advice)
	}
	return strings.ReplaceAll(b.String(), "\n", "; ")
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

func (e *Error) what() string {
	switch e.Problem {
	case BadConfig:
		return "the configuration of the Kinesis worker cannot work"
	case NoRegion:
		return "no AWS region is configured"
	case NoCredentials:
		return "there are no usable AWS credentials"
	case ExpiredCredentials:
		return "the AWS credentials have expired"
	case AccessDenied:
		return fmt.Sprintf("AWS does not allow %s on %s", e.Action, e.Resource)
	case Unreachable:
		return fmt.Sprintf("no answer to %s on %s", e.Action, e.Resource)
	default:
		return e.whatOfThing()
	}
}

func (e *Error) whatOfThing() string {
	switch e.Problem {
	case StreamMissing:
		return fmt.Sprintf("the Kinesis stream %s does not exist", e.Resource)
	case StreamUnusable:
		return fmt.Sprintf("the Kinesis stream %s is not active", e.Resource)
	case StreamReplaced:
		return fmt.Sprintf("the Kinesis stream %s was deleted and created again", e.Resource)
	case TableMissing:
		return fmt.Sprintf("the lease table %s does not exist", e.Resource)
	case TableUnusable:
		return fmt.Sprintf("the DynamoDB table %s cannot serve as lease table", e.Resource)
	case HandlerHung:
		return fmt.Sprintf("the handler of shard %s does not return", e.Resource)
	case GraceOver:
		return fmt.Sprintf("the stop took too long; unfinished: %s", e.Resource)
	default:
		return fmt.Sprintf("%s on %s failed", cmp.Or(e.Action, "a call"), e.Resource)
	}
}

// cause strips the SDK's layers, which repeat the operation, down to what AWS said.
func cause(err error) error {
	var api smithy.APIError
	if errors.As(err, &api) {
		return fmt.Errorf("%s: %s", api.ErrorCode(), api.ErrorMessage())
	}
	var unsent *http.RequestSendError
	if errors.As(err, &unsent) {
		return unsent.Err
	}
	return err
}

// explain makes an Error of what an AWS call on resource returned. It leaves nil, an Error and the end of the
// caller's context alone.
func explain(err error, resource string) error {
	var known *Error
	if err == nil || errors.As(err, &known) || errors.Is(err, context.Canceled) {
		return err
	}
	e := &Error{Resource: resource, Action: action(err), Err: err}
	e.Problem, e.Advice = diagnose(err)
	return e
}

func diagnose(err error) (Problem, string) {
	switch code := errorCode(err); code {
	case "AccessDeniedException", "AccessDenied", "KMSAccessDeniedException":
		return AccessDenied, "allow it in the policy of this role"
	case "ExpiredTokenException", "ExpiredToken", "RequestExpired":
		return ExpiredCredentials, "renew them; if they are fresh, check this machine's clock"
	case "UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException",
		"MissingAuthenticationTokenException", "MissingAuthenticationToken", "IncompleteSignatureException":
		return NoCredentials, "AWS does not accept these; check the key, the region and the partition"
	case "":
		if isNetwork(err) {
			return Unreachable, "check the region, the network and the endpoint"
		}
	}
	return CallFailed, ""
}

func errorCode(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

func isNetwork(err error) bool {
	var unsent *http.RequestSendError
	return errors.As(err, &unsent) || errors.Is(err, context.DeadlineExceeded)
}

// action returns the IAM action of a failed AWS call.
func action(err error) string {
	var op *smithy.OperationError
	if !errors.As(err, &op) {
		return ""
	}
	service := "kinesis"
	if op.Service() == dynamodb.ServiceID {
		service = "dynamodb"
	}
	return service + ":" + op.Operation()
}
