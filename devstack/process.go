package devstack

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// process is the running Node process.
type process struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout io.Reader
	done   chan struct{} // closed when the process has ended
	cancel context.CancelFunc
	once   sync.Once
}

// ports is the line of JSON that server.js prints.
type ports struct {
	Kinesis  int `json:"kinesis"`
	DynamoDB int `json:"dynamodb"`
}

func startProcess(ctx context.Context, dir string, out *tail) (*process, error) {
	ctx, cancel := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, "node", "server.js")
	cmd.Dir, cmd.Stderr = dir, out
	killGroup(cmd)
	p := &process{cmd: cmd, done: make(chan struct{}), cancel: cancel}
	if err := p.launch(out); err != nil {
		cancel()
		return nil, err
	}
	return p, nil
}

func (p *process) launch(out *tail) (err error) {
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return err
	}
	r, w := io.Pipe()
	p.stdout, p.cmd.Stdout = r, io.MultiWriter(out, w)
	if err := p.cmd.Start(); err != nil {
		return err
	}
	go func() {
		defer close(p.done)
		w.CloseWithError(fmt.Errorf("the process ended: %w", errors.Join(p.cmd.Wait(), io.EOF)))
	}()
	return nil
}

// ready waits for the line that tells the ports. Whatever is printed later is read and dropped.
func (p *process) ready(ctx context.Context, limit time.Duration) (ports, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	got, failed := make(chan ports, 1), make(chan error, 1)
	go func() {
		r := bufio.NewReader(p.stdout)
		var found ports
		if err := json.NewDecoder(r).Decode(&found); err != nil {
			failed <- err
			return
		}
		got <- found
		_, _ = io.Copy(io.Discard, r)
	}()
	select {
	case found := <-got:
		return found, nil
	case err := <-failed:
		return ports{}, err
	case <-ctx.Done():
		return ports{}, ctx.Err()
	}
}

// stop closes the server's input, which ends it, and kills its process group if that took longer than two seconds.
func (p *process) stop() error {
	p.once.Do(func() {
		p.stdin.Close()
		t := time.NewTimer(2 * time.Second)
		defer t.Stop()
		select {
		case <-p.done:
		case <-t.C:
		}
		p.cancel()
		<-p.done
	})
	return nil
}

// tail passes output on and keeps the end of it for error messages.
type tail struct {
	mu   sync.Mutex
	next io.Writer
	last []byte
}

func newTail(next io.Writer) *tail {
	if next == nil {
		next = io.Discard
	}
	return &tail{next: next}
}

// Write never fails: a broken output must not stop the servers.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = append(t.last, p...)
	if over := len(t.last) - 2000; over > 0 {
		t.last = t.last[over:]
	}
	_, _ = t.next.Write(p)
	return len(p), nil
}

// String returns the last lines.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.last))
}
