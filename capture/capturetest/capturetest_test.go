package capturetest_test

import (
	"context"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
	"twinspect.dev/capture/capturetest"
)

// list is the simplest thing that keeps both contracts.
type list struct {
	all  []*capture.Exchange
	read uint64
}

func (l *list) WriteExchange(ctx context.Context, e *capture.Exchange) error {
	if ctx.Err() == nil {
		l.all = append(l.all, e.Clone())
	}
	return ctx.Err()
}

func (l *list) ReadExchange(ctx context.Context, e *capture.Exchange) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if int(l.read) == len(l.all) {
		return io.EOF
	}
	*e = *l.all[l.read].Clone()
	l.read++
	return nil
}

func (l *list) Account() capture.Account {
	return capture.Account{{Name: "list", Unit: "exchanges", Stats: capture.Stats{Seen: l.read, Written: l.read}}}
}

func TestAListPassesTheSuite(t *testing.T) {
	capturetest.TestSourceSink(t, func(testing.TB) (capture.Sink, func() capture.Source) {
		sink := &list{}
		return sink, func() capture.Source { return &list{all: sink.all} }
	})
}

func TestASourceThatOnlyWaitsPasses(t *testing.T) {
	capturetest.Waiting(t, func(testing.TB) capture.Source {
		return capture.SourceFunc(func(ctx context.Context, _ *capture.Exchange) error {
			<-ctx.Done()
			return ctx.Err()
		})
	})
}

func TestGeneratedExchangesAreAsTheDomainWantsThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := capturetest.Exchange().Draw(t, "exchange")
		for _, m := range []*capture.Message{&e.Request.Message, &e.Response.Message} {
			if m.Incomplete == "" {
				require.EqualValues(t, len(m.Body), m.BodySize)
			}
		}
		require.True(t, capturetest.Equal(e, e.Clone()))
	})
}

func TestTheComparisonSeesEveryField(t *testing.T) {
	full, empty := capturetest.Samples()[0], capturetest.Samples()[1]
	require.NotEmpty(t, capturetest.Diff(full, empty))
	for name, change := range map[string]func(*capture.Exchange){
		"id":      func(e *capture.Exchange) { e.ID[15]++ },
		"header":  func(e *capture.Exchange) { e.Request.Header[0].Name = "HOST" },
		"body":    func(e *capture.Exchange) { e.Response.Body[0]++ },
		"time":    func(e *capture.Exchange) { e.Request.End = e.Request.End.Add(1) },
		"label":   func(e *capture.Exchange) { e.Context.Labels["pod"] = "" },
		"interim": func(e *capture.Exchange) { e.Response.Interim[0].Header = nil },
	} {
		t.Run(name, func(t *testing.T) {
			e := full.Clone()
			change(e)
			require.False(t, capturetest.Equal(full, e))
		})
	}
}
