// Package simulate replays a policy over what is known of past releases, to show what
// it would have decided, and when.
//
// [Run] is pure: it reads no clock and no store. At every moment it knows what the
// gate knew then and nothing of what came later: evidence from when it was filed, an
// override or a stop from when it began, and their end from when they ended. What
// sources the gate could not read is taken from its records.
//
// A release is simulated as if it had told no weight. A verdict that the gate gave is
// compared with the one on the weight that its record tells of; where it tells of none,
// and the gate held for the weight alone, it cannot be compared and is told so.
//
// What the policy itself does to the past is not known: a release that the policy had
// promoted earlier would have left other evidence behind.
package simulate
