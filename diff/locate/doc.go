// Package locate compares the trees of calls that two versions made for the same
// request, and names the first place at which they differ.
//
// Calls of the same operation under the same caller are one place, with a count:
// the order of parallel calls does not matter, nor which of them is which. Work
// inside a service is no call: that a function has another name shows nowhere, that
// it fails does.
//
// Everything here is pure. A tree that is not whole ([trace.Tree.Whole]) shows
// what is missing of it as calls that were not made: callers leave such trees out,
// and count them.
package locate
