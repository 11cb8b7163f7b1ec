// Package statement says of evidence which image it is of, and who says so.
//
// Evidence is wrapped in an in-toto Statement v1
// (https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md): its subject is
// the image, its predicate type the evidence's schema and version, and its predicate
// holds the evidence byte for byte with the base that it was compared with and where it
// comes from. The statement stands in an envelope of DSSE
// (https://github.com/secure-systems-lab/dsse/blob/master/protocol.md), with the
// signatures of ed25519 or ECDSA P-256 keys, or without one.
//
// Nothing here holds state; everything may be used from many goroutines, as long as an
// [Envelope] that is signed is used from one.
package statement
