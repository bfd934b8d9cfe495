package kinesis

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
)

// Config says what to read and how. Stream and Application are required; every other field has a usable zero value.
type Config struct {
	// Stream is the name of the Kinesis stream.
	Stream string
	// Application is the name of the DynamoDB table that holds leases and checkpoints. Workers with the same
	// Application and Stream share the shards. One table may serve several streams.
	Application string
	// WorkerID names this worker in the lease table and in logs. A random suffix makes it unique to the process.
	// Default: the host's name.
	WorkerID string
	// Start is where an application begins that has never read this stream. Default: Latest.
	Start Position
	// RequireTable forbids creating the lease table: a missing one is then an error. Default: create it on demand.
	RequireTable bool

	// Failover is how long a dead worker's shards rest before others take them. A DynamoDB outage shorter than this
	// costs nothing. At least 1 s; at least 15 s is advised in AWS. Default 15 s.
	Failover time.Duration
	// Grace bounds the stop: batches that are not done by then are abandoned and repeated later. At least 1 s.
	// Default 25 s.
	Grace time.Duration
	// PollInterval is the time between two reads of one shard. All readers of a shard share five reads a second, so
	// at least 200 ms. Default 205 ms.
	PollInterval time.Duration
	// MaxRecords bounds a batch, 1 to 10,000. Default 1,000. Enhanced fan-out ignores it: Kinesis sizes those batches.
	MaxRecords int
	// MaxShards bounds the shards that this worker holds at once. 0 means no bound.
	MaxShards int
	// FanOut names the enhanced fan-out consumer to register and use. Empty means polling.
	FanOut string
	// HandlerTimeout bounds one call of the Handler. Default 5 min.
	HandlerTimeout time.Duration

	// Logger receives the worker's log. Default: slog.Default().
	Logger *slog.Logger
	// Observer receives the worker's events. Default: none.
	Observer Observer
}

// Clients are the AWS clients to use. Both are required.
type Clients struct {
	Kinesis  *kinesis.Client
	DynamoDB *dynamodb.Client
}

// withDefaults returns c with every zero value replaced.
func (c Config) withDefaults() Config {
	setDefault(&c.Failover, 15*time.Second)
	setDefault(&c.Grace, 25*time.Second)
	setDefault(&c.PollInterval, 205*time.Millisecond)
	setDefault(&c.HandlerTimeout, 5*time.Minute)
	setDefault(&c.MaxRecords, 1000)
	setDefault(&c.Logger, slog.Default())
	if c.WorkerID == "" {
		c.WorkerID, _ = os.Hostname() // an empty name is still unique by its suffix
	}
	return c
}

func setDefault[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// validate reports every problem of a configuration at once.
func (c Config) validate() error {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	check(c.Stream != "", "Stream is empty")
	check(c.Application != "", "Application is empty")
	check(c.Failover >= time.Second, "Failover is %v; it must be at least 1s", c.Failover)
	check(c.Grace >= time.Second, "Grace is %v; it must be at least 1s", c.Grace)
	check(c.PollInterval >= 200*time.Millisecond, "PollInterval is %v; it must be at least 200ms", c.PollInterval)
	check(c.MaxRecords >= 1 && c.MaxRecords <= 10_000, "MaxRecords is %d; it must be 1 to 10000", c.MaxRecords)
	check(c.MaxShards >= 0, "MaxShards is %d; it must not be negative", c.MaxShards)
	check(c.HandlerTimeout > 0, "HandlerTimeout is %v; it must be positive", c.HandlerTimeout)
	return errors.Join(errs...)
}

// scanInterval is how often the lease table is read, and so how soon a released lease is found.
func (c Config) scanInterval() time.Duration { return min(c.Failover/5, 2*time.Second) }

// uniqueID makes a worker's name unique to this process: two workers of one name would take each other's leases.
func uniqueID(name string) string {
	var b [4]byte
	rand.Read(b[:])
	return name + "-" + hex.EncodeToString(b[:])
}
