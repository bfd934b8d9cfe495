package main

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/aws/smithy-go"

	"github.com/straytoken/straytoken/config"
	"github.com/straytoken/straytoken/kinesis"
	"github.com/straytoken/straytoken/replay"
	"github.com/straytoken/straytoken/rules/custom"
	"github.com/straytoken/straytoken/state"
	"github.com/straytoken/straytoken/trail"
)

// errFindings ends a command that did what it should and found something that
// --fail-on asks to fail for.
var errFindings = errors.New("findings were made")

// coded is an error with the exit code that it deserves.
type coded struct {
	code int
	error
}

func (c coded) Unwrap() error { return c.error }

func usageError(format string, args ...any) error {
	return coded{exitUsage, fmt.Errorf(format, args...)}
}

func exitCode(err error) int {
	var c coded
	var bad *config.Error
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errFindings):
		return exitFindings
	case errors.As(err, &c):
		return c.code
	case errors.As(err, &bad):
		return exitUsage
	case isInput(err):
		return exitInput
	}
	return exitFailure
}

func isInput(err error) bool {
	var missing *trail.MissingError
	var file *trail.FileError
	var s3 *trail.S3Error
	return errors.As(err, &missing) || errors.As(err, &file) || errors.As(err, &s3)
}

// oneLine is an error for people: what is wrong and what to do, without the
// layers that software wraps around it. Only a configuration's problems take more
// than one line: there is one a problem.
func oneLine(err error) string {
	var bad *config.Error
	var badRules custom.Errors
	if errors.As(err, &bad) || errors.As(err, &badRules) {
		return err.Error()
	}
	return strings.ReplaceAll(explained(err), "\n", "; ")
}

func explained(err error) string {
	var worker *kinesis.Error
	var stream *replay.StreamError
	switch {
	case errors.As(err, &worker), errors.As(err, &stream), isInput(err):
		return err.Error()
	case errors.Is(err, state.ErrNoTable):
		return err.Error() + ": create it (straytoken run does, unless state.create is false) or name another with --state-table"
	}
	return explainAWS(err)
}

// explainAWS says what to do about the usual failures of an AWS call.
func explainAWS(err error) string {
	var op *smithy.OperationError
	if !errors.As(err, &op) {
		return err.Error()
	}
	action := strings.ToLower(op.Service()) + ":" + op.Operation()
	var api smithy.APIError
	if errors.As(err, &api) {
		return fmt.Sprintf("AWS refused %s: %s: %s%s", action, api.ErrorCode(), api.ErrorMessage(), advice(api.ErrorCode()))
	}
	var network net.Error
	switch text := err.Error(); {
	case strings.Contains(text, "failed to refresh cached credentials"), strings.Contains(text, "failed to retrieve credentials"):
		return "there are no usable AWS credentials for " + action + ": give the process a role, or set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
	case strings.Contains(text, "Missing Region"), strings.Contains(text, "missing region"), strings.Contains(text, "Invalid Configuration: Missing Region"):
		return "no AWS region is configured: set AWS_REGION or --region"
	case errors.As(err, &network):
		return fmt.Sprintf("no answer to %s (%v): check the region, the network and the endpoint", action, network)
	}
	return err.Error()
}

func advice(code string) string {
	switch code {
	case "AccessDeniedException", "AccessDenied":
		return ": allow the action in the policy of this role"
	case "ExpiredTokenException", "ExpiredToken":
		return ": renew the credentials"
	case "UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException":
		return ": check the access key, the region and the partition"
	}
	return ""
}

// errLeftOut ends a replay that could not forward everything.
var errLeftOut = errors.New("not everything could be forwarded; see above")
