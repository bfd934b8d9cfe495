package replay_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"

	"github.com/straytoken/straytoken/replay"
)

func runFor(t *testing.T, c replay.Client) *replay.StreamError {
	t.Helper()
	_, err := replay.Run(t.Context(), c, all(generate(10, 2)), replay.Options{Stream: "events"})
	e, ok := errors.AsType[*replay.StreamError](err)
	if !ok {
		t.Fatalf("err = %v", err)
	}
	if strings.Contains(e.Error(), "\n") || !strings.HasPrefix(e.Error(), "stream events: ") {
		t.Errorf("message %q", e.Error())
	}
	return e
}

// The SDK's own client, against a server that answers as Kinesis does.
func TestStreamErrorsThroughTheSDK(t *testing.T) {
	credentials := aws.CredentialsProviderFunc(func(_ context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
	})
	for name, c := range map[string]struct {
		code string
		want replay.Problem
	}{
		"missing stream": {"ResourceNotFoundException", replay.NoStream},
		"access denied":  {"AccessDeniedException", replay.AccessDenied},
		"expired token":  {"ExpiredTokenException", replay.Refused},
		"bad argument":   {"InvalidArgumentException", replay.Refused},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Amzn-Errortype", c.code)
				w.WriteHeader(http.StatusBadRequest)
				fmt.Fprintf(w, `{"__type":%q,"message":"m"}`, c.code)
			}))
			defer server.Close()
			client := kinesis.New(kinesis.Options{Region: "us-east-1", Credentials: credentials, BaseEndpoint: &server.URL})
			if e := runFor(t, client); e.Problem != c.want {
				t.Errorf("err = %v", e)
			}
		})
	}
	t.Run("no region", func(t *testing.T) {
		if e := runFor(t, kinesis.New(kinesis.Options{Credentials: credentials})); e.Problem != replay.NoRegion {
			t.Errorf("err = %v", e)
		}
	})
	t.Run("no credentials", func(t *testing.T) {
		none := aws.CredentialsProviderFunc(func(_ context.Context) (aws.Credentials, error) {
			return aws.Credentials{}, errors.New("nobody is logged in")
		})
		client := kinesis.New(kinesis.Options{Region: "us-east-1", Credentials: none})
		if e := runFor(t, client); e.Problem != replay.NoCredentials {
			t.Errorf("err = %v", e)
		}
	})
}

func TestStreamUnreachable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeStream{t: t, request: func(int) (fate, error) { return refuse, errBroken }}
		if e := runFor(t, s); e.Problem != replay.Unreachable || !errors.Is(e, errBroken) {
			t.Errorf("err = %v", e)
		}
	})
}
