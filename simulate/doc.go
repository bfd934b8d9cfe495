// Package simulate writes CloudTrail trail files of a made-up AWS estate, with
// session thefts in them and labels that say which events are whose.
//
// A run is a discrete-event simulation. Workloads and people are actors; each
// acts at its own pace on one shared clock, with its own random source derived
// from the seed and its name. What they call becomes CloudTrail records, which a delivery model
// batches, delays and disorders into trail files as AWS does. Memory holds a
// quarter of an hour of records, one entry a workload and the labels, which grow
// with the number of sessions.
//
// The same Config gives the same bytes on every machine (for one Go release:
// compress/gzip may compress otherwise in another). To that end nothing here
// reads the wall clock, ranges over a map or computes with rounded floats.
//
// The labels follow the scripts of the scenarios. The package knows nothing of
// detection rules and must not.
package simulate
