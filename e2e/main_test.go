package e2e

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/straytoken/straytoken/devstack"
	"github.com/straytoken/straytoken/devstack/demo/worker"
)

// patience bounds every wait for a condition: generous, because the machine may be busy.
const patience = 2 * time.Minute

// fields is how many scenarios run at once: they mostly wait.
const fields = 4

// folder holds what TestMain and the tests build; binary is the straytoken that is tested, built by TestMain.
var folder, binary string

func TestMain(m *testing.M) {
	flag.Parse()
	code := 1
	if err := flag.Set("test.parallel", fmt.Sprint(fields)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(code)
	}
	dir, err := os.MkdirTemp("", "straytoken-e2e-")
	if err == nil {
		folder = dir
		binary, err = build("straytoken", raceDetector)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	} else {
		code = m.Run()
	}
	if err := errors.Join(closeServers(), os.RemoveAll(dir)); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

// build builds a binary.
func build(name string, race bool) (string, error) {
	path := filepath.Join(folder, name)
	args := []string{"build", "-o", path}
	if race {
		args = append(args, "-race")
	}
	cmd := exec.Command("go", append(args, "github.com/straytoken/straytoken/cmd/straytoken")...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build straytoken: %w\n%s", err, out)
	}
	return path, nil
}

// plain builds the binary without the race detector, which would need more than the machine has with several workers
// under load at once.
var plain = sync.OnceValues(func() (string, error) { return build("straytoken-plain", false) })

func plainBinary(t *testing.T) string {
	t.Helper()
	path, err := plain()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// local starts the local servers once for all tests, when the first one needs them.
var local = sync.OnceValues(func() (*devstack.Stack, error) {
	started.Store(true)
	return devstack.Start(context.Background(), devstack.Options{Output: os.Stderr})
})

// started says whether there are servers to close.
var started atomic.Bool

func closeServers() error {
	if !started.Load() {
		return nil
	}
	s, err := local()
	if err != nil {
		return nil // the tests have said so
	}
	return s.Close()
}

// servers gives the local servers, or skips the test where Node.js is missing. Where it is there, they must start.
func servers(t *testing.T) *devstack.Stack {
	t.Helper()
	s, err := local()
	if errors.Is(err, devstack.ErrNoNode) {
		t.Skipf("the local Kinesis and DynamoDB cannot run: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// result is what a command left behind.
type result struct {
	code           int
	stdout, stderr string
}

// command is one call of the binary. The zero value of a field is nothing of it.
type command struct {
	args  []string
	stdin []byte
	env   []string // beside an environment without anything of AWS
}

// run runs a command to its end.
func (c command) run(t *testing.T) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, c.args...)
	cmd.Dir, cmd.Env, cmd.Stdin = t.TempDir(), worker.Environment(c.env...), bytes.NewReader(c.stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("straytoken %s: %v", strings.Join(c.args, " "), err)
	}
	if ctx.Err() != nil {
		t.Fatalf("straytoken %s does not end; it said:\n%s", strings.Join(c.args, " "), stderr.String())
	}
	return result{code: cmd.ProcessState.ExitCode(), stdout: stdout.String(), stderr: stderr.String()}
}

// straytoken runs the binary with arguments alone.
func straytoken(t *testing.T, args ...string) result {
	t.Helper()
	return command{args: args}.run(t)
}

// await polls until done, which also says how things stand, for as long as patience lasts.
func await(t *testing.T, what string, done func() (bool, string)) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		ok, state := done()
		if ok {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: still not after %s: %s", what, patience, state)
		}
		time.Sleep(100 * time.Millisecond)
	}
}
