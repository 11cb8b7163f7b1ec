// Package jsondiff compares two JSON documents by their structure.
//
// Documents are JSON texts as RFC 8259 defines them. What does not carry
// meaning is not compared: white space, the order of members, how a character
// is escaped ("\u0041" is "A"), how a number is written (1.0, 1 and 10e-1 are
// the same decimal; -0 is 0). Numbers are compared as decimals and never pass
// through a float64, so that 1e400 and 0.1000000000000000000001 keep their
// value.
//
// Three rules go beyond the RFC, where it leaves the meaning open:
//
//   - Duplicate names: the first member of a name is compared with the first
//     of that name on the other side, the second with the second, and so on.
//   - A lone surrogate such as "\ud800" is a character of its own, not U+FFFD:
//     two different ones differ.
//   - Bytes inside of a string that are not UTF-8 are taken as they are, as
//     encoding/json takes them for valid.
//
// # Arrays
//
// Elements that lead or trail both arrays in the same order are set aside. What
// is left is compared by the first of these that fits:
//
//  1. The rule says Unordered: as a multiset. What has no equal on the other
//     side is paired by the key where there is one, else in order.
//  2. The same elements in another order are one Reordered change.
//  3. There is a key, given by the rule or found in the data: elements of the
//     same key are compared with each other, the others are Removed and Added,
//     and the array is Reordered if the common elements changed their order. A
//     key is found in the data if all elements are objects that have a member
//     of such a name (id, uuid, key, sku, code, name, slug, or one that ends in
//     _id, Id or ID), its values are strings or numbers and unique on each
//     side, and at least half of the shorter array's values exist on the other
//     side.
//  4. Else by the shortest edit script. Elements that it removes and adds at the
//     same place are compared with each other. Where the script would take too
//     long to find, elements are compared by position.
//
// # Cost
//
// Equal documents are walked once, side by side, and nothing is stored. Unequal
// ones are indexed into two flat arrays of nodes, 20 bytes a value or name. For
// n bytes nested d deep, time is O(n·d + n log n) and memory O(n), plus the
// alignment of arrays, which is bounded for each array by maxAlignWork steps.
package jsondiff
