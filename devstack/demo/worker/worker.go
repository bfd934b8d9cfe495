// Package worker runs the straytoken binary as a person does and watches it from outside: its findings, its log, its
// metrics and its end. The demo and the end-to-end tests use it.
package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/finding/jsonl"
)

// Config says what to start. Binary is required.
type Config struct {
	Binary string   // path of straytoken
	Args   []string // behind "run --listen 127.0.0.1:0 --format json"
	Env    []string // the whole environment, as "NAME=value"
	Dir    string   // working folder; default this process's
	// Log receives what the worker says on standard error. Default: dropped.
	Log io.Writer
	// OnFinding learns of every line of standard output that is a finding, and OnBroken of every other one. They are
	// called one at a time. Default: dropped.
	OnFinding func(f *finding.Finding, at time.Time)
	OnBroken  func(error)
}

// Process is a running "straytoken run". It dies with the process that started it: always on Linux, elsewhere only
// when that process ends in order. Its owner calls Stop or Kill.
type Process struct {
	cmd    *exec.Cmd
	stdout *io.PipeReader
	log    *listenLog
	done   chan struct{} // closed when the process has ended and its output is read
	err    error         // how it ended; to be read after done
}

// maxLine bounds a finding's line.
const maxLine = 16 << 20

// Start starts a worker. It returns before the worker has answered anything; see Await.
func Start(cfg Config) (*Process, error) {
	p := &Process{done: make(chan struct{}), log: &listenLog{next: cfg.Log, found: make(chan struct{})}}
	args := append([]string{"run", "--listen", "127.0.0.1:0", "--format", "json"}, cfg.Args...)
	p.cmd = exec.Command(cfg.Binary, args...)
	p.cmd.Env, p.cmd.Dir, p.cmd.Stderr = cfg.Env, cfg.Dir, p.log
	endWithParent(p.cmd)
	r, w := io.Pipe()
	p.stdout, p.cmd.Stdout = r, w
	var reading sync.WaitGroup
	reading.Go(func() { read(r, cfg) })
	started := make(chan error)
	go func() {
		defer close(p.done)
		// Linux ends the child when the thread that started it ends: it must last as long.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			err = p.cmd.Wait()
		}
		w.Close()
		reading.Wait()
		p.err = err
	}()
	if err := <-started; err != nil {
		<-p.done
		return nil, fmt.Errorf("start %s: %w", cfg.Binary, err)
	}
	return p, nil
}

// read hands out the findings until the output ends.
func read(r io.Reader, cfg Config) {
	for f, err := range jsonl.Read[finding.Finding](r, maxLine) {
		switch {
		case err != nil && cfg.OnBroken != nil:
			cfg.OnBroken(err)
		case err == nil && cfg.OnFinding != nil:
			cfg.OnFinding(f, time.Now())
		}
	}
}

// PID is the process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed when the process has ended and all its findings are handed out.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err says how the process ended: nil for exit code 0. It waits for the end.
func (p *Process) Err() error {
	<-p.done
	return p.err
}

// ExitCode waits for the end and returns the exit code, -1 for a signal.
func (p *Process) ExitCode() int {
	<-p.done
	return p.cmd.ProcessState.ExitCode()
}

// Stop asks the worker to end and waits for it. When ctx ends first the worker is killed, and the error says so.
func (p *Process) Stop(ctx context.Context) error {
	p.Terminate()
	select {
	case <-p.done:
		return p.err
	case <-ctx.Done():
		p.Kill()
		return fmt.Errorf("the worker had to be killed: %w", ctx.Err())
	}
}

// Terminate asks the worker to end: SIGTERM.
func (p *Process) Terminate() { _ = p.cmd.Process.Signal(syscall.SIGTERM) } // fails only after its end

// Kill ends the worker by force and waits until it is gone.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill() // fails only after its end
	<-p.done
}

// Address waits until the worker tells where it listens.
func (p *Process) Address(ctx context.Context) (string, error) {
	select {
	case <-p.log.found:
		return p.log.address, nil
	case <-p.done:
		return "", errors.Join(errors.New("the worker ended before it listened"), p.err)
	case <-ctx.Done():
		return "", fmt.Errorf("wait for the worker to listen: %w", ctx.Err())
	}
}

var listening = regexp.MustCompile(`msg=listening address=(\S+)`)

// listenLog passes a log on and finds the listener's address in it.
type listenLog struct {
	next    io.Writer
	early   []byte        // what came before the address
	found   chan struct{} // closed when address is set
	address string
}

// Write never fails: a log that nobody can take must not stop the worker.
func (l *listenLog) Write(b []byte) (int, error) {
	if l.address == "" {
		l.early = append(l.early, b...)
		if m := listening.FindSubmatch(l.early); m != nil {
			l.address, l.early = string(m[1]), nil
			close(l.found)
		}
	}
	if l.next != nil {
		_, _ = l.next.Write(b)
	}
	return len(b), nil
}

// Environment is this process's environment without anything of AWS, and the variables given.
func Environment(more ...string) []string {
	var env []string
	for _, v := range os.Environ() {
		if len(v) < 4 || v[:4] != "AWS_" {
			env = append(env, v)
		}
	}
	// Neither a profile of this machine's user nor its instance role may be used by mistake.
	env = append(env, "AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull, "AWS_EC2_METADATA_DISABLED=true")
	return append(env, more...)
}
