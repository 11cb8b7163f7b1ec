//go:build race

package wire

const withRace = true
