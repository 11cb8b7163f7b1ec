package calls

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/trace"
	"twinspect.dev/diff"
	"twinspect.dev/replay"
)

var began = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

func id(i int, side byte) trace.TraceID { return trace.TraceID{byte(i), byte(i >> 8), 0, side} }

func outcomeOf(i int) *replay.Outcome {
	o := &replay.Outcome{}
	o.Recorded.ID = capture.NewID("test", "c", began, uint64(i))
	o.Recorded.Request = capture.Request{Method: "GET", Target: "/cart"}
	for n, side := range []replay.Side{replay.Base, replay.Control, replay.Branch} {
		a := replay.Answer{Side: side}
		a.Request.Header = capture.Header{{Name: "traceparent", Value: fmt.Sprintf("00-%s-00f067aa0ba902b7-01", id(i, byte(n+1)))}}
		o.Answers = append(o.Answers, a)
	}
	return o
}

// send adds the spans of one side: the cart, which asks for prices so many times.
func send(s *trace.Store, at trace.TraceID, calls, status int) {
	root := trace.Span{
		Trace: at, ID: trace.SpanID{1}, Service: "cart", Name: "GET /cart", Kind: trace.Server,
		Start: began, End: began.Add(time.Second), HTTP: trace.HTTP{Method: "GET", Route: "/cart", Status: 200},
	}
	s.Add(&root, began)
	for n := range calls {
		span := trace.Span{
			Trace: at, ID: trace.SpanID{2, byte(n)}, Parent: root.ID, Service: "pricing", Name: "GET /price", Kind: trace.Server,
			Start: began, End: began.Add(time.Millisecond), HTTP: trace.HTTP{Method: "GET", Route: "/price/{sku}", Status: status},
		}
		s.Add(&span, began)
	}
}

func joiner() (*trace.Store, *Joiner) {
	store := trace.NewStore(trace.StoreOptions{})
	return store, New(store, func(target string) string { return target })
}

func TestMoreCallsOnBranchAreARegressionOfTheirOwn(t *testing.T) {
	store, j := joiner()
	for i := range 40 {
		o := outcomeOf(i)
		j.Add("GET /cart", fmt.Sprint(i), o, true)
		for side, calls := range map[byte]int{1: 2, 2: 2, 3: 9} {
			send(store, id(i, side), calls, 200)
		}
	}
	assert.Equal(t, 40, j.Join(began, time.Second), "spans may still be on their way")
	assert.Zero(t, j.Join(began.Add(2*time.Second), time.Second))
	found := j.Judge(0.01)
	require.Len(t, found, 1)
	assert.Equal(t, diff.Cell{
		Operation: "GET /cart", Place: diff.Place{Part: diff.Call, Path: found[0].Path}, Kind: diff.Repeated,
	}, found[0].Cell)
	assert.Contains(t, found[0].Path, "pricing")
	assert.Equal(t, diff.Regression, found[0].Judgement)
	require.NoError(t, j.Account().Balance())

	r := &diff.Report{Differences: []diff.Difference{
		{Cell: diff.Cell{Operation: "GET /cart", Place: diff.Place{Part: diff.Body, Path: "$.total"}}, Judgement: diff.Regression},
		{Cell: diff.Cell{Operation: "GET /cart"}, Judgement: diff.Noise},
		{Cell: diff.Cell{Operation: "GET /other"}, Judgement: diff.Regression},
	}}
	j.Locate(r)
	require.NotNil(t, r.Differences[0].Location)
	assert.Equal(t, "pricing", r.Differences[0].Location.Service)
	assert.Equal(t, []uint64{40, 40}, []uint64{r.Differences[0].Location.Same, r.Differences[0].Location.Of})
	assert.Nil(t, r.Differences[1].Location)
	assert.Nil(t, r.Differences[2].Location)
}

func TestWhatCannotBeJoinedIsCounted(t *testing.T) {
	store, j := joiner()
	none := outcomeOf(0)
	none.Answers[0].Request.Header = nil
	shared := outcomeOf(1)
	shared.Answers[2].Request.Header = shared.Answers[0].Request.Header
	for _, o := range []*replay.Outcome{none, shared, outcomeOf(2), outcomeOf(3)} {
		j.Add("GET /cart", "", o, false)
	}
	for side := range byte(3) {
		orphan := trace.Span{Trace: id(3, side+1), ID: trace.SpanID{9}, Parent: trace.SpanID{8}, Service: "pricing", Start: began, End: began}
		send(store, id(3, side+1), 1, 200)
		store.Add(&orphan, began)
	}
	assert.Len(t, j.Pending(), 6)
	j.Finish()
	stage := j.Account()[0]
	assert.Equal(t, map[capture.Reason]uint64{NoTrace: 2, NoSpans: 1, NotWhole: 1}, stage.Filtered)
	require.NoError(t, j.Account().Balance())
	assert.Empty(t, j.Judge(0.05))
}

func TestTracesAreComparedOnlyWhereTheyBeginAlike(t *testing.T) {
	gateway, asked := trace.SpanID{7}, trace.SpanID{0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7}
	for name, tt := range map[string]struct {
		parent trace.SpanID
		begins string
		reason capture.Reason
	}{
		"what was asked, under another name": {asked, "cart-v2", ""},
		"behind a gateway":                   {gateway, "cart", ""},
		"the first span is on its way":       {gateway, "pricing", NotWhole},
	} {
		t.Run(name, func(t *testing.T) {
			store, j := joiner()
			j.Add("GET /cart", "", outcomeOf(0), false)
			for side, service := range map[byte]string{1: "cart", 2: "cart", 3: tt.begins} {
				root := trace.Span{
					Trace: id(0, side), ID: trace.SpanID{1}, Parent: tt.parent, Service: service, Name: "GET", Kind: trace.Server,
					Start: began, End: began.Add(time.Second),
				}
				store.Add(&root, began)
			}
			j.Finish()
			stage := j.Account()[0]
			assert.Equal(t, tt.reason == "", stage.Written == 1)
			assert.Equal(t, tt.reason != "", stage.Filtered[NotWhole] == 1)
		})
	}
}
