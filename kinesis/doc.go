// Package kinesis reads one Kinesis stream with the Kinesis Client Library and hands its records, shard by shard and
// in order, to a Handler. It is the only package that knows the library (github.com/vmware/vmware-go-kcl-v2).
//
// The contract is at-least-once, in order within a shard, and durable before checkpointed: a batch is checkpointed
// only after the Handler has returned nil for it, and no later batch of that shard is handled before. A child shard is
// read only after all of its parents. A Handler that fails stalls its shard, visibly, and nothing is skipped.
//
// The library's worker loop, shard consumers and record processors are used as they are. Everything in it that loses,
// repeats or stalls records is replaced through its public seams, as HAZARDS.md tells hazard by hazard:
//
//   - leases.go, lease.go, table.go: a lease table with fenced, conditional writes, behind checkpoint.Checkpointer;
//   - reader.go, cursor.go, poll.go, fanout.go: reads that repair themselves, as a middleware of the Kinesis client;
//   - processor.go: retries, recovery from panics and a watchdog around the Handler;
//   - worker.go, stop.go: start-up checks with clear errors, and a stop that is bounded in time.
//
// The role of a worker needs, on the stream, kinesis:DescribeStreamSummary, ListShards, GetShardIterator and GetRecords
// (and kms:Decrypt on the key of an encrypted one); for enhanced fan-out also DescribeStreamConsumer,
// RegisterStreamConsumer and, on the consumer, SubscribeToShard. On the lease table it needs dynamodb:DescribeTable,
// Scan, PutItem, UpdateItem and DeleteItem, and CreateTable unless the table exists.
//
// All workers of one Application and Stream share the shards fairly, take over from each other when one dies, and need
// no common clock.
package kinesis
