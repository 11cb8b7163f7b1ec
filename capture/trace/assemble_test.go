package trace

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
)

// at makes a span of a trace that ends a number of seconds after the epoch.
func at(trace, id byte, second int) *Span {
	s := of(trace, id)
	s.End = epoch.Add(time.Duration(second) * time.Second)
	s.Start = s.End.Add(-time.Millisecond)
	return s
}

// given collects trees as "trace:spans".
type given []string

func (g *given) do(t *Tree) error {
	*g = append(*g, fmt.Sprintf("%d:%d", t.Trace[15], t.Spans))
	return nil
}

func assembled(t *testing.T, a *Assembler) capture.Stats {
	t.Helper()
	require.NoError(t, a.Account().Balance())
	return a.Account()[0].Stats
}

func TestATraceIsGivenOutWhenItIsQuietInTheStreamsTime(t *testing.T) {
	var got given
	a := NewAssembler(AssembleOptions{Quiet: 10 * time.Second}, got.do)
	for i := range byte(15) {
		require.NoError(t, a.Add(at(1, i+1, 0)))
	}
	require.NoError(t, a.Add(at(2, 1, 1<<30)), "a wild clock")
	for i := range byte(14) {
		require.NoError(t, a.Add(at(2, i+2, 9)))
	}
	assert.Empty(t, got)
	for i := range byte(15) {
		require.NoError(t, a.Add(at(3, i+1, 11)))
	}
	assert.Equal(t, given{"1:15"}, got)
	require.NoError(t, a.Add(at(1, 99, 12)))
	assert.Equal(t, map[capture.Reason]uint64{Late: 1}, assembled(t, a).Dropped)
	require.NoError(t, a.Flush())
	assert.Equal(t, given{"1:15", "2:15", "3:15"}, got)
	stats := assembled(t, a)
	assert.Equal(t, [2]uint64{45, 0}, [2]uint64{stats.Written, stats.Open})
}

func TestAFullWindowGivesOutWhatIsQuietLongest(t *testing.T) {
	for name, o := range map[string]AssembleOptions{
		"traces": {MaxTraces: 2},
		"bytes":  {MaxBytes: int64(3 * of(1, 1).Size())},
	} {
		t.Run(name, func(t *testing.T) {
			var got given
			a := NewAssembler(o, got.do)
			for _, s := range []*Span{at(1, 1, 0), at(2, 1, 0), at(1, 2, 0), at(3, 1, 0)} {
				require.NoError(t, a.Add(s))
			}
			assert.Equal(t, given{"2:1"}, got)
			assert.Equal(t, uint64(3), assembled(t, a).Open)
		})
	}
}

func TestALongTraceKeepsItsFirstSpansAndTheRestIsCounted(t *testing.T) {
	var got given
	a := NewAssembler(AssembleOptions{MaxSpans: 2}, got.do)
	for _, s := range []*Span{at(1, 1, 0), at(1, 1, 0), at(1, 2, 0)} {
		require.NoError(t, a.Add(s))
	}
	require.NoError(t, a.Flush())
	assert.Equal(t, given{"1:1"}, got)
	assert.Equal(t, capture.Stats{Seen: 3, Written: 1, Filtered: map[capture.Reason]uint64{Duplicate: 1},
		Dropped: map[capture.Reason]uint64{TooLong: 1}}, assembled(t, a))
}

func TestOfOnlySoManyTracesIsItKnownThatTheyAreGone(t *testing.T) {
	var got given
	a := NewAssembler(AssembleOptions{MaxTraces: 1, Remember: 1}, got.do)
	for _, n := range []byte{1, 2, 3, 2, 1} { // 2 is late, 1 begins anew
		require.NoError(t, a.Add(at(n, 1, 0)))
	}
	require.NoError(t, a.Flush())
	assert.Equal(t, given{"1:1", "2:1", "3:1", "1:1"}, got)
	assert.Equal(t, map[capture.Reason]uint64{Late: 1}, assembled(t, a).Dropped)
}

func TestAShortTraceIDIsThatOfTheLongOneThatEndsInIt(t *testing.T) {
	short, long := at(1, 1, 0), at(1, 2, 0)
	short.Trace[0] = 0
	for _, list := range [][]*Span{{short, long}, {long, short}} {
		var trees []*Tree
		a := NewAssembler(AssembleOptions{}, func(t *Tree) error { trees = append(trees, t); return nil })
		for _, s := range list {
			require.NoError(t, a.Add(s))
		}
		require.NoError(t, a.Flush())
		require.Len(t, trees, 1)
		assert.Equal(t, long.Trace, trees[0].Trace)
		assert.Equal(t, 2, trees[0].Spans)
	}
}

func TestASourceIsAssembledToItsEndAndErrorsStopIt(t *testing.T) {
	in := append(delimited(wire(t, 2)), delimited([]byte("broken"), wire(t, 3))...)
	var got given
	var damaged []*capture.RecordError
	account, err := Assemble(t.Context(), NewReader(bytes.NewReader(in), ReadOptions{}), AssembleOptions{}, got.do,
		func(e *capture.RecordError) { damaged = append(damaged, e) })
	require.NoError(t, err)
	require.NoError(t, account.Balance())
	assert.Equal(t, given{"10:3"}, got)
	assert.Len(t, damaged, 1)
	assert.Equal(t, uint64(2), account[0].Filtered[Duplicate])

	full := errors.New("full")
	account, err = Assemble(t.Context(), NewReader(bytes.NewReader(in), ReadOptions{}), AssembleOptions{}, func(*Tree) error { return full }, nil)
	require.ErrorIs(t, err, full)
	require.NoError(t, account.Balance())
}

func TestTheOrderOfSpansDoesNotMatterWhenTheWindowHoldsThem(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var spans []*Span
		for n := range rapid.IntRange(1, 60).Draw(rt, "spans") {
			spans = append(spans, at(byte(n%7), byte(n/7+1), n))
		}
		run := func(list []*Span) []string {
			var got given
			a := NewAssembler(AssembleOptions{Quiet: time.Hour}, got.do)
			for _, s := range list {
				require.NoError(rt, a.Add(s))
			}
			require.NoError(rt, a.Flush())
			require.NoError(rt, a.Account().Balance())
			slices.Sort(got)
			return got
		}
		require.Equal(rt, run(spans), run(rapid.Permutation(spans).Draw(rt, "order")))
	})
}

// BenchmarkAssemble puts a stream together in which a thousand traces of ten spans
// are open at a time.
func BenchmarkAssemble(b *testing.B) {
	const open, each, spans = 1000, 10, 1_000_000
	var peak, before runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		trees := 0
		a := NewAssembler(AssembleOptions{}, func(*Tree) error {
			if trees++; trees == spans/each/2 {
				runtime.GC()
				runtime.ReadMemStats(&peak)
			}
			return nil
		})
		for i := range spans {
			block, round := i/(open*each), i%(open*each)
			s := sp(byte(round/open+1), byte(round/open), Internal, "shop", 0, 0)
			n := block*open + round%open + 1
			s.Trace = TraceID{0: 1, 13: byte(n >> 16), 14: byte(n >> 8), 15: byte(n)}
			s.Start = epoch.Add(time.Duration(i) * 100 * time.Microsecond)
			s.End = s.Start
			if err := a.Add(&s); err != nil {
				b.Fatal(err)
			}
		}
		if err := a.Flush(); err != nil || trees != spans/each {
			b.Fatal(trees, err)
		}
	}
	b.ReportMetric(float64(spans)*float64(b.N)/b.Elapsed().Seconds(), "spans/s")
	b.ReportMetric(float64(peak.HeapAlloc-before.HeapAlloc)/(1<<20), "MiB")
}
