// Package archive keeps recorded traffic in files, as .twin and as JSON lines.
//
// # The .twin form
//
// A .twin file is zstd in the seekable format of length-delimited protobuf
// messages; twinpb/twin.proto is the reference. "zstd -dc f.twin" and any
// protobuf decoder read it. Each zstd frame holds whole records and a checksum;
// its first record says how many exchanges came before it. The last record is
// the account of the recording: where it is missing, the recording was cut.
//
// Reading survives damage. A file cut at any byte gives every record that is
// whole before the cut. A frame whose checksum fails gives nothing, since none
// of it can be trusted, and reading goes on at the next frame; the exchanges
// lost are counted by the ordinals. Both are told by a [*capture.RecordError].
// A cut in the index after the last record loses nothing and is not told.
//
// # The JSONL form
//
// One exchange a line, the account as a last line {"account":[...]}. See
// package jsonform for how text that is not UTF-8 is written. Lines may come
// from any program; a bad one is told and passed over.
//
// Both forms keep every field of [capture.Exchange] exactly, but for two
// things: the location of a time (the instant is kept, and read back in UTC) and
// the difference between an empty list or map and none.
package archive
