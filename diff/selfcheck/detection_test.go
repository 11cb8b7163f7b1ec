package selfcheck_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
	"twinspect.dev/diff/compare"
	"twinspect.dev/diff/noise"
	"twinspect.dev/diff/rules"
	"twinspect.dev/diff/run"
	"twinspect.dev/diff/selfcheck"
	"twinspect.dev/fixtures/shop"
	"twinspect.dev/replay"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// numbers is the namer of the shop's operations.
type numbers struct{}

var number = regexp.MustCompile(`/[0-9]+`)

func (numbers) Name(method, target string) string {
	path, _, _ := strings.Cut(target, "?")
	return method + " " + number.ReplaceAllString(path, "/{id}")
}

// outcomes asks three instances of the shop, all of the same version, n times
// each for some operations. Their answers are full of noise.
func outcomes(n int) []*replay.Outcome {
	sides := []replay.Side{replay.Base, replay.Control, replay.Branch}
	instances := map[replay.Side]http.Handler{}
	for _, side := range sides {
		instances[side] = shop.New(shop.Config{})
	}
	var list []*replay.Outcome
	var asked sync.WaitGroup
	for i := range n {
		for k, target := range []string{
			"/rates", fmt.Sprintf("/products?pageSize=5&page=%d", 1+i%9), "/products.csv", fmt.Sprintf("/products/%d", 1001+i),
			fmt.Sprintf("/products/%d/recommendations", 1001+i), fmt.Sprintf("/stock/%d", 1001+i),
		} {
			o := &replay.Outcome{Recorded: capture.Exchange{ID: capture.NewID("test", target, start, uint64(16*i+k))}}
			o.Recorded.Request = capture.Request{Method: "GET", Target: target, Proto: "HTTP/1.1"}
			o.Answers = make([]replay.Answer, len(sides))
			for s, side := range sides {
				asked.Go(func() { o.Answers[s] = ask(instances[side], side, target) })
			}
			list = append(list, o)
		}
	}
	asked.Wait()
	return list
}

func ask(h http.Handler, side replay.Side, target string) replay.Answer {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil))
	a := replay.Answer{Side: side, Request: capture.Request{Method: "GET", Target: target, Message: capture.Message{Start: start}}}
	a.Response = capture.Response{Status: w.Code, Proto: "HTTP/1.1"}
	for name, values := range w.Header() {
		for _, v := range values {
			a.Response.Header = append(a.Response.Header, capture.Field{Name: name, Value: v})
		}
	}
	slices.SortFunc(a.Response.Header, func(x, y capture.Field) int { return strings.Compare(x.Name, y.Name) })
	a.Response.Body = w.Body.Bytes()
	a.Response.Start, a.Response.End = start.Add(time.Millisecond), start.Add(time.Millisecond)
	return a
}

const ruleFile = `version: 1
rules:
  - path: $..name
    ignore: true
    reason: to be blind on purpose
  - path: $..price
    tolerance: {absolute: 2}
    reason: to be blind on purpose
`

func ruleSet(t testing.TB) *rules.Set {
	set, err := rules.Parse("twinspect.yaml", []byte(ruleFile), start)
	require.NoError(t, err)
	return set
}

// stage is a run whose operations can be judged again one at a time.
type stage struct {
	byOperation map[string][]*replay.Outcome
	names       []string
	others      map[string]*run.Partial // all but one
	before      map[diff.Cell]diff.Judgement
	changer     *selfcheck.Changer
}

func newJudge(t testing.TB) *run.Judge {
	return run.NewJudge(run.Config{Namer: numbers{}, Rules: ruleSet(t)})
}

func newStage(t testing.TB, list []*replay.Outcome) *stage {
	s := &stage{byOperation: map[string][]*replay.Outcome{}, others: map[string]*run.Partial{}, before: map[diff.Cell]diff.Judgement{}, changer: selfcheck.NewChanger()}
	for _, o := range list {
		name := numbers{}.Name("GET", o.Recorded.Request.Target)
		if s.byOperation[name] == nil {
			s.names = append(s.names, name)
		}
		s.byOperation[name] = append(s.byOperation[name], o)
	}
	for _, name := range s.names {
		j := newJudge(t)
		for _, other := range s.names {
			if other != name {
				observe(j, s.byOperation[other])
			}
		}
		s.others[name] = j.Partial()
	}
	for _, d := range s.judge(t, s.names[0], s.byOperation[s.names[0]]) {
		s.before[d.Cell] = d.Judgement
	}
	return s
}

func observe(j *run.Judge, list []*replay.Outcome) {
	for _, o := range list {
		j.Observe(o)
	}
}

// judge judges the run with other outcomes of one operation.
func (s *stage) judge(t testing.TB, operation string, list []*replay.Outcome) []diff.Difference {
	j := newJudge(t)
	require.NoError(t, j.Merge(s.others[operation]))
	observe(j, list)
	return j.Report().Differences
}

// found says what a run makes of a change of all answers of branch.
func (s *stage) found(t testing.TB, operation string, w selfcheck.Way) noise.Outlook {
	var list []*replay.Outcome
	for _, o := range s.byOperation[operation] {
		changed := *o
		changed.Answers = slices.Clone(o.Answers)
		branch := changed.Answer(replay.Branch)
		if r, ok := s.changer.Apply(operation, o.Recorded.ID, &branch.Response, w); ok {
			branch.Response = r
		}
		list = append(list, &changed)
	}
	best := noise.Missed
	for _, d := range s.judge(t, operation, list) {
		switch {
		case d.Judgement == s.before[d.Cell]:
		case d.Judgement == diff.Regression:
			best = noise.Proven
		case d.Judgement == diff.Suspect:
			best = max(best, noise.Suspected)
		}
	}
	return best
}

// predicted makes the self-check of the run, and judges the run itself.
func predicted(t testing.TB, list []*replay.Outcome) (*selfcheck.Checker, *noise.Judged) {
	checker := selfcheck.New(selfcheck.Options{Rules: ruleSet(t), Budget: time.Hour})
	ledger, comparer := noise.New(noise.Limits{}), compare.New(ruleSet(t))
	for _, o := range list {
		name := numbers{}.Name("GET", o.Recorded.Request.Target)
		base, branch := &o.Answer(replay.Base).Response, &o.Answer(replay.Branch).Response
		checker.Observe(&selfcheck.Answers{Operation: name, Exchange: o.Recorded.ID, Base: base, Branch: branch})
		seen := noise.Observation{Operation: name, Exchange: o.Recorded.ID.String(), Method: "GET", Paired: true}
		comparer.Compare(name, base, branch, func(c diff.Change) { seen.Branch = append(seen.Branch, c) })
		comparer.Compare(name, base, &o.Answer(replay.Control).Response, func(c diff.Change) { seen.Control = append(seen.Control, c) })
		ledger.Observe(seen)
	}
	return checker, ledger.Judge(0.9 * run.DefaultErrorRate)
}

// TestTheSelfCheckPredictsWhatAChangedBranchWouldHaveShown holds the prediction
// against the truth: every change of every answer, each made in all answers of
// branch in which it is possible, and judged by a whole run. Operations weigh as
// much as they do in the self-check.
func TestTheSelfCheckPredictsWhatAChangedBranchWouldHaveShown(t *testing.T) {
	if testing.Short() || raceEnabled { // one goroutine: there is no race to find
		t.Skip("judges some 500 runs")
	}
	list := outcomes(24)
	checker, judged := predicted(t, list)
	s, check := newStage(t, list), checker.Report(judged)
	var truth [3]float64
	runs := 0
	for _, op := range check.Operations {
		found, changes := s.shares(t, op.Name)
		runs += changes
		missed := float64(op.Missed) / float64(op.Mutations)
		t.Logf("%-34s missed: truth %5.1f %%, predicted %5.1f %%", op.Name, 100*found[noise.Missed], 100*missed)
		for outlook, share := range found {
			truth[outlook] += share * float64(op.Mutations) / float64(check.Mutations)
		}
	}
	proven := float64(check.Proven) / float64(check.Mutations)
	suspected := float64(check.Suspected) / float64(check.Mutations)
	t.Logf("of %d changes of %d answers, held against %d runs: missed: truth %.1f %%, predicted %.1f %%; suspected: truth %.1f %%, predicted %.1f %%; proven: truth %.1f %%, predicted %.1f %%",
		check.Mutations, check.Answers, runs, 100*truth[noise.Missed], 100*check.MissedShare(),
		100*truth[noise.Suspected], 100*suspected, 100*truth[noise.Proven], 100*proven)
	assert.InDelta(t, truth[noise.Missed], check.MissedShare(), 0.03)
	assert.InDelta(t, truth[noise.Suspected], suspected, 0.03)
	assert.InDelta(t, truth[noise.Proven], proven, 0.03)
	assert.Positive(t, check.Missed)
}

// shares makes every change of an operation's answers and says how the runs end,
// each answer's changes counted. changes is how many runs these are.
func (s *stage) shares(t testing.TB, operation string) (found [3]float64, changes int) {
	times := map[selfcheck.Way]float64{}
	all := 0.0
	for _, o := range s.byOperation[operation] {
		for _, w := range s.changer.Ways(operation, o.Recorded.ID, &o.Answer(replay.Branch).Response) {
			times[w]++
			all++
		}
	}
	for w, n := range times {
		found[s.found(t, operation, w)] += n / all
	}
	return found, len(times)
}
