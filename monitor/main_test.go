package monitor_test

import (
	"testing"

	"go.uber.org/goleak"
)

// A server that hangs up lets the client read the answer for half a second, longer where the machine is busy.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}
