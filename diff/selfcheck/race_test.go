//go:build race

package selfcheck_test

const raceEnabled = true
