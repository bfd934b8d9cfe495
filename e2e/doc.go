// Package e2e tests the straytoken binary as its users meet it: by its command line, its output and its exit codes,
// and against a local Kinesis and DynamoDB. It holds no code of the product.
//
// The scenarios of faults (faults_*_test.go) put a load on workers while something fails, and end with an exact account
// of it. They are a table of two sizes: the short set is part of all tests, the long one is run by "make soak".
//
// Run it by "make test", or with -count=1: go test does not see that the binary has changed, and would answer from its
// cache.
package e2e
