// Package wire joins packets, TCP streams and HTTP messages into one
// [twinspect.dev/capture.Source]: frames in, exchanges out, and an account of
// every frame, segment, byte and message on the way.
package wire
