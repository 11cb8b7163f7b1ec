// Package retrace gives each request of each side a trace of its own, so that
// what one side did to answer can be told from what the other did.
//
// A recorded request names the trace that it had in production. Sent as it is,
// the spans of all sides would join that one trace, or none, where it was not
// sampled. A sender of this package puts a trace in its place that is known
// beforehand, and asks for it to be sampled.
package retrace
