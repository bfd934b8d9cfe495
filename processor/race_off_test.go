//go:build !race

package processor_test

const raceDetector = false
