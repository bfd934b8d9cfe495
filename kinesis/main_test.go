package kinesis_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/straytoken/straytoken/devstack"
)

// local starts the local servers once for all tests.
var local = sync.OnceValues(func() (*devstack.Stack, error) {
	return devstack.Start(context.Background(), devstack.Options{})
})

func TestMain(m *testing.M) {
	code := m.Run()
	if s, err := local(); err == nil {
		if err := s.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// stack returns the local servers, or skips the test where Node.js is missing.
func stack(t *testing.T) *devstack.Stack {
	t.Helper()
	s, err := local()
	if errors.Is(err, devstack.ErrNoNode) {
		t.Skipf("skipped, the local Kinesis and DynamoDB cannot run: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}
