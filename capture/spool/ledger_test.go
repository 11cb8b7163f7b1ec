package spool

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
)

func anyTally(rt *rapid.T) tally {
	n := rapid.Uint64Range(0, 1<<50)
	t := tally{written: n.Draw(rt, "written"), spooled: n.Draw(rt, "spooled")}
	t.head = place{rapid.Uint64Range(0, maxSeq).Draw(rt, "seq"), n.Draw(rt, "pos")}
	for r, d := range rapid.MapOfN(rapid.StringN(0, 100, 100), n, 0, 50).Draw(rt, "dropped") {
		t.drop(capture.Reason(r), d)
	}
	t.seen = t.written + t.spooled + t.lost() + n.Draw(rt, "queued")
	return t
}

func TestALedgerGivesBackTheLastTally(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp("", "ledger")
		require.NoError(rt, err)
		defer os.RemoveAll(dir)
		path := filepath.Join(dir, "ledger")
		l, _, err := openLedger(path)
		require.ErrorIs(rt, err, errNoLedger)
		tallies := rapid.SliceOfN(rapid.Custom(anyTally), 1, 4).Draw(rt, "tallies")
		for i := range tallies {
			l.tailSum = ^tallies[i].lost() // these do not grow from one to the next
			require.NoError(rt, l.store(&tallies[i]))
		}
		number := l.number
		require.NoError(rt, l.close())
		last := tallies[len(tallies)-1]
		l, got, err := openLedger(path)
		require.NoError(rt, err)
		require.Equal(rt, last, got)
		require.NoError(rt, l.close())

		// Torn: the one before it counts.
		file, err := os.ReadFile(path)
		require.NoError(rt, err)
		file[number%2*slotSize+uint64(rapid.IntRange(0, slotFixed-1).Draw(rt, "at"))] ^= 0x40
		got, _, err = decodeLedger(file)
		if len(tallies) == 1 {
			require.ErrorIs(rt, err, errBadLedger)
			return
		}
		require.NoError(rt, err)
		require.Equal(rt, tallies[len(tallies)-2], got)
	})
}

func TestAFullLedgerKeepsTheNamesOfItsReasons(t *testing.T) {
	var tl tally
	for i := range maxReasons {
		tl.drop(capture.Reason(string(rune('a'+i%26))+strings.Repeat("z", i/26)), 1)
	}
	require.Contains(t, tl.dropped, ReasonOther)
	var got tally
	require.True(t, got.takeReasons(appendReasons(nil, tl.dropped)))
	assert.Equal(t, tl.dropped, got.dropped, "other stands in the middle of the file")
}

func TestTheLargestLedgerFitsItsSlot(t *testing.T) {
	var tl tally
	for i := range 100 {
		tl.drop(capture.Reason(strings.Repeat(string(rune('a'+i%26)), 64-i/26)), 1)
	}
	assert.Len(t, tl.dropped, maxReasons)
	assert.EqualValues(t, 100, tl.lost())
	assert.LessOrEqual(t, len(appendSlot(nil, 1, &tl, appendReasons(nil, tl.dropped))), slotSize)
}

func FuzzLedger(f *testing.F) {
	tl := tally{seen: 9, written: 3, spooled: 2, dropped: map[capture.Reason]uint64{"crash": 1}}
	f.Add(appendSlot(nil, 1, &tl, appendReasons(nil, tl.dropped)), uint64(3))
	f.Add([]byte{}, uint64(0))
	f.Fuzz(func(t *testing.T, b []byte, found uint64) {
		found %= 1 << 50
		got, _, err := decodeLedger(b)
		if err == nil {
			require.True(t, got.plausible())
		}
		if got.seen > 1<<60 {
			return // more than was ever seen
		}
		before := got.seen
		got.resume(found)
		require.NoError(t, got.stats().Balance())
		require.Equal(t, found, got.open())
		require.GreaterOrEqual(t, got.seen, before)
	})
}

func TestADelayStaysWithinItsBounds(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := Retry{Min: time.Duration(rapid.Int64Range(1, 1<<40).Draw(rt, "min"))}
		r.Max = r.Min + time.Duration(rapid.Int64Range(0, 1<<62).Draw(rt, "more"))
		d := r.delay(rapid.IntRange(0, 1<<40).Draw(rt, "attempt"), rapid.Float64Range(0, 0.999).Draw(rt, "random"))
		require.GreaterOrEqual(rt, d, r.Min/2)
		require.LessOrEqual(rt, d, r.Max)
	})
}
