//go:build race

package processor_test

const raceDetector = true
