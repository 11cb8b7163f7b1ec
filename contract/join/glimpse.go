package join

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/capture/trace"
)

// hash is of texts, FNV-1a with its bits mixed; it is the same in each run.
func hash(texts ...string) uint64 {
	h := uint64(14695981039346656037)
	for _, t := range texts {
		for i := range len(t) {
			h = (h ^ uint64(t[i])) * 1099511628211
		}
		h = (h ^ 0xff) * 1099511628211
	}
	return mix(h)
}

// glimpse is what is remembered of an exchange to learn clocks by.
type glimpse struct {
	order    uint64 // a hash of what it is
	recorder uint64
	service  uint64 // 0 where it is not known
	class    uint64 // of what was asked and answered
	here     uint64 // of the class and the client's end of the connection
	trace    uint64 // 0 where it names none
	span     trace.SpanID
	start    int64
	took     int64 // -1 where the end is not known
}

// orderOf is a hash that no two exchanges share, but for such as are delivered
// again.
func orderOf(e *capture.Exchange) uint64 {
	const half = len(e.ID) / 2
	first, second := binary.BigEndian.Uint64(e.ID[:half]), binary.BigEndian.Uint64(e.ID[half:])
	return mix(mix(mix(first)^second) ^ uint64(e.Request.Start.UnixNano()))
}

func glimpseOf(e *capture.Exchange, order uint64, id trace.TraceID, span trace.SpanID) glimpse {
	g := glimpse{
		order:    order,
		recorder: recorderOf(e), service: serviceHash(e.Context.Service),
		class: classOf(e.Request.Method, capture.PathOf(e.Request.Target), e.Response.Status),
		trace: low(id), span: span, start: e.Request.Start.UnixNano(), took: tookOf(e),
	}
	g.here = onConnection(g.class, e.Context.Client)
	return g
}

// recorderOf is whose clock an exchange's times are in.
func recorderOf(e *capture.Exchange) uint64 {
	if e.Context.Agent != "" {
		return hash("agent", e.Context.Agent)
	}
	return hash("server", e.Context.Server)
}

// serviceHash is alike for names that [sameService] takes for one.
func serviceHash(name string) uint64 {
	name, _, _ = strings.Cut(name, ".")
	if name == "" {
		return 0
	}
	return hash(name)
}

func classOf(method, path string, status int) uint64 {
	return mix(hash(strings.ToUpper(method), path) + uint64(uint16(status)))
}

func onConnection(class uint64, client string) uint64 {
	if client == "" {
		return 0
	}
	return mix(class ^ hash(client))
}

// tookOf is how long the exchange was under way, -1 where its end was not seen.
func tookOf(e *capture.Exchange) int64 {
	if e.Response.End.IsZero() || e.Response.Incomplete != "" || e.Response.End.Before(e.Request.Start) {
		return -1
	}
	return int64(e.Response.End.Sub(e.Request.Start))
}

// ordered is what a sieve keeps.
type ordered interface{ rank() uint64 }

func (g glimpse) rank() uint64 { return g.order }

// sieve keeps some of what it is given: all whose hash begins with as many zeros as
// it takes for no more than most. So what it keeps does not depend on the order.
type sieve[T ordered] struct {
	most  int
	zeros int
	kept  []T
}

// takes reports whether what has the rank is kept for now.
func (s *sieve[T]) takes(rank uint64) bool { return bits.LeadingZeros64(rank) >= s.zeros }

func (s *sieve[T]) add(v T) {
	if !s.takes(v.rank()) {
		return
	}
	s.kept = append(s.kept, v)
	for len(s.kept) > s.most && s.zeros <= 64 {
		s.zeros++
		s.kept = slices.DeleteFunc(s.kept, func(v T) bool { return bits.LeadingZeros64(v.rank()) < s.zeros })
	}
}

// farthest is how far clocks may be apart so that it is found out where no trace
// context tells: a machine that lost its time server for days is seconds off.
const farthest = 5 * time.Second

// searched is how far lags are looked at: beyond the skew as far as within it at
// least, so that they tell what is chance.
func searched(skew time.Duration) int64 { return int64(max(2*skew, farthest)) }
