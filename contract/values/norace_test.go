//go:build !race

package values_test

const raceEnabled = false
