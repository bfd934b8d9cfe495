package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"runtime/debug"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// settings are the flags.
type settings struct {
	only       *regexp.Regexp // names of the benchmarks to run
	count      int            // runs of each figure
	sessions   int            // of the benchmark of memory
	memory     uint64         // bytes of heap at which that one stops, however many sessions it has
	heavyTime  time.Duration  // and the time
	binary     string         // path of straytoken
	peers      string         // folder of what it is compared with
	streamTime time.Duration  // of the load on the local Kinesis
	page       string         // where the table goes besides standard output; "" nowhere
}

func parse() (*settings, error) {
	s := &settings{}
	only := flag.String("only", ".", "benchmarks to run, a regular expression over their names")
	list := flag.Bool("list", false, "list the benchmarks")
	flag.IntVar(&s.count, "count", 10, "runs of each figure")
	flag.IntVar(&s.sessions, "sessions", 5_000_000, "sessions of the benchmark of memory")
	flag.Uint64Var(&s.memory, "memory", 7<<30, "bytes of heap at which the benchmark of memory stops")
	flag.DurationVar(&s.heavyTime, "patience", 4*time.Minute, "time after which the benchmark of memory stops adding sessions")
	flag.StringVar(&s.binary, "binary", "bin/straytoken", "the straytoken to measure")
	flag.StringVar(&s.peers, "peers", "bench/peers", "folder of what it is compared with")
	flag.DurationVar(&s.streamTime, "stream", 45*time.Second, "how long the load on the local Kinesis lasts")
	flag.StringVar(&s.page, "page", "", "page to write the table into, besides standard output")
	flag.Parse()
	if *list {
		for _, b := range benchmarks() {
			fmt.Println(b.name)
		}
		return nil, flag.ErrHelp
	}
	var err error
	s.only, err = regexp.Compile("^(?:" + *only + ")")
	s.count = max(s.count, 1)
	return s, err
}

// benchmark makes some lines of the table.
type benchmark struct {
	name string
	run  func(ctx context.Context, s *settings) ([]line, error)
}

func benchmarks() []benchmark {
	return []benchmark{
		{"cloudwatch", cloudWatch},
		{"trail", trailFiles},
		{"cores", cores},
		{"store", store},
		{"sessions", sessions},
		{"latency", latency},
		{"start", start},
		{"scan", scan},
		{"size", size},
	}
}

// errMissing says that this machine lacks what a benchmark needs.
var errMissing = errors.New("not measured")

func run(ctx context.Context) error {
	s, err := parse()
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	var lines []line
	busy := watchMachine()
	for _, b := range benchmarks() {
		if !s.only.MatchString(b.name) {
			continue
		}
		fmt.Fprintf(os.Stderr, "bench: %s\n", b.name)
		more, err := b.run(ctx, s)
		if errors.Is(err, errMissing) {
			more = append(more, line{what: b.name, note: err.Error()})
		} else if err != nil {
			return fmt.Errorf("%s: %w", b.name, err)
		}
		lines = append(lines, more...)
		debug.FreeOSMemory() // what one took is not to be missing for the next
	}
	if len(lines) == 0 {
		return fmt.Errorf("no benchmark begins with %s", strings.TrimPrefix(s.only.String(), "^"))
	}
	return printTable(os.Stdout, s, lines, busy())
}
