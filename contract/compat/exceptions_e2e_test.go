//go:build e2e

package compat

// onlyTheirs are what the peer says breaks and we do not.
var onlyTheirs = []exception{}

// onlyOurs are what we say breaks and the peer does not.
var onlyOurs = []exception{}
