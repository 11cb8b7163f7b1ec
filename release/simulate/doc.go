// Package simulate replays a policy over what is known of past releases, to show what
// it would have decided, and when.
//
// [Run] is pure: it reads no clock and no store. At every moment it knows what the
// gate knew then and nothing of what came later: evidence from when it was filed, an
// override or a stop from when it began, and their end from when they ended. What
// sources the gate could not read is taken from its records.
//
// Two things are not kept of the past. The weight that a release asked for: it is
// simulated as untold, and where the gate held for it the record is told as not
// comparable. And what the policy itself does to the past: a release that the policy
// had promoted earlier would have left other evidence behind.
package simulate
