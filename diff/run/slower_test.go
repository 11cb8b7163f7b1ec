package run

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/diff"
	"twinspect.dev/replay"
)

// load is answers at a rate of 50 a second; took gives what the i-th takes on
// each side.
func load(n int, took func(i int, at time.Duration) (base, control, branch time.Duration)) []diff.Difference {
	j := newJudge()
	for i := range n {
		at := time.Duration(i) * 20 * ms
		base, control, branch := took(i, at)
		j.Observe(timedAt(i, at, base, control, branch))
	}
	return j.Report().Differences
}

// timedAt is the outcome of sides that were asked so long after the start.
func timedAt(i int, at, base, control, branch time.Duration) *replay.Outcome {
	o := timed(i, base, control, branch)
	for k := range o.Answers {
		a := &o.Answers[k]
		a.Request.Start = a.Request.Start.Add(at)
		a.Response.Start, a.Response.End = a.Response.Start.Add(at), a.Response.End.Add(at)
	}
	return o
}

func pathsOf(list []diff.Difference) (paths []string) {
	for _, d := range list {
		paths = append(paths, d.Path)
	}
	return paths
}

func TestAQuantileThatShiftsIsFound(t *testing.T) {
	rng := rand.New(rand.NewPCG(31, 37))
	usual := func() time.Duration { return 2*ms + time.Duration(rng.ExpFloat64()*float64(3*ms)) }
	found := load(12_000, func(int, time.Duration) (_, _, _ time.Duration) {
		branch := usual()
		if rng.IntN(10) == 0 {
			branch += 80 * ms
		}
		return usual(), usual(), branch
	})
	require.Equal(t, []string{"p95"}, pathsOf(found))
	d := found[0]
	assert.Equal(t, diff.Regression, d.Judgement)
	assert.Regexp(t, `^branch's p95 is at least \d+(\.\d+)?ms, base's at most \d+(\.\d+)?ms, control's at most \d+(\.\d+)?ms, by 2\d\d\d spans of 100ms$`, d.Reason)
	assert.Greater(t, d.BranchSessions, 3*d.ControlSessions)
	assert.Equal(t, "latency", d.Examples[0].At)
}

// TestAMedianThatShiftsIsFoundThoughAnswersVaryMore needs the quantiles: of pairs
// fewer than half are slower.
func TestAMedianThatShiftsIsFoundThoughAnswersVaryMore(t *testing.T) {
	rng := rand.New(rand.NewPCG(41, 43))
	varied := func() time.Duration { return time.Duration(10*math.Exp(1.2*rng.NormFloat64())) * ms }
	found := load(6000, func(int, time.Duration) (_, _, _ time.Duration) { return varied(), varied(), 3 * varied() })
	require.NotEmpty(t, found)
	assert.Equal(t, "p50", found[0].Path)
	assert.Less(t, 2*found[0].BranchOnly, found[0].N)
}

// TestBurstsAreSeldomTakenForSlowerQuantiles stalls sides that are alike: each by
// itself for 50 ms to 2 s, so that a tenth of its answers are late.
func TestBurstsAreSeldomTakenForSlowerQuantiles(t *testing.T) {
	runs := 60
	if testing.Short() || raceEnabled {
		runs = 10
	}
	for _, longest := range []time.Duration{50 * ms, 500 * ms, 2 * time.Second} {
		flagged := 0
		for run := range runs {
			rng := rand.New(rand.NewPCG(uint64(run), uint64(longest)))
			var until [3]time.Duration
			answer := func(side int, at time.Duration) time.Duration {
				if at >= until[side] && rng.Float64() < 0.1*float64(20*ms)/float64(longest) {
					until[side] = at + longest
				}
				return 3*ms + time.Duration(rng.ExpFloat64()*float64(ms)) + max(0, until[side]-at)
			}
			found := load(3000, func(_ int, at time.Duration) (_, _, _ time.Duration) {
				return answer(0, at), answer(1, at), answer(2, at)
			})
			if len(found) > 0 {
				flagged++
			}
		}
		t.Logf("stalls of %s: %d of %d runs have an operation that is slower", longest, flagged, runs)
		assert.LessOrEqual(t, float64(flagged), DefaultErrorRate*float64(runs))
	}
}

func TestOneLongStallIsNoRegression(t *testing.T) {
	found := load(6000, func(_ int, at time.Duration) (_, _, _ time.Duration) {
		if at > 10*time.Second && at < 12*time.Second {
			return 3 * ms, 3 * ms, 12*time.Second - at
		}
		return 3 * ms, 3 * ms, 3 * ms
	})
	assert.Empty(t, found, "in one answer of sixty")
}

func TestSpansAreCountedAndMerged(t *testing.T) {
	whole, first, second := newJudge(), newJudge(), newJudge()
	for i := range 400 {
		o := timedAt(i, time.Duration(i)*30*ms, ms, ms, time.Duration(1+i%7*10)*ms)
		whole.Observe(o)
		[]*Judge{first, second}[i%2].Observe(o)
	}
	require.NoError(t, first.Merge(decoded(t, second.Partial())))
	a, b := &whole.operations["GET /a"].pace, &first.operations["GET /a"].pace
	assert.Equal(t, a, b)
	assert.InDelta(t, 120, a.spans.count(), 3)
	x, y := a.blocks.Votes()
	assert.Equal(t, []uint64{120, 0}, []uint64{x, y})
}

func TestWithoutControlBaseThatIsSlowerStandsAgainstBranch(t *testing.T) {
	j := newJudge()
	for i := range 100 {
		o := timedAt(i, time.Duration(i)*span, ms, ms, 50*ms)
		o.Answers = append(o.Answers[:1], o.Answers[2])
		if i%2 == 0 {
			o.Answers[0].Response.End, o.Answers[1].Response.End = o.Answers[1].Response.End, o.Answers[0].Response.End
		}
		j.Observe(o)
	}
	x, y := j.operations["GET /a"].pace.blocks.Votes()
	assert.Equal(t, []uint64{50, 50}, []uint64{x, y})
	assert.Empty(t, j.Report().Differences)
}

func TestSpansThatContradictTheOutcomesAreRefused(t *testing.T) {
	var p pace
	for i := range 6 {
		p.observe(timedAt(i, time.Duration(i)*span, ms, ms, 50*ms), strings.Clone)
	}
	require.NoError(t, p.spansPart().check(&p.Counts))
	for name, damage := range map[string]func(s *spansPart){
		"too few bytes":     func(s *spansPart) { s.Seen = s.Seen[1:] },
		"no span":           func(s *spansPart) { s.Seen = make([]byte, spanBits/8) },
		"too many spans":    func(s *spansPart) { s.Seen[7] = 0xff },
		"a shift too large": func(s *spansPart) { s.Shift = 33 },
		"an id too large":   func(s *spansPart) { s.Blocks[5][0] = 1 << 32 },
		"out of order":      func(s *spansPart) { s.Blocks[0], s.Blocks[1] = s.Blocks[1], s.Blocks[0] },
		"votes too large":   func(s *spansPart) { s.Blocks[0][1] = math.MinInt64 },
		"too many votes":    func(s *spansPart) { s.Blocks[0][1] = 2 },
		"votes of no one":   func(s *spansPart) { s.Blocks[0][1] = -1 },
	} {
		s := p.spansPart()
		damage(s)
		assert.Error(t, s.check(&p.Counts), name)
	}
	assert.Error(t, (*spansPart)(nil).check(&p.Counts))
	assert.Error(t, p.spansPart().check(&diff.Counts{}))
}
