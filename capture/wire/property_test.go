package wire

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
	"twinspect.dev/capture/packet"
)

// collect reads a source to its end and checks its account.
func collect(t require.TestingT, segs Segments) (all []*capture.Exchange, account capture.Account) {
	s := New(Config{Agent: "test"}, segs)
	var e capture.Exchange
	for {
		err := s.ReadExchange(context.Background(), &e)
		if errors.Is(err, io.EOF) {
			account = s.Account()
			require.NoError(t, account.Balance())
			for _, stage := range account {
				require.Zero(t, stage.Open, "stage %s", stage.Name)
			}
			return all, account
		}
		require.NoError(t, err)
		all = append(all, e.Clone())
		require.NoError(t, s.Account().Balance())
	}
}

// timeless removes what depends on the order of capture.
func timeless(all []*capture.Exchange) []*capture.Exchange {
	for _, e := range all {
		for _, m := range []*capture.Message{&e.Request.Message, &e.Response.Message} {
			m.Start, m.End = time.Time{}, time.Time{}
		}
		for i := range e.Response.Interim {
			e.Response.Interim[i].Time = time.Time{}
		}
	}
	slices.SortFunc(all, func(a, b *capture.Exchange) int { return int(a.Context.Index) - int(b.Context.Index) })
	return all
}

// disturb repeats, overlaps and reorders segments. The handshake stays first:
// without it the order of the first bytes is not known.
func disturb(t *rapid.T, in segments) segments {
	out := slices.Clone(in[:2])
	for _, s := range in[2:] {
		out = append(out, s)
		if len(s.Payload) == 0 || rapid.IntRange(0, 3).Draw(t, "again") != 0 {
			continue
		}
		from := rapid.IntRange(0, len(s.Payload)-1).Draw(t, "from")
		to := rapid.IntRange(from+1, len(s.Payload)).Draw(t, "to")
		part := s
		part.Seq += uint32(from)
		part.Payload = s.Payload[from:to]
		out = append(out, part)
	}
	rest := out[2:]
	for i := range rest {
		j := min(len(rest)-1, i+rapid.IntRange(0, 6).Draw(t, "shift"))
		rest[i], rest[j] = rest[j], rest[i]
	}
	return out
}

// join makes segments that overlap their neighbours, as a sender does that
// packs what it repeats into other segments.
func join(t *rapid.T, in segments) segments {
	out := slices.Clone(in[:2])
	for i, s := range in[2:] {
		out = append(out, s)
		if i+3 >= len(in) || len(s.Payload) == 0 || !rapid.Bool().Draw(t, "join") {
			continue
		}
		next := in[i+3]
		if next.Src == s.Src && next.Seq == s.Seq+uint32(len(s.Payload)) && next.Ack == s.Ack && len(next.Payload) > 0 {
			both := s
			both.Payload = append(slices.Clone(s.Payload), next.Payload...)
			out = append(out, both)
		}
	}
	return out
}

func TestDisturbedSegmentsGiveTheSameExchanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, requests, _ := converse(t)
		inOrder := slices.Clone(c.list).stamp()
		disturbed := disturb(t, join(t, c.list)).stamp()
		want, _ := collect(t, &inOrder)
		require.Len(t, want, len(requests))
		for i, e := range want {
			require.True(t, e.Complete(), "exchange %d", i)
			require.Equal(t, e.Request.Target, e.Response.Header.Get("X-Answers"))
		}
		got, _ := collect(t, &disturbed)
		if diff := cmp.Diff(timeless(want), timeless(got), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("exchanges differ (-in order +disturbed):\n%s", diff)
		}
	})
}

// TestLossIsCountedAndNeverShiftsPairs drops data segments: acknowledgements,
// SYN and FIN stay, so every lost byte is known to be lost.
func TestLossIsCountedAndNeverShiftsPairs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, requests, responses := converse(t)
		rate := rapid.IntRange(2, 30).Draw(t, "one in")
		var kept segments
		lost := 0
		for _, s := range c.list {
			if len(s.Payload) > 0 && rapid.IntRange(0, rate).Draw(t, "lose") == 0 {
				lost += len(s.Payload)
				continue
			}
			kept = append(kept, s)
		}
		kept.stamp()
		got, account := collect(t, &kept)
		require.EqualValues(t, lost, dropped(account, "bytes", "gap"))
		whole := 0
		for _, e := range got {
			if e.Complete() {
				whole++
			}
			checkHalves(t, e, requests, responses)
		}
		if lost == 0 {
			require.Equal(t, len(requests), whole)
		}
		if whole < len(requests) {
			require.Positive(t, lost)
		}
	})
}

func checkHalves(t *rapid.T, e *capture.Exchange, requests, responses map[string]string) {
	asked, answers := e.Request.Target, e.Response.Header.Get("X-Answers")
	if asked != "" && answers != "" {
		require.Equal(t, asked, answers, "a response is paired with the wrong request")
	}
	if e.Request.Incomplete == "" && asked != "/inside" {
		require.Equal(t, requests[asked], string(e.Request.Body))
	}
	if e.Response.Incomplete == "" && answers != "" && e.Request.Incomplete != capture.Unseen {
		require.Equal(t, responses[answers], string(e.Response.Body))
	}
}

func dropped(account capture.Account, unit string, why capture.Reason) uint64 {
	for _, stage := range account {
		if stage.Unit == unit {
			return stage.Dropped[why]
		}
	}
	return 0
}

func TestOneExchangeLostCostsNoOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := &conversation{}
		c.open()
		n := rapid.IntRange(3, 8).Draw(t, "exchanges")
		hit := rapid.IntRange(0, n-2).Draw(t, "hit")
		var lost []int
		for i := range n {
			q, method := drawRequest(t, i)
			r := drawResponse(t, i, method)
			c.turn(t, 0, q.wire)
			from := len(c.list)
			c.turn(t, 1, r.wire)
			if i == hit {
				lost = append(lost, rapid.IntRange(from, len(c.list)-2).Draw(t, "lost"))
			}
		}
		c.close()
		kept := slices.Delete(c.list, lost[0], lost[0]+1).stamp()
		got, _ := collect(t, &kept)
		whole := 0
		for _, e := range got {
			if e.Complete() {
				whole++
				require.Equal(t, e.Request.Target, e.Response.Header.Get("X-Answers"))
			}
		}
		require.GreaterOrEqual(t, whole, n-1)
	})
}

var (
	_ Segments = (*packet.File)(nil)
	_ Segments = (*packet.Live)(nil)
)
