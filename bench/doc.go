// Package bench measures what an event costs: the whole way from compressed records to
// facts, against gunzip alone and against what a program would do without straytoken's
// decoder. It drives the other packages as run does, through what they export, with a
// store that counts instead of DynamoDB.
//
// Costs are CPU time of the whole process, garbage collection included, so that other
// programs on the machine disturb them little. What is compared runs in turn, many
// times, in one process.
package bench
