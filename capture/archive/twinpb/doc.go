// Package twinpb is the protobuf form of recorded traffic, generated from
// twin.proto, which is the reference for readers in other languages.
//
// Package archive does not use the generated types on its hot path: it writes
// and reads the same bytes field by field, and its tests hold the two equal.
package twinpb

//go:generate protoc --go_out=. --go_opt=paths=source_relative twin.proto
