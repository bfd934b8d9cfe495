package faults

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
)

// Call is one request of an AWS client.
type Call struct {
	Operation string // such as GetRecords
	Shard     string // of GetShardIterator and GetRecords
	Body      []byte
}

// Rule chooses what becomes of a call; nil lets it pass. It is called concurrently.
type Rule func(Call) Fault

// Fault answers a call, or does not. See Late, Silent and the others.
type Fault func(*Exchange)

// Exchange is a call on its way through a Proxy.
type Exchange struct {
	Call
	proxy   *Proxy
	lifted  <-chan struct{} // closed when the rule that chose the fault is no longer in force
	request *http.Request
	to      http.ResponseWriter
}

// Proxy stands between clients and one server. It is safe for concurrent use.
type Proxy struct {
	server    *http.Server
	listener  net.Listener
	upstream  string
	transport *http.Transport
	shards    sync.Map // iterator → shard

	mu     sync.Mutex
	rule   Rule
	lifted chan struct{}
}

// Start starts a proxy before the server at a URL such as http://127.0.0.1:4567. Its owner calls Close.
func Start(upstream string) (*Proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the calls to %s: %w", upstream, err)
	}
	p := &Proxy{
		listener: listener, upstream: strings.TrimSuffix(upstream, "/"), lifted: make(chan struct{}),
		transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64},
	}
	p.server = &http.Server{Handler: http.HandlerFunc(p.serve)}
	go func() { _ = p.server.Serve(listener) }() // ends with Close
	return p, nil
}

// URL is where clients find the proxy.
func (p *Proxy) URL() string { return "http://" + p.listener.Addr().String() }

// Set puts another rule in force, nil to let everything pass. Calls that the rule before it keeps silent end now.
func (p *Proxy) Set(rule Rule) {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.lifted)
	p.rule, p.lifted = rule, make(chan struct{})
}

// Close ends the proxy and all calls.
func (p *Proxy) Close() error {
	p.Set(nil)
	err := p.server.Close()
	p.transport.CloseIdleConnections()
	return err
}

func (p *Proxy) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client hung up
	}
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	x := &Exchange{Call: Call{Operation: operation, Shard: p.shardOf(body), Body: body}, proxy: p, request: r, to: w}
	p.mu.Lock()
	rule := p.rule
	x.lifted = p.lifted
	p.mu.Unlock()
	fault := Fault(pass)
	if rule != nil {
		if chosen := rule(x.Call); chosen != nil {
			fault = chosen
		}
	}
	fault(x)
}

// answer is what the server said.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// ask passes a body on to the server.
func (x *Exchange) ask(ctx context.Context, body []byte) (*answer, error) {
	request, err := http.NewRequestWithContext(ctx, x.request.Method, x.proxy.upstream+x.request.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header = x.request.Header.Clone()
	response, err := x.proxy.transport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	x.proxy.noteIterator(&x.Call, text)
	return &answer{response.StatusCode, response.Header, text}, nil
}

// reply gives the client an answer.
func (x *Exchange) reply(a *answer) {
	for name, values := range a.header {
		x.to.Header()[name] = values
	}
	x.to.Header().Set("Content-Length", fmt.Sprint(len(a.body)))
	x.to.WriteHeader(a.status)
	_, _ = x.to.Write(a.body) // the client may have hung up
}

// hangUp resets the connection: the client reads an error and no answer.
func (x *Exchange) hangUp() {
	conn, _, err := http.NewResponseController(x.to).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // a reset instead of an orderly end
	}
	_ = conn.Close()
}
