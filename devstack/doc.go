// Package devstack runs a local Kinesis (kinesalite) and a local DynamoDB (dynalite) for tests and the demo.
//
// Both servers run in one Node process on loopback, on free ports, in memory: every Start is an empty world, and
// nothing survives Close or the death of the process that called Start. The npm packages are pinned by the lock file
// in this folder; Start installs them with "npm ci" the first time, and again whenever the lock file has changed.
//
// What the servers cannot do is written down in kinesis/HAZARDS.md: no enhanced fan-out, no UpdateShardCount, no read
// limits on the Kinesis side; no transactions and no time-to-live on the DynamoDB side.
package devstack
