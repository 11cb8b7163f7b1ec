package topology

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"twinspect.dev/capture/trace"
)

// Limits bound a [Builder]. Names are at most 4 KiB each, as spans have them.
type Limits struct {
	// Services is how many are told apart, 500 where it is 0.
	Services int
	// Operations is how many are told apart of all services together, 5000 where it
	// is 0. One takes about 4 KiB, mostly of latencies, 30 KiB at most.
	Operations int
	// Edges, Links and Roots: 2000, 10000 and 1000 where they are 0.
	Edges, Links, Roots int
	// Outcomes is how many are told apart for each operation and link, 40 where it is
	// 0; there are as many statuses of HTTP in use. The rest are "other".
	Outcomes int
}

func (l Limits) filled() Limits {
	for _, d := range []struct {
		n     *int
		value int
	}{{&l.Services, 500}, {&l.Operations, 5000}, {&l.Edges, 2000}, {&l.Links, 10_000}, {&l.Roots, 1000}, {&l.Outcomes, 40}} {
		if *d.n <= 0 {
			*d.n = d.value
		}
	}
	return l
}

// Other is the name of all operations, and of all outcomes, beyond the limit.
const Other = "(other)"

// Builder makes a graph of trees. It is used by one goroutine; several builders
// can be merged.
type Builder struct {
	limits     Limits
	from, to   time.Time
	traces     uint64
	whole      uint64
	spans      uint64
	services   map[string]*service
	operations int
	edges      map[edgeKey]*tally
	links      map[linkKey]*link
	roots      map[rootKey]*tally
	left       Left
	made       []made // scratch of one tree
	stack      []frame
}

type service struct {
	role       Role
	spans      uint64
	tally      tally
	operations map[string]*outcomes
}

// tally counts calls to one thing.
type tally struct {
	calls, errors uint64
	latency       latencies
}

// outcomes counts them by how they ended as well.
type outcomes struct {
	tally
	by map[string]uint64
}

type link struct {
	outcomes
	requests, most uint64
}

type (
	edgeKey struct{ caller, provider string }
	linkKey struct{ caller, reason, provider, operation string }
	rootKey struct {
		service, operation string
		begin              Begin
	}
)

func (k linkKey) compare(o linkKey) int {
	return cmp.Or(cmp.Compare(k.caller, o.caller), cmp.Compare(k.provider, o.provider),
		cmp.Compare(k.reason, o.reason), cmp.Compare(k.operation, o.operation))
}

// New returns an empty builder with the default limits.
func New() *Builder { return NewLimited(Limits{}) }

// NewLimited returns an empty builder.
func NewLimited(l Limits) *Builder {
	return &Builder{limits: l.filled(), services: map[string]*service{}, edges: map[edgeKey]*tally{},
		links: map[linkKey]*link{}, roots: map[rootKey]*tally{}}
}

func (t *tally) add(failed bool, d time.Duration) {
	t.calls++
	if failed {
		t.errors++
	}
	t.latency.add(d)
}

func (t *tally) merge(o *tally) {
	t.calls += o.calls
	t.errors += o.errors
	t.latency.merge(&o.latency)
}

func (t *tally) sum() Tally { return Tally{t.calls, t.errors, t.latency.summary()} }

func (o *outcomes) count(name string, n uint64, limit int) {
	if o.by == nil {
		o.by = map[string]uint64{}
	}
	if _, ok := o.by[name]; !ok && len(o.by) >= limit {
		name = Other
	}
	o.by[name] += n
}

func (o *outcomes) merge(p *outcomes, limit int) {
	o.tally.merge(&p.tally)
	for _, name := range slices.Sorted(maps.Keys(p.by)) {
		o.count(name, p.by[name], limit)
	}
}

// service returns that of the name, nil where there is no room for it.
func (b *Builder) service(name string) *service {
	s := b.services[name]
	if s == nil && len(b.services) < b.limits.Services {
		s = &service{role: Outside, operations: map[string]*outcomes{}}
		b.services[name] = s
	}
	return s
}

// operation returns that of the name, or that of all others.
func (b *Builder) operation(s *service, name string, calls uint64) *outcomes {
	o := s.operations[name]
	switch {
	case o != nil:
		return o
	case b.operations >= b.limits.Operations:
		b.left.Operations += calls
		name = Other
		if o = s.operations[name]; o != nil {
			return o
		}
	default:
		b.operations++
	}
	o = &outcomes{}
	s.operations[name] = o
	return o
}

// room returns the entry of a key, made when there are fewer than limit, else nil
// and the calls counted.
func room[K comparable, V any](m map[K]*V, key K, limit int, left *uint64, calls uint64) *V {
	v := m[key]
	switch {
	case v != nil:
	case len(m) >= limit:
		*left += calls
	default:
		v = new(V)
		m[key] = v
	}
	return v
}

func (b *Builder) span(at time.Time) {
	if at.IsZero() {
		return
	}
	if b.from.IsZero() || at.Before(b.from) {
		b.from = at
	}
	if at.After(b.to) {
		b.to = at
	}
}

// rank orders the roles by what says more.
var rank = map[Role]int{Outside: 0, Broker: 1, Database: 2, Instrumented: 3}

func (s *service) is(r Role) {
	if rank[r] > rank[s.role] {
		s.role = r
	}
}

// provider returns the role of who was called, by the spans of the call.
func provider(c *trace.Call) Role {
	switch s := c.Span(); {
	case c.Server != nil || c.Inside():
		return Instrumented
	case s.DB.System != "":
		return Database
	case s.Messaging.System != "":
		return Broker
	}
	return Outside
}
