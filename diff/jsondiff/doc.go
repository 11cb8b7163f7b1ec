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
//  2. Each element stands where its counterpart does: there are as many, and
//     those that differ agree in the key, or there is but one that differs.
//  3. The same elements in another order.
//  4. There is a key, given by the rule or found in the data: elements of the
//     same key are compared with each other, the others are Removed and Added. A
//     key is found in the data if all elements are objects that have a member
//     of such a name (id, uuid, key, sku, code, name, slug, or one that ends in
//     _id, Id or ID), its values are strings or numbers and unique on each
//     side, and at least half of the shorter array's values exist on the other
//     side. Where no member does alone, two may together, a further string among
//     them, if three quarters of the shorter array's pairs are on the other side.
//  5. Every value of such a member is another one on the other side: the
//     elements were renumbered. They are matched by what else they hold, and
//     those that are left by what they hold beside ids; at least half must be.
//  6. Else by the shortest edit script. An element that it removes and an equal
//     one that it adds are the same one, moved, where few move. Elements that it
//     removes and adds at the same place are compared with each other. Where the
//     script would take too long to find, elements are compared by position.
//
// Where counterparts changed their order in 3 to 6, those outside of a longest
// run that kept it are Moved, if they are at most a third of the elements that
// both arrays have, and these are six or more; else the array is Reordered, once.
//
// # Renumbered ids
//
// An id (id, uuid, or a name that ends in _id, Id or ID) that became another one
// by rule 5, no other element having the same rest, is Changed at the path of the key, once for the document. Whatever else
// changes from the old id to the new one follows from that and is not told, if
// both are strings of eight bytes or more, or the nearest member's name is that
// of a key, or ends in _id, Id, ID, _ids, Ids or IDs. An id that became two, or
// shares its new one, is not followed.
//
// # Maps
//
// In the Path of a Change, a step is marked as Map if the object has more than 50
// members on one of the sides, or if the name looks like a value that no schema
// has: a UUID, a ULID, 24 or more hexadecimal digits with a decimal one among
// them, a number of five digits or more, a date with or without a time, an e-mail
// address. Path.Fold gives the wildcard for it.
//
// # Renames
//
// Options.Rename is asked for members that only base has. Elements are matched by
// their content before, so that an array without a key, whose elements have
// renamed members, is compared by position.
//
// # Cost
//
// Two documents are walked once, side by side. Runs of the same bytes are read on
// one side only. What differs is kept in 28 bytes a change and 28 a step of its
// path, until both documents are known to be JSON. Where the members of an object
// stand in another order, other's are read ahead to know the places of up to 16
// names and values, and base's taken one after another. Where there are more, or
// two have the same name, or a name of other is escaped, or the object lies more
// than 8 levels deep, or Options.Rename is set, and where elements have to be
// matched, the object's rest or the array is indexed into two flat arrays of nodes,
// 20 bytes a value or name. For n bytes nested d deep, time is O(n·d + n log n) and
// memory O(n), plus the alignment of arrays, which is bounded for each array by
// maxAlignWork steps.
package jsondiff
