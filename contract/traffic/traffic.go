// Package traffic holds recorded traffic against an OpenAPI document. It sends
// nothing.
package traffic

import (
	"context"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/conform"
	"twinspect.dev/contract/message"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
)

// Suite is a document and what reads its messages; all parts are of the same one.
type Suite struct {
	Document  *openapi.Document
	Schemas   *schema.Set
	Codec     *message.Codec
	Conformer *conform.Conformer
}

// Options say how a recording is held against a document.
type Options struct {
	// Redact takes the secrets out of an exchange that is shown; nil shows it as it
	// is.
	Redact func(*capture.Exchange)
	// Damaged hears of every record that could not be read; nil where nobody does.
	Damaged func(*capture.RecordError)
	// Tool and Input are those of the report.
	Tool, Input string
}

// Check reads a recording to its end and holds it against the document of a suite.
// A canceled context ends it early with the report of what was read, whose verdict
// is [contract.Interrupted]. Any other error of the source is returned, with the
// report of what was read before.
func Check(ctx context.Context, src capture.Source, s Suite, o Options) (*contract.Report, error) {
	c := newChecker(s, o)
	err := c.read(ctx, src)
	return c.report(src, ctx.Err() != nil), err
}
