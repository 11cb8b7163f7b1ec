// Package recorded takes from recorded traffic what cases of a document can be
// made of: requests that were accepted, and which values come from where.
//
// What it gives goes into files that are reviewed and kept. So it takes no
// credentials and no cookies, and no request in which something looks like a
// secret that was not redacted.
package recorded

import (
	"context"
	"errors"
	"fmt"

	"twinspect.dev/capture"
	"twinspect.dev/capture/redact"
	"twinspect.dev/contract"
	"twinspect.dev/contract/conform"
	"twinspect.dev/contract/coverage"
	"twinspect.dev/contract/message"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
	"twinspect.dev/contract/sequence"
)

// Why no case is made of a recorded request. One that is not whole, or whose
// answer is not, is counted under that reason.
const (
	NoOperation capture.Reason = "no-operation" // the document has none that can be used
	NotAccepted capture.Reason = "not-accepted" // it was not answered 2xx
	Breaks      capture.Reason = "breaks-document"
	Credential  capture.Reason = "credential" // a part that it cannot do without is a cookie or a key
	Secret      capture.Reason = "secret"     // something in it looks like one
	Large       capture.Reason = "large"      // nobody reviews so long a body
	Repeated    capture.Reason = "repeated"   // the operation has it already
	Enough      capture.Reason = "enough"     // the operation has enough that are alike
	Memory      capture.Reason = "memory"     // all operations together have enough
)

// Values are what a recording showed. They are not changed any more and may be
// used by many goroutines.
type Values struct {
	account      capture.Account
	requests     map[string][]contract.Request
	dependencies []sequence.Dependency
	skipped      map[capture.Reason]uint64
}

// Learn reads a recording to its end. damaged hears of every record that could not
// be read; it may be nil. On an error, which is the source's or the context's, the
// values are those of what was read before.
func Learn(ctx context.Context, src capture.Source, doc *openapi.Document, damaged func(*capture.RecordError)) (*Values, error) {
	l, err := newLearner(doc)
	if err != nil {
		return nil, err
	}
	records, err := capture.Copy(ctx, capture.SinkFunc(func(ctx context.Context, e *capture.Exchange) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		l.add(e)
		return nil
	}), src, damaged)
	for reason, n := range records.Dropped {
		l.stats.Seen += n
		l.stats.Drop(reason, n)
	}
	if err != nil {
		err = fmt.Errorf("learn from traffic: %w", err)
	}
	return l.values(src), err
}

// Requests returns requests of an operation that keep to the document and were
// accepted, at most [Most], unlike each other. They must not be changed.
func (v *Values) Requests(operation string) []contract.Request { return v.requests[operation] }

// Dependencies returns which values of requests come from which answers.
func (v *Values) Dependencies() []sequence.Dependency { return v.dependencies }

// Account tells what was read, and of which requests no case is made, and why.
func (v *Values) Account() capture.Account { return v.account.Clone() }

// Unlearned counts by reason what no dependency was learned from: see
// sequence.Learner.
func (v *Values) Unlearned() map[capture.Reason]uint64 { return v.skipped }

// learner reads one recording.
type learner struct {
	doc          *openapi.Document
	codec        *message.Codec
	conformer    *conform.Conformer
	meter        *coverage.Meter
	secrets      *redact.Redactor
	dependencies *sequence.Learner
	choices      map[string]*choice
	size         int
	stats        capture.Stats
}

func newLearner(doc *openapi.Document) (*learner, error) {
	if doc == nil {
		return nil, errors.New("learn from traffic: there is no document")
	}
	secrets, err := redact.New(redact.Defaults(), nil)
	if err != nil {
		return nil, fmt.Errorf("learn from traffic: %w", err)
	}
	schemas := schema.New(doc)
	codec := message.New(doc, schemas)
	conformer := conform.New(doc, schemas, codec)
	return &learner{
		doc: doc, codec: codec, conformer: conformer, secrets: secrets, choices: make(map[string]*choice),
		meter: coverage.New(doc, schemas, conformer), dependencies: sequence.NewLearner(doc, codec),
	}, nil
}

// add learns from one exchange. What is not whole teaches nothing.
func (l *learner) add(e *capture.Exchange) {
	l.stats.Seen++
	switch reason := incomplete(e); reason {
	case "":
		l.dependencies.Add(e)
	default:
		l.stats.Drop(reason, 1)
		return
	}
	if reason := l.request(e); reason != "" {
		l.stats.Filter(reason, 1)
		return
	}
	l.stats.Written++
}

func incomplete(e *capture.Exchange) capture.Reason {
	switch {
	case e.Request.Incomplete != "":
		return capture.Reason(e.Request.Incomplete)
	case e.Response.Incomplete != "":
		return capture.Reason(e.Response.Incomplete)
	case e.Request.Method == "" || e.Response.Status == 0:
		return capture.Reason(capture.Unseen)
	}
	return ""
}

func (l *learner) values(src capture.Source) *Values {
	v := &Values{requests: make(map[string][]contract.Request, len(l.choices)),
		dependencies: l.dependencies.Dependencies(), skipped: l.dependencies.Skipped}
	for operation, c := range l.choices {
		for _, kept := range c.kept {
			v.requests[operation] = append(v.requests[operation], kept.request)
		}
		// What made room for another was written once.
		l.stats.Written -= c.replaced
		l.stats.Filter(Enough, c.replaced)
	}
	v.account = append(capture.AccountOf(src), capture.Stage{Name: "recorded-requests", Unit: "exchanges", Stats: l.stats})
	return v
}
