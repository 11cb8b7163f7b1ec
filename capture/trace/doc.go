// Package trace reads spans from where tracing systems keep or send them, and
// joins them into the tree of calls that one request caused.
//
// Spans come from files ([Open], [NewReader]), from the query services of Jaeger
// and Zipkin ([Jaeger], [Zipkin]), or from the programs themselves by OTLP
// ([Receiver]). Each is a [Source]. A [Store] collects the spans of the traces that
// are wanted, and builds a [Tree] of each; an [Assembler] makes trees of a whole
// stream of spans. A [Writer] writes spans to a file as OTLP protobuf, which a
// [Reader] reads back.
//
// The forms that are read:
//   - OTLP protobuf (opentelemetry-proto, TracesData and
//     ExportTraceServiceRequest, which are alike on the wire): one message, many
//     behind each other, many with their length as a varint before each, or with
//     4 bytes of big-endian length, as the collector's file exporter writes them;
//   - OTLP JSON: one document, or one a line, also within "result" as Jaeger's
//     /api/v3/traces answers;
//   - Jaeger JSON: what its user interface exports and /api/traces answers;
//   - Zipkin JSON, version 2 and 1: a list of spans, or of such lists, as
//     /api/v2/traces answers, or one a line.
//
// Each may be compressed by gzip or zstd.
package trace
