// Package e2e tests the straytoken binary as its users meet it: by its command line, its output and its exit codes,
// and against a local Kinesis and DynamoDB. It holds no code of the product.
package e2e
