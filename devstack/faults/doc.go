// Package faults puts a proxy between AWS clients and a local Kinesis or DynamoDB, and has it misbehave as told: late,
// silent or broken connections, errors of the service, answers that are lost, batches that are taken in part.
//
// A proxy passes everything until it is given a Rule, which sees every call and chooses its Fault. Rules may be
// replaced while calls are under way.
package faults
