package run

import (
	"fmt"
	"strings"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
	"twinspect.dev/replay"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// byPath names operations by the path up to its query.
type byPath struct{}

func (byPath) Name(method, target string) string {
	path, _, _ := strings.Cut(target, "?")
	return method + " " + path
}

func newJudge() *Judge {
	return NewJudge(Config{Namer: byPath{}, MaxLoss: DefaultMaxLoss})
}

// answers makes the outcome of the i-th GET of path. Each answer is "side body",
// or "side !fault"; all take the same time.
func answers(i int, path string, list ...string) *replay.Outcome {
	o := &replay.Outcome{Recorded: capture.Exchange{
		ID:      capture.NewID("test", "connection", start, uint64(i)),
		Request: capture.Request{Method: "GET", Target: path, Proto: "HTTP/1.1"},
	}}
	for _, s := range list {
		side, what, _ := strings.Cut(s, " ")
		o.Answers = append(o.Answers, answer(replay.Side(side), what))
	}
	return o
}

func answer(side replay.Side, what string) replay.Answer {
	a := replay.Answer{Side: side, Request: capture.Request{Method: "GET", Target: "/", Message: capture.Message{Start: start}}}
	a.Response.Start, a.Response.End = start.Add(time.Millisecond), start.Add(time.Millisecond)
	if fault, ok := strings.CutPrefix(what, "!"); ok {
		a.Fault, a.Err = replay.Fault(fault), "it broke"
		return a
	}
	a.Response.Status, a.Response.Proto = 200, "HTTP/1.1"
	a.Response.Header = capture.Header{{Name: "Content-Type", Value: "application/json"}}
	a.Response.Body = []byte(what)
	a.Response.BodySize = int64(len(what))
	return a
}

// times is n outcomes of path with the same answers.
func times(n int, path string, list ...string) []*replay.Outcome {
	var outcomes []*replay.Outcome
	for i := range n {
		outcomes = append(outcomes, answers(i, path, list...))
	}
	return outcomes
}

// timed is the outcome of an operation whose sides took so long.
func timed(i int, base, control, branch time.Duration) *replay.Outcome {
	o := answers(i, "/a", "base 1", "control 1", "branch 1")
	for k, d := range []time.Duration{base, control, branch} {
		o.Answers[k].Response.End = start.Add(d)
	}
	return o
}

func observe(outcomes ...*replay.Outcome) *diff.Report {
	j := newJudge()
	for _, o := range outcomes {
		j.Observe(o)
	}
	return j.Report()
}

func operationOf(r *diff.Report, name string) diff.Operation {
	for _, op := range r.Operations {
		if op.Name == name {
			return op
		}
	}
	panic(fmt.Sprintf("no operation %s", name))
}

// stage returns a stage of the account by its name.
func stage(a capture.Account, name string) capture.Stage {
	for _, s := range a {
		if s.Name == name {
			return s
		}
	}
	panic("no stage " + name)
}
