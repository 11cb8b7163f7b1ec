// Package topology tells from spans which services call which, how often, and how
// that ends.
//
// A [Builder] sees the trees of traces and makes a [Graph] of them, which
// [Terminal], [JSON], [DOT] and [HTML] write, and [SVG] draws. A [Query] finds
// single chains of calls; [Chains] keeps the slowest or the first of them.
//
// The order in which trees are seen does not matter, nor how they are spread over
// builders that are merged, as long as the limits hold.
package topology
