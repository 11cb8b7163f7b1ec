// Package recorded takes from recorded traffic what cases of a document can be
// made of: requests that were accepted, and which values come from where.
package recorded

import (
	"context"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/message"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
	"twinspect.dev/contract/sequence"
)

// Values are what a recording showed.
type Values struct {
	account  capture.Account
	requests map[string][]contract.Request
	learner  *sequence.Learner
}

// Learn reads a recording to its end. damaged hears of every record that could not
// be read; it may be nil.
func Learn(ctx context.Context, src capture.Source, doc *openapi.Document, damaged func(*capture.RecordError)) (*Values, error) {
	v := &Values{learner: sequence.NewLearner(doc, message.New(doc, schema.New(doc)))}
	_, err := capture.Copy(ctx, capture.SinkFunc(func(_ context.Context, e *capture.Exchange) error {
		v.learner.Add(e)
		return nil
	}), src, damaged)
	return v, err
}

// Requests returns requests of an operation that were accepted.
func (v *Values) Requests(operation string) []contract.Request { return v.requests[operation] }

// Dependencies returns which values of requests come from which answers.
func (v *Values) Dependencies() []sequence.Dependency { return v.learner.Dependencies() }

// Account tells what was read, and what was not used and why.
func (v *Values) Account() capture.Account { return v.account }
