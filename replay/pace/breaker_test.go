package pace_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/replay"
	"twinspect.dev/replay/pace"
)

// outcome has a base that is well and a branch with this fault or status.
func outcome(fault replay.Fault, status int) *replay.Outcome {
	o := &replay.Outcome{Answers: []replay.Answer{{Side: replay.Base}, {Side: replay.Branch, Fault: fault, Err: "why"}}}
	o.Recorded.Response.Status = 200
	o.Answers[0].Response.Status = 200
	o.Answers[1].Response.Status = status
	return o
}

// feed observes n outcomes, each by its number, until one fails.
func feed(f replay.Feedback, n int, each func(i int) *replay.Outcome) (observed int, err error) {
	for i := range n {
		if err := f.Observe(each(i)); err != nil {
			return i + 1, err
		}
	}
	return n, nil
}

func TestABreakerOpensForTheSideThatFails(t *testing.T) {
	ok, timeout := outcome("", 200), outcome(replay.Timeout, 0)
	every := func(n int) func(int) *replay.Outcome {
		return func(i int) *replay.Outcome {
			if i%n == 0 {
				return timeout
			}
			return ok
		}
	}
	always := func(o *replay.Outcome) func(int) *replay.Outcome { return func(int) *replay.Outcome { return o } }
	tests := []struct {
		name    string
		breaker pace.Breaker
		each    func(int) *replay.Outcome
		opens   int
		want    pace.OpenError
	}{
		{"40 in a row", pace.Breaker{}, always(timeout), 40, pace.OpenError{Faults: 40, Answers: 40, Fault: replay.Timeout, Detail: "why"}},
		{"told how many in a row", pace.Breaker{Consecutive: 3}, always(timeout), 3, pace.OpenError{Faults: 3, Answers: 3, Fault: replay.Timeout, Detail: "why"}},
		{"a share of the window", pace.Breaker{}, every(9), 505, pace.OpenError{Faults: 56, Answers: 500, Fault: replay.Timeout, Detail: "why"}},
		{"a share below it", pace.Breaker{}, every(10), 0, pace.OpenError{}},
		{"told the share and the window", pace.Breaker{Share: 0.4, Window: 10}, every(2), 11, pace.OpenError{Faults: 5, Answers: 10, Fault: replay.Timeout, Detail: "why"}},
		{"a restart", pace.Breaker{}, func(i int) *replay.Outcome {
			if i%500 < 32 {
				return timeout
			}
			return ok
		}, 0, pace.OpenError{}},
		{"gateway errors count where asked", pace.Breaker{Gateway: true}, always(outcome("", 503)), 40, pace.OpenError{Faults: 40, Answers: 40, Status: 503, Detail: "why"}},
		{"and not otherwise", pace.Breaker{}, always(outcome("", 503)), 0, pace.OpenError{}},
		{"an error of the service is none of the gateway", pace.Breaker{Gateway: true}, always(outcome("", 500)), 0, pace.OpenError{}},
		{"an interruption is no fault", pace.Breaker{}, always(outcome(replay.Canceled, 0)), 0, pace.OpenError{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n, err := feed(&tt.breaker, 3000, tt.each)
			if tt.opens == 0 {
				require.NoError(t, err)
				return
			}
			var open *pace.OpenError
			require.ErrorAs(t, err, &open)
			assert.Equal(t, tt.opens, n)
			tt.want.Side = replay.Branch
			assert.Equal(t, tt.want, *open)
			assert.Equal(t, err, tt.breaker.Observe(ok), "it stays open")
		})
	}
}

func TestAGatewayErrorThatWasRecordedIsNoFault(t *testing.T) {
	o := outcome("", 503)
	o.Recorded.Response.Status = 502
	_, err := feed(&pace.Breaker{Gateway: true}, 1000, func(int) *replay.Outcome { return o })
	assert.NoError(t, err)
}

func TestAnOpenErrorSaysWhatToDo(t *testing.T) {
	e := pace.OpenError{Side: replay.Branch, Faults: 40, Answers: 40, Fault: replay.Refused, Detail: "dial tcp 127.0.0.1:9"}
	assert.EqualError(t, &e, "branch failed for 40 of its last 40 exchanges, at last with refused (dial tcp 127.0.0.1:9), so the run was ended: check that the service is up and that its address is right")
	e = pace.OpenError{Side: replay.Base, Faults: 51, Answers: 500, Status: 503}
	assert.EqualError(t, &e, "base failed for 51 of its last 500 exchanges, at last with status 503, so the run was ended: look into the service's own log, or lower the rate")
	for _, f := range []replay.Fault{replay.Timeout, replay.Reset, replay.Malformed, replay.TooLarge, replay.Misrouted, replay.Failed} {
		e := pace.OpenError{Fault: f}
		assert.Regexp(t, `so the run was ended: \w+`, e.Error())
	}
}

// Against counts made anew from the whole history.
func TestTheWindowSlides(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		window := rapid.IntRange(1, 20).Draw(t, "window")
		b := &pace.Breaker{Consecutive: 1000, Share: 0.5, Window: window}
		faults := rapid.SliceOfN(rapid.Bool(), 1, 200).Draw(t, "faults")
		for i, fault := range faults {
			o := outcome("", 200)
			if fault {
				o = outcome(replay.Reset, 0)
			}
			count := 0
			for _, f := range faults[max(i+1-window, 0) : i+1] {
				if f {
					count++
				}
			}
			err := b.Observe(o)
			opens := fault && i+1 >= window && 2*count > window
			require.Equal(t, opens, err != nil, "after %d", i)
			if opens {
				return
			}
		}
	})
}

type feedbackFunc func(*replay.Outcome) error

func (f feedbackFunc) Observe(o *replay.Outcome) error { return f(o) }

func TestFeedbacksAllHear(t *testing.T) {
	first, second := errors.New("first"), errors.New("second")
	heard := 0
	tell := func(err error) replay.Feedback {
		return feedbackFunc(func(*replay.Outcome) error { heard++; return err })
	}
	require.NoError(t, pace.Feedbacks{tell(nil), nil, tell(nil)}.Observe(outcome("", 200)))
	err := pace.Feedbacks{tell(first), tell(nil), tell(second)}.Observe(outcome("", 200))
	assert.ErrorIs(t, err, first)
	assert.ErrorIs(t, err, second)
	assert.Equal(t, 5, heard)
}
