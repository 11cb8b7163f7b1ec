package traffic

import (
	"context"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
)

type checker struct {
	Suite
	Options
}

func newChecker(s Suite, o Options) *checker { return &checker{Suite: s, Options: o} }

func (c *checker) read(ctx context.Context, src capture.Source) error {
	_, err := capture.Copy(ctx, capture.SinkFunc(func(context.Context, *capture.Exchange) error { return nil }), src, c.Damaged)
	return err
}

func (c *checker) report(src capture.Source, interrupted bool) *contract.Report {
	r := &contract.Report{Schema: contract.Schema, Version: contract.SchemaVersion, Tool: c.Tool, Input: c.Input, Document: c.Document.Info(),
		Verdict: contract.Inconclusive, Account: capture.AccountOf(src)}
	if interrupted {
		r.Verdict = contract.Interrupted
	}
	return r
}
