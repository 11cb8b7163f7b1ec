// Package sample keeps a share of the recorded traffic: whole sessions of it,
// and something of every operation, however rare.
//
// The [Sampler] decides, a [Source] puts it behind any [capture.Source], and a
// [Governor] lowers the share so that the recorder keeps its own limits.
package sample
