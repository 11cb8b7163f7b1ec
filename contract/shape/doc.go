// Package shape learns from samples what the parts of messages look like: which
// are always there, of which types, within which bounds.
//
// A message is given part by part, decoded, to a [Builder]; what it learned is a
// list of [contract.Field]. Lists out of different recordings merge into the list
// that one builder of all samples would have given, whatever the order.
//
// # Objects used as maps
//
// The keys of an object become "*" where they are data and no names, for which any
// of these is taken:
//
//   - a key is a value itself: a number, a UUID, a time, an address, a path;
//   - there are more than 256 keys;
//   - more than 32 keys of values of one type are missing now and then;
//   - arrays with items stand in the same place.
//
// Each of them stays true whatever more is seen, so that it does not matter how
// the samples are split.
//
// # Values
//
// Texts are kept as values only where they are few, short and like the words of an
// enumeration. Nothing that has the form of an identifier, an address, a time or a
// key is, nor anything below a name that tells of a person or a secret.
package shape
