// Package release decides on releases: whether a version of a service is promoted,
// held or rolled back, on the evidence that was gathered of it.
//
// [Decide] is pure: what it is told it weighs, and the same case always has the same
// verdict. Reading policies, evidence, clocks and metrics is the work of the packages
// below this one.
//
// Nothing turns an error into a promotion: evidence that is missing, stale, foreign,
// thin or unreadable holds.
package release
