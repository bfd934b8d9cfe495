package kinesis_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	sdk "github.com/aws/aws-sdk-go-v2/service/kinesis"

	"github.com/straytoken/straytoken/kinesis"
)

func TestNewReportsEveryMistakeAtOnce(t *testing.T) {
	_, err := kinesis.New(kinesis.Config{MaxRecords: -1, MaxShards: -1}, kinesis.Clients{}, nil)
	got := wantProblem(t, err, kinesis.BadConfig)
	for _, part := range []string{"Stream", "Application", "MaxRecords", "MaxShards", "Kinesis and DynamoDB", "Handler"} {
		if !strings.Contains(got.Error(), part) {
			t.Errorf("%q does not mention %s", got, part)
		}
	}
}

func TestNewWantsARegion(t *testing.T) {
	clients := kinesis.Clients{Kinesis: sdk.New(sdk.Options{}), DynamoDB: dynamodb.New(dynamodb.Options{})}
	_, err := kinesis.New(kinesis.Config{Stream: "s", Application: "a"}, clients, &recorder{})
	wantProblem(t, err, kinesis.NoRegion)
}

func TestRunWantsCredentials(t *testing.T) {
	none := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, errors.New("no provider has any")
	})
	clients := kinesis.Clients{
		Kinesis:  sdk.New(sdk.Options{Region: "us-east-1", Credentials: none}),
		DynamoDB: dynamodb.New(dynamodb.Options{Region: "us-east-1", Credentials: none}),
	}
	worker, err := kinesis.New(kinesis.Config{Stream: "s", Application: "a"}, clients, &recorder{})
	if err != nil {
		t.Fatal(err)
	}
	wantProblem(t, worker.Run(t.Context()), kinesis.NoCredentials)
}

func TestMissingStreamIsNamed(t *testing.T) {
	w := newWorld(t, 1)
	cfg := w.config()
	cfg.Stream = "no-such-stream"
	got := wantProblem(t, w.start(cfg, w.clients(), &recorder{}).wait(), kinesis.StreamMissing)
	if got.Resource != "no-such-stream" {
		t.Errorf("resource %q", got.Resource)
	}
}

func TestMissingTableIsAnErrorWhenItMustNotBeCreated(t *testing.T) {
	w := newWorld(t, 1)
	cfg := w.config()
	cfg.RequireTable = true
	wantProblem(t, w.start(cfg, w.clients(), &recorder{}).wait(), kinesis.TableMissing)
	if w.leaseExists() {
		t.Error("the table was created")
	}
}

func TestTableOfAnotherKindIsRefused(t *testing.T) {
	w := newWorld(t, 1)
	_, err := w.stack.DynamoDB().CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: &w.table, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("ShardID"), AttributeType: "S"}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("ShardID"), KeyType: types.KeyTypeHash}},
	})
	if err != nil {
		t.Fatal(err)
	}
	wantProblem(t, w.start(w.config(), w.clients(), &recorder{}).wait(), kinesis.TableUnusable)
}

func TestRefusalsAtStartNameActionAndThing(t *testing.T) {
	cases := []struct{ operation, code, action, resource string }{
		{"DescribeStreamSummary", "AccessDeniedException", "kinesis:DescribeStreamSummary", "stream"},
		{"ListShards", "AccessDeniedException", "kinesis:ListShards", "stream"},
		{"GetShardIterator", "AccessDeniedException", "kinesis:GetShardIterator", "stream"},
		{"GetRecords", "KMSAccessDeniedException", "kinesis:GetRecords", "stream"},
		{"DescribeTable", "AccessDeniedException", "dynamodb:DescribeTable", "table"},
		{"CreateTable", "AccessDeniedException", "dynamodb:CreateTable", "table"},
		{"PutItem", "AccessDeniedException", "dynamodb:PutItem", "table"},
		{"UpdateItem", "AccessDeniedException", "dynamodb:UpdateItem", "table"},
		{"Scan", "AccessDeniedException", "dynamodb:Scan", "table"},
	}
	for _, c := range cases {
		t.Run(c.operation, func(t *testing.T) {
			got := refusedAtStart(t, c.operation, 400, c.code)
			if got.Problem != kinesis.AccessDenied || got.Action != c.action || !strings.Contains(got.Resource, c.resource) {
				t.Errorf("problem %s, action %s, resource %s", got.Problem, got.Action, got.Resource)
			}
		})
	}
}

func TestOtherRefusalsAtStart(t *testing.T) {
	cases := map[string]kinesis.Problem{
		"ExpiredTokenException":       kinesis.ExpiredCredentials,
		"UnrecognizedClientException": kinesis.NoCredentials,
		"LimitExceededException":      kinesis.CallFailed,
	}
	for code, want := range cases {
		t.Run(code, func(t *testing.T) { wantProblem(t, refusedAtStart(t, "DescribeStreamSummary", 400, code), want) })
	}
}

func TestUnreachableEndpointAtStart(t *testing.T) {
	w := newWorld(t, 1)
	var net network
	net.set(func(call) (*http.Response, error) {
		return http.Get("http://127.0.0.1:1/") // nothing listens there
	})
	wantProblem(t, w.start(w.config(), net.clients(w), &recorder{}).wait(), kinesis.Unreachable)
}

func TestStopDuringTheStartIsNoError(t *testing.T) {
	w := newWorld(t, 1)
	var net network
	release := make(chan struct{})
	net.set(hang(release))
	worker := w.start(w.config(), net.clients(w), &recorder{})
	worker.cancel()
	close(release)
	if err := worker.wait(); err != nil {
		t.Error(err)
	}
}

// refusedAtStart returns the error of a worker one of whose operations AWS refuses.
func refusedAtStart(t *testing.T, operation string, status int, code string) *kinesis.Error {
	t.Helper()
	w := newWorld(t, 1)
	var net network
	net.set(func(c call) (*http.Response, error) {
		if c.operation == operation {
			return failure(status, code)
		}
		return c.send()
	})
	var got *kinesis.Error
	if err := w.start(w.config(), net.clients(w), &recorder{}).wait(); !errors.As(err, &got) {
		t.Fatalf("error %v; want an *Error", err)
	}
	if strings.Contains(got.Error(), "\n") {
		t.Errorf("more than one line: %q", got.Error())
	}
	t.Log(got)
	return got
}
