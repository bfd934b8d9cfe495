package trail

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// S3Error is a request that S3 refused or that never reached it, said in one
// line that tells what to do.
type S3Error struct {
	Action  string // the IAM action that the request needs
	Bucket  string
	Key     string // empty for a listing
	Problem Problem
	Err     error // what the SDK said
}

// Problem is the kind of an S3Error.
type Problem string

// The problems told apart.
const (
	NoBucket      Problem = "the bucket does not exist"
	NoObject      Problem = "the object does not exist"
	AccessDenied  Problem = "access denied"
	WrongRegion   Problem = "the bucket is in another region"
	NoCredentials Problem = "no AWS credentials found"
	OtherProblem  Problem = "request failed"
)

// Error is one line.
func (e *S3Error) Error() string {
	where := s3Scheme + e.Bucket
	if e.Key != "" {
		where += "/" + e.Key
	}
	return where + ": " + e.text()
}

func (e *S3Error) text() string {
	switch e.Problem {
	case AccessDenied:
		return fmt.Sprintf("%s: %s is needed", e.Problem, e.Action)
	case WrongRegion:
		if region := bucketRegion(e.Err); region != "" {
			return fmt.Sprintf("the bucket is in %s: set AWS_REGION=%s", region, region)
		}
		return string(e.Problem) + ": set AWS_REGION"
	case NoCredentials:
		return string(e.Problem) + ": set AWS_PROFILE or AWS_ACCESS_KEY_ID, or log in"
	case OtherProblem:
		return fmt.Sprintf("%s: %s", e.Action, oneLine(e.Err))
	}
	return string(e.Problem)
}

// Unwrap returns what the SDK said.
func (e *S3Error) Unwrap() error { return e.Err }

// s3Error explains an error of the SDK; that of an ended context stays as it is.
func s3Error(action, bucket, key string, err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &S3Error{Action: action, Bucket: bucket, Key: key, Problem: problemOf(err), Err: err}
}

func problemOf(err error) Problem {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return localProblem(err)
	}
	switch api.ErrorCode() {
	case "NoSuchBucket":
		return NoBucket
	case "NoSuchKey":
		return NoObject
	case "AccessDenied", "Forbidden", "AllAccessDisabled":
		return AccessDenied
	case "PermanentRedirect", "TemporaryRedirect", "MovedPermanently", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException":
		return WrongRegion
	}
	if status(err) == http.StatusForbidden && api.ErrorCode() == "" {
		return AccessDenied
	}
	return OtherProblem
}

// localProblem tells what went wrong before a request was sent. The SDK has no
// type for missing credentials, only the operation that failed.
func localProblem(err error) Problem {
	if strings.Contains(err.Error(), "get credentials") || strings.Contains(err.Error(), "get identity") {
		return NoCredentials
	}
	return OtherProblem
}

func status(err error) int {
	if r, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		return r.HTTPStatusCode()
	}
	return 0
}

// bucketRegion is the region that S3 names when it redirects.
func bucketRegion(err error) string {
	r, ok := errors.AsType[*smithyhttp.ResponseError](err)
	if !ok || r.Response == nil || r.Response.Response == nil {
		return ""
	}
	return r.Response.Header.Get("X-Amz-Bucket-Region")
}

func oneLine(err error) string {
	return strings.Join(strings.Fields(err.Error()), " ")
}
