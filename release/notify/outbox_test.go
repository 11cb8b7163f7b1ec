package notify

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
	"twinspect.dev/release"
)

// numbered names letters by the order in which they are made.
func numbered() func() string {
	n := 0
	return func() string { n++; return fmt.Sprintf("nt_%06d", n) }
}

func newBox() *outbox { return &outbox{newID: numbered()} }

func told(service string, d release.Decision, at time.Time) notice {
	r := verdict(service, d)
	r.At = at
	return notice{event: VerdictEvent, at: at, record: r}
}

// drain sends everything that can be sent at a time.
func drain(b *outbox, now time.Time) (sent []*letter, wait time.Duration) {
	for {
		l, wait := b.next(now)
		if l == nil {
			return sent, wait
		}
		b.sent()
		sent = append(sent, l)
	}
}

func TestTheSameDecisionWithinAMinuteIsOneMessageWithItsCount(t *testing.T) {
	b := newBox()
	b.offer(told("catalog", release.Hold, moment), moment)
	sent, wait := drain(b, moment)
	require.Len(t, sent, 1, "the first is told at once")
	assert.Zero(t, wait)
	for i := 1; i <= 3; i++ {
		at := moment.Add(time.Duration(i) * 10 * time.Second)
		b.offer(told("catalog", release.Hold, at), at)
	}
	sent, wait = drain(b, moment.Add(30*time.Second))
	assert.Empty(t, sent)
	assert.Equal(t, 30*time.Second, wait)
	sent, _ = drain(b, moment.Add(time.Minute))
	require.Len(t, sent, 1)
	assert.Equal(t, uint64(3), sent[0].count)
	assert.Equal(t, moment.Add(30*time.Second), sent[0].at, "the newest stands for the others")
	assert.Equal(t, capture.Stats{Seen: 4, Written: 4}, b.stats)
}

func TestOtherImagesAndOtherDecisionsAreToldAtOnce(t *testing.T) {
	b := newBox()
	for _, n := range []notice{told("catalog", release.Hold, moment), told("catalog", release.Rollback, moment), told("cart", release.Hold, moment)} {
		b.offer(n, moment)
	}
	sent, _ := drain(b, moment)
	assert.Len(t, sent, 3)
}

func TestWhatFlapsKeepsItsOrder(t *testing.T) {
	b := newBox()
	at := func(s int) time.Time { return moment.Add(time.Duration(s) * time.Second) }
	offer := func(s int, d release.Decision) { b.offer(told("catalog", d, at(s)), at(s)) }
	offer(0, release.Hold)
	drain(b, at(0))
	offer(10, release.Hold)
	offer(20, release.Promote)
	sent, _ := drain(b, at(20))
	require.Len(t, sent, 2, "what is held goes before what is told at once")
	assert.Equal(t, release.Promote, sent[1].record.Decision)
	offer(30, release.Hold)
	offer(40, release.Promote)
	offer(50, release.Hold)
	sent, _ = drain(b, at(80))
	require.Len(t, sent, 2)
	assert.Equal(t, release.Hold, sent[1].record.Decision, "the last message says what is")
	assert.Equal(t, uint64(2), sent[1].count)
}

func TestALetterThatWaitsGoesBehindNewerOnesOfItsImage(t *testing.T) {
	b := newBox()
	for i, d := range []release.Decision{release.Hold, release.Promote, release.Hold} {
		at := moment.Add(time.Duration(i))
		b.offer(told("catalog", d, at), at)
	}
	sent, _ := drain(b, moment)
	require.Len(t, sent, 2)
	assert.Equal(t, release.Hold, sent[1].record.Decision)
	assert.Equal(t, uint64(2), sent[1].count)
}

func TestWhatOverflowsIsCountedAndToldInTheNextMessage(t *testing.T) {
	b := newBox()
	for i := range maxWaiting + 10 {
		b.offer(told("s"+strconv.Itoa(i), release.Hold, moment), moment)
	}
	assert.Len(t, b.waiting, maxWaiting)
	first, _ := b.next(moment)
	assert.Equal(t, "s10", first.record.Subject.Service, "the oldest are dropped")
	assert.Equal(t, uint64(10), first.missed)
	b.failed(unreachable)
	second, _ := b.next(moment)
	assert.Equal(t, uint64(11), second.missed, "a message that is lost does not take the count with it")
	b.sent()
	third, _ := b.next(moment)
	assert.Zero(t, third.missed)
	b.clear(atEnd)
	require.NoError(t, b.stats.Balance())
	assert.Zero(t, b.stats.Open)
	assert.Equal(t, map[capture.Reason]uint64{overflow: 10, unreachable: 1, atEnd: maxWaiting - 2}, b.stats.Dropped)
}

func TestWhatIsHeldIsBoundedToo(t *testing.T) {
	b := newBox()
	for round := range 2 {
		for i := range 2 * maxWaiting {
			b.offer(told("s"+strconv.Itoa(i), release.Hold, moment), moment)
			if round == 0 {
				drain(b, moment)
			}
		}
	}
	assert.Empty(t, b.waiting)
	assert.Equal(t, maxWaiting, b.held)
	assert.Equal(t, uint64(maxWaiting), b.stats.Lost())
	require.NoError(t, b.stats.Balance())
}

func TestWindowsAreForgotten(t *testing.T) {
	b := newBox()
	for i := range 2 * maxWindows {
		b.offer(told("s"+strconv.Itoa(i), release.Hold, moment), moment)
		drain(b, moment)
	}
	assert.Len(t, b.windows, maxWindows)
	drain(b, moment.Add(together))
	assert.Empty(t, b.windows)
}

func TestAnyOrderOfEventsBalancesAndEndsWithWhatIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newBox()
		now := moment
		last, said := map[string]release.Decision{}, map[string]release.Decision{}
		send := func() {
			if l, _ := b.next(now); l != nil {
				said[l.record.Subject.Service] = l.record.Decision
				b.sent()
			}
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(1, 40).Draw(t, "seconds")) * time.Second)
			if rapid.Bool().Draw(t, "offer") {
				service := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "service")
				d := rapid.SampledFrom([]release.Decision{release.Promote, release.Hold, release.Rollback}).Draw(t, "decision")
				b.offer(told(service, d, now), now)
				last[service] = d
			} else {
				send()
			}
			require.NoError(t, b.stats.Balance())
		}
		for b.stats.Open > 0 {
			now = now.Add(together)
			send()
		}
		assert.Equal(t, last, said)
		assert.Equal(t, b.stats.Seen, b.stats.Written)
	})
}
