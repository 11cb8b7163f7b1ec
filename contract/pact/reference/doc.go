// Package reference holds the tests that hold this module's Pact against the
// reference implementation, pact_ffi: each reads what the other writes, and both
// judge the same answers, requests and messages.
package reference
