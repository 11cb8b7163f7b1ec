package pace_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/replay"
	"twinspect.dev/replay/pace"
)

// service is a run in virtual time: a runner that reads window exchanges ahead
// and has inFlight senders, and a service that takes latency for each answer.
type service struct {
	window, inFlight int
	latency          time.Duration
	// answers gives the answer to what is sent at a time.
	answers func(at time.Duration) (fault replay.Fault, status int)
}

// exchange was sent, and is answered latency later.
type exchange struct{ sent, late time.Duration }

// run sends until a time. It returns how many were sent in each second.
func (v service) run(a *pace.Adaptive, until time.Duration) []int {
	rates := make([]int, until/s+1)
	free := make([]time.Duration, v.inFlight) // when each sender has its answer, in turn
	busy := make(chan exchange, v.window)
	var now, lastDue time.Duration
	for n := uint64(0); ; n++ {
		if len(busy) == v.window {
			e := <-busy
			v.observe(a, e)
			now = max(now, e.sent+v.latency)
		}
		wait := a.Pace(now, n, 0)
		due := now + wait
		if due < lastDue {
			panic(fmt.Sprintf("exchange %d is due at %s after one at %s", n, due, lastDue))
		}
		lastDue = due
		sender := n % uint64(v.inFlight)
		sent := max(due, free[sender], now)
		if sent >= until {
			return rates
		}
		rates[sent/s]++
		free[sender] = sent + v.latency
		busy <- exchange{sent, sent - due}
	}
}

// observe tells of the answer.
func (v service) observe(a *pace.Adaptive, e exchange) {
	fault, status := v.answers(e.sent)
	o := outcome(fault, status)
	o.Late = e.late
	for i := range o.Answers {
		o.Answers[i].Request.Start = time.Unix(1000, 0).Add(e.sent)
	}
	if err := a.Observe(o); err != nil {
		panic(err)
	}
}

func well(time.Duration) (replay.Fault, int) { return "", 200 }

func TestAdaptiveFindsWhatCanBeSent(t *testing.T) {
	for _, latency := range []time.Duration{10, 40, 62, 66, 75, 100, 150, 220, 300, 400} {
		latency *= time.Millisecond
		capacity := 64 / latency.Seconds() // by Little's law
		a := &pace.Adaptive{From: 50, To: 1000, By: 1.5, Every: 2 * s}
		v := service{window: 256, inFlight: 64, latency: latency, answers: well}
		rates := v.run(a, 100*s)
		f := a.Found()
		if capacity > 1000*1.02 {
			assert.Equal(t, pace.Found{Sustained: 1000}, f)
			assert.InDelta(t, 1000, rates[90], 2)
			continue
		}
		assert.LessOrEqual(t, f.Sustained, capacity*1.05)
		assert.GreaterOrEqual(t, f.Sustained, capacity/1.5/1.5)
		assert.InDelta(t, f.Sustained, rates[90], f.Sustained/50+2, "it is held")
	}
}

func TestAdaptiveBacksOffBeforeAnOverloadedService(t *testing.T) {
	for name, bad := range map[string]struct {
		fault  replay.Fault
		status int
	}{"refused": {replay.Refused, 0}, "server error": {"", 503}} {
		t.Run(name, func(t *testing.T) {
			// 500 a second are too many.
			var second time.Duration
			count := 0
			v := service{window: 512, inFlight: 32, latency: 5 * time.Millisecond}
			v.answers = func(at time.Duration) (replay.Fault, int) {
				if at/s != second {
					second, count = at/s, 0
				}
				if count++; count > 500 {
					return bad.fault, bad.status
				}
				return "", 200
			}
			a := &pace.Adaptive{From: 50, To: 5000}
			rates := v.run(a, 400*s)
			f := a.Found()
			assert.InDelta(t, 50*1.5*1.5*1.5*1.5*1.5, f.Sustained, 1e-6)
			assert.InDelta(t, f.Sustained*1.5, f.Failed, 1e-6)
			assert.Contains(t, f.Why, "outcomes hold faults or server errors that the recording does not")
			assert.InDelta(t, f.Sustained, rates[390], 2)
			worst := 0
			for _, r := range rates {
				worst = max(worst, r)
			}
			assert.Less(t, worst, 600, "nothing is tried above the step that failed")
		})
	}
}

func TestAServerErrorThatWasRecordedIsNotOverload(t *testing.T) {
	a := &pace.Adaptive{From: 100, To: 200, Every: s}
	a.Pace(0, 0, 0)
	o := outcome("", 500)
	o.Recorded.Response.Status = 500
	for i := range 200 {
		at := time.Duration(i) * s / 100
		for k := range o.Answers {
			o.Answers[k].Request.Start = time.Unix(0, 0).Add(at)
		}
		require.NoError(t, a.Observe(o))
	}
	assert.Equal(t, pace.Found{Sustained: 100}, a.Found())
}

func TestAdaptiveSaysWhenNotEvenTheLowestRateIsSustained(t *testing.T) {
	v := service{window: 64, inFlight: 8, latency: s / 100, answers: func(time.Duration) (replay.Fault, int) { return replay.Refused, 0 }}
	a := &pace.Adaptive{From: 50, To: 500, Every: s}
	rates := v.run(a, 60*s)
	f := a.Found()
	assert.Zero(t, f.Sustained)
	assert.EqualValues(t, 50, f.Failed)
	assert.InDelta(t, 50, rates[50], 2)
}

func TestAdaptiveWithholdsJudgementWithoutOutcomes(t *testing.T) {
	a := &pace.Adaptive{From: 10, To: 100, Every: s}
	require.NoError(t, a.Observe(outcome("", 200)), "before the first exchange")
	for n := range uint64(100) {
		assert.Equal(t, time.Duration(n)*s/10, a.Pace(0, n, 0))
		require.NoError(t, a.Observe(outcome(replay.Canceled, 0)))
		require.NoError(t, a.Observe(&replay.Outcome{}))
	}
	assert.Zero(t, a.Found())
}
