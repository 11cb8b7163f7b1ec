package correlate

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"twinspect.dev/capture"
	"twinspect.dev/capture/rulefile"
	"twinspect.dev/replay"
)

// Limits bounds the memory of a [Correlator]. What is zero has a default.
type Limits struct {
	// Values is how many recorded values the index keeps: 131,072, at about 350
	// bytes 44 MiB, and an eighth as many objects, at 750 bytes 12 MiB. At 500
	// exchanges a second that each give two values, what was given up to two
	// minutes ago is found.
	Values int
	// Givers is how many answers of a side are kept: 65,536, the same two minutes.
	Givers int
	// Bytes bounds what their values take, of one side: 64 MiB, 1 KiB an answer.
	Bytes int
	// Sessions is how many cookie jars a side keeps: 16,384 sessions at a time.
	Sessions int
	// CookieBytes bounds all jars of a side: 32 MiB, 2 KiB a session.
	CookieBytes int
}

func (l Limits) withDefaults() Limits {
	l.Values = cmp.Or(max(l.Values, 0), 1<<17)
	l.Givers = cmp.Or(max(l.Givers, 0), 1<<16)
	l.Bytes = cmp.Or(max(l.Bytes, 0), 64<<20)
	l.Sessions = cmp.Or(max(l.Sessions, 0), 1<<14)
	l.CookieBytes = cmp.Or(max(l.CookieBytes, 0), 32<<20)
	return l
}

const (
	// maxUses and maxGifts bound the values of one exchange that are followed: a
	// form that refers to 256 objects, a list of a thousand with four ids each.
	maxUses, maxGifts = 256, 4096
	// keptGifts is how many of these are kept with the exchange while it waits,
	// at 48 bytes: 12 KiB. Where an answer gave more it is looked through again.
	keptGifts = 256
	// maxCandidates bounds the answers that one value waits for.
	maxCandidates = 4
)

// Correlator applies rules to a run. It is the run's [replay.Linker], and wraps
// the sender of each side. Link is called from one goroutine; all else may be
// called from many.
type Correlator struct {
	namer   Namer
	limits  Limits
	jars    bool
	rules   []*rule
	sources []*source
	ops     map[string]*operation
	givers  index
	objects *lru[uint64, object]
	// carried is nil where the rules link no cookie, or there are no jars.
	carried *carried
	lost    atomic.Uint64
	evicted atomic.Uint64 // from givers

	// Of Link alone.
	uses, gives walker
	exchange    *capture.Exchange
	session     uint64
	start, end  int64
	links       *links
	recorded    []gave
	scope       uint64 // of what is given

	mu    sync.Mutex
	sides []*side
}

// rule is a [Rule] in use.
type rule struct {
	Rule
	number  int
	from    *source
	to      compiled
	invalid error
	uses    atomic.Uint64
	unknown atomic.Uint64
}

// source is a place that gives, for all rules that begin there.
type source struct {
	number    uint32
	end       End
	place     compiled
	many      bool
	validator bool
}

// operation is the rules that apply to one operation, by the key of the place.
type operation struct {
	vars  []bool
	uses  map[uint64][]*rule
	gives map[uint64][]*source
	// sources are those of gives.
	sources []*source
	// What the rules use of a request, and give of an answer.
	used, given sieve
}

// New returns a correlator. A rule whose place is none is not applied; the
// report says why.
func New(rules *Rules, namer Namer, limits Limits) *Correlator {
	limits = limits.withDefaults()
	c := &Correlator{
		namer: namer, limits: limits, jars: rules.Cookies, ops: make(map[string]*operation),
		givers:  index{newLRU[giverKey, givers](limits.Values, 1)},
		objects: newLRU[uint64, object](max(limits.Values/8, 1), 1),
	}
	c.uses.visit, c.gives.visit = c.use, c.give
	known := make(map[End]*source)
	for i := range rules.List {
		if rules.List[i].Ignore {
			continue
		}
		r := &rule{Rule: rules.List[i], number: len(c.rules)}
		c.rules = append(c.rules, r)
		if r.to, r.invalid = r.To.Place.compile(); r.invalid == nil {
			r.from, r.invalid = c.source(known, r.From)
		}
		if r.invalid == nil && c.jars && r.To.Place.Kind == Cookie && c.carried == nil {
			c.carried = newCarried()
		}
	}
	return c
}

func (c *Correlator) source(known map[End]*source, end End) (*source, error) {
	if s := known[end]; s != nil {
		return s, nil
	}
	place, err := end.Place.compile()
	if err != nil {
		return nil, err
	}
	s := &source{
		number: uint32(len(c.sources)), end: end, place: place, many: end.Place.many(),
		validator: end.Place.Kind == Header && validators[strings.ToLower(end.Place.Name)] != "",
	}
	c.sources = append(c.sources, s)
	known[end] = s
	return s, nil
}

// operation returns the rules of the operation, nil where there are none.
func (c *Correlator) operation(name string) *operation {
	if op, ok := c.ops[name]; ok {
		return op
	}
	op := &operation{vars: variables(name), uses: make(map[uint64][]*rule), gives: make(map[uint64][]*source)}
	for _, r := range c.rules {
		if r.invalid == nil && rulefile.Glob(r.To.Operation, name) {
			op.uses[r.to.key] = append(op.uses[r.to.key], r)
			op.used.add(r.To.Place, &r.to)
		}
	}
	for _, s := range c.sources {
		if rulefile.Glob(s.end.Operation, name) {
			op.gives[s.place.key] = append(op.gives[s.place.key], s)
			op.sources = append(op.sources, s)
			op.given.add(s.end.Place, &s.place)
		}
	}
	if len(op.uses)+len(op.gives) == 0 {
		op = nil
	}
	if len(c.ops) < maxOperations {
		c.ops[name] = op
	}
	return op
}

// links is what Link found for one exchange. It is not changed afterwards.
type links struct {
	op    *operation
	uses  []use
	needs []capture.ID
	// gives says that the recorded answer gave something, recorded what, without
	// the texts; it is empty where that is too much to be kept.
	gives    bool
	recorded []gave
}

// use is a recorded value of the request and who may have given it, the best
// first.
type use struct {
	key, value uint64
	object     bool // the value identifies an object
	inPath     bool
	candidates []candidate
}

type candidate struct {
	rule *rule
	giver
	// first gave the value before giver did, or is it.
	first giver
	// fixed says that the value means the same whoever gave it.
	fixed bool
}

// Needs implements [replay.Links].
func (l *links) Needs() []capture.ID { return l.needs }

func (l *links) need(id capture.ID) {
	if !slices.Contains(l.needs, id) {
		l.needs = append(l.needs, id)
	}
}

func (l *links) find(key, value uint64) *use {
	for i := range l.uses {
		if l.uses[i].key == key && l.uses[i].value == value {
			return &l.uses[i]
		}
	}
	return nil
}

// Link implements [replay.Linker].
func (c *Correlator) Link(e *capture.Exchange) replay.Links {
	op := c.operation(c.namer.Name(e.Request.Method, e.Request.Target))
	if op == nil && c.carried == nil {
		return nil
	}
	c.exchange, c.session = e, hashText(e.SessionKey())
	c.start, c.end = e.Request.Start.UnixNano(), e.Response.End.UnixNano()
	var l *links
	if op != nil {
		l = c.link(op)
	}
	if c.carried != nil {
		c.carried.note(e, c.session)
	}
	c.exchange = nil
	if l == nil || len(l.uses) == 0 && !l.gives {
		return nil
	}
	return l
}

func (c *Correlator) link(op *operation) *links {
	e := c.exchange
	c.links, c.recorded = &links{op: op}, c.recorded[:0]
	if len(op.uses) > 0 {
		c.uses.sieve = &op.used
		c.uses.request(&e.Request, op.vars)
		c.order()
	}
	if len(op.gives) > 0 {
		c.scope = scopeOf(givenPath(e))
		c.gives.sieve = &op.given
		c.gives.response(&e.Response)
		c.evicted.Store(c.givers.evicted)
	}
	l := c.links
	if l.gives = len(c.recorded) > 0; l.gives && len(c.recorded) <= keptGifts {
		l.recorded = slices.Clone(c.recorded)
	}
	c.links = nil
	return l
}

// use looks up who gave a recorded value of the request.
func (c *Correlator) use(l *leaf) {
	rules := c.links.op.uses[l.key]
	if len(rules) == 0 {
		return
	}
	value := hashOf(l.text)
	if c.links.find(l.key, value) != nil {
		return
	}
	if l.kind == Cookie && c.carried != nil &&
		c.carried.holds(c.session, c.uses.name, value, capture.PathOf(c.exchange.Request.Target), c.start) {
		return
	}
	if len(c.links.uses) == maxUses {
		c.lost.Add(1)
		return
	}
	u := use{key: l.key, value: value, object: identifies(l.kind), inPath: l.kind == Path}
	for _, r := range rules {
		if !r.to.covers(l) {
			continue
		}
		r.uses.Add(1)
		if k, ok := c.giver(r, l, value); ok {
			u.candidates = append(u.candidates, k)
		} else {
			r.unknown.Add(1)
		}
	}
	if len(u.candidates) > 0 {
		c.keep(u)
	}
}

// keep orders the candidates: one value that an answer gave alone is surer than
// one among many, one of the same session is what the client saw, and a later
// answer is nearer to what the side holds now.
//
// The best is waited for, unless an earlier answer gave the same: to wait for the
// last list in which a product stood would bring all sessions into the order in
// which they were recorded. The others are for the case that the side did not
// give it. A session waits for its own answers anyway.
func (c *Correlator) keep(u use) {
	slices.SortStableFunc(u.candidates, c.compare)
	u.candidates = u.candidates[:min(len(u.candidates), maxCandidates)]
	switch best := &u.candidates[0]; {
	case best.session == c.session:
	case best.fixed:
		if best.first.session != c.session {
			c.links.need(best.first.id)
		}
	default:
		c.links.need(best.id)
	}
	c.links.uses = append(c.links.uses, u)
}

func (c *Correlator) compare(a, b candidate) int {
	first := func(x, y bool) int {
		switch {
		case x == y:
			return 0
		case x:
			return -1
		}
		return 1
	}
	return cmp.Or(first(!a.rule.from.many, !b.rule.from.many),
		first(a.session == c.session, b.session == c.session), cmp.Compare(b.end, a.end))
}

// giver returns the last exchange that gave the value before the request was
// sent. Values that are often the same, such as the ids 1, 2, 3 below each
// parent or the version "1" of each document, are looked for under the path they
// are about first.
func (c *Correlator) giver(r *rule, l *leaf, value uint64) (candidate, bool) {
	key := giverKey{source: r.from.number, value: value}
	isWeak := classOf(l.text) == weak
	k := candidate{rule: r, fixed: !isWeak || r.from.many}
	ok := false
	if isWeak || r.from.validator {
		key.scope = scopeOf(usedPath(c.exchange.Request.Target, l))
		if k.giver, k.first, ok = c.givers.before(key, c.session, c.start); ok {
			return k, true
		}
		if r.from.validator && isWeak {
			ok = c.giverOf(key, &k)
			return k, ok
		}
		key.scope = 0
	}
	k.giver, k.first, ok = c.givers.before(key, c.session, c.start)
	return k, ok
}

// giverOf looks for the value among the exchanges that gave another value of the
// request, such as the id in its path.
func (c *Correlator) giverOf(key giverKey, k *candidate) (ok bool) {
	for i := range c.links.uses {
		for n := range c.links.uses[i].candidates {
			key.scope = hashOf(c.links.uses[i].candidates[n].id[:])
			if k.giver, k.first, ok = c.givers.before(key, c.session, c.start); ok {
				return true
			}
		}
	}
	return false
}

// give enters a recorded value of the answer.
func (c *Correlator) give(l *leaf) {
	for _, s := range c.links.op.gives[l.key] {
		if !s.place.covers(l) {
			continue
		}
		if len(c.recorded) == maxGifts {
			c.lost.Add(1)
			return
		}
		g := giver{c.exchange.ID, c.session, c.end}
		key := giverKey{source: s.number, value: hashOf(l.text)}
		looks := classOf(l.text)
		c.recorded = append(c.recorded, gave{source: s, pos: l.pos, value: key.value, class: looks})
		c.givers.add(key, g)
		if s.validator || looks == weak {
			key.scope = c.scope
			c.givers.add(key, g)
		}
		if s.validator && looks == weak {
			key.scope = hashOf(g.id[:])
			c.givers.add(key, g)
		}
	}
}

// givenPath returns the path that an answer is about: that of what was created
// (RFC 9110 section 15.3.2), else the one that was asked for.
func givenPath(e *capture.Exchange) string {
	if e.Response.Status == 201 {
		if location := e.Response.Header.Get("Location"); location != "" {
			return capture.PathOf(location)
		}
	}
	return capture.PathOf(e.Request.Target)
}

// usedPath returns the path under which the value at the leaf is looked for: what
// stands before it in the path, else the whole path.
func usedPath(target string, l *leaf) string {
	if l.kind == Path {
		return target[pathStart(target):l.start]
	}
	return capture.PathOf(target)
}

// scopeOf is never 0, which stands for no scope.
func scopeOf(path string) uint64 { return hashText(strings.TrimRight(path, "/")) | 1 }
