package correlate

import (
	"math/bits"

	"twinspect.dev/capture"
)

const (
	// settled is how many exchanges of an operation are all looked at. Where none
	// of them gave or used anything, less than 3 in settled do (the rule of three,
	// at 95 %), and from then on one in idle is looked at; the same holds for the
	// bodies of answers. One use of what was given is enough to look at all again.
	settled, idle = 500, 16
	// settledValues is the same for the values of a place, of which a list has
	// many.
	settledValues = 2000
	// decided is how many exchanges of an operation that gives or uses are all
	// looked at. A share of one in minShare is then known to within a tenth of
	// itself, and no further exchange changes a rule; of those that follow, all of
	// one session in idle are looked at, so that what one client was given and
	// used still meets. An operation that begins to use opaque values later is
	// found by its sixteenth use on average.
	decided = 4000
	// maxPlaces bounds the places that are told apart, at about 250 bytes: 16
	// MiB. Services have some hundred operations with some hundred places.
	maxPlaces = 1 << 16
	// maxOperationPlaces keeps one operation, whose objects are used as maps,
	// from taking all.
	maxOperationPlaces = 2048
	// maxLinks bounds the pairs of places, at about 100 bytes, and maxOffers
	// those of one place that uses: a bit each in learnedPlace.together.
	maxLinks  = 1 << 16
	maxOffers = 64
	// maxTogether bounds the sets of links that explain the same values, at about
	// 40 bytes: 5 MiB, two for each link.
	maxTogether = 1 << 17
	// maxOperations bounds the operations; a Namer bounds its names too.
	maxOperations = 1 << 13
	// maxEcho bounds the values of one request that its own answer may repeat.
	maxEcho = 256
)

// Learner finds the rules of a recording. One goroutine uses it at a time. Its
// memory is bounded, at below 100 MiB.
type Learner struct {
	namer  Namer
	ops    map[string]*learnedOp
	places []learnedPlace
	ids    map[placeID]uint32
	links  int
	sets   int
	words  map[string]uint32 // subjects by number
	values *table
	jars   *carried
	uses   walker
	gives  walker
	// lost counts what the bounds kept out.
	lost uint64
	// thinned says that some answers that give were passed over.
	thinned bool

	// The exchange at hand.
	op      *learnedOp
	stamp   uint32
	start   int64
	end     int64
	session uint64
	path    string
	// partial says that who gave the request's values may have been passed over:
	// what is not found tells nothing.
	partial bool
	echo    []echo
	mask    uint64 // of the lowest six bits of each in echo
}

// echo is a value of the request at hand.
type echo struct {
	hash  uint64
	place uint32
}

type learnedOp struct {
	name   string
	number uint32
	seen   uint64
	busy   uint64 // seen since it is active
	active bool
	bodies bool // of its answers gave something
	vars   []bool
	places int
	// recent finds the places of the last exchange again without a map: 128 are
	// more than most exchanges have.
	recent [128]recentPlace
}

type recentPlace struct {
	key uint64
	id  uint32 // 0 for none
}

type placeID struct {
	op      uint32
	request bool
	key     uint64
}

// learnedPlace is a place and what was seen at it.
type learnedPlace struct {
	op       *learnedOp
	place    Place
	subjects []uint32

	// Of a giver: how many values, whether they differ, whether they come from
	// several sessions.
	gifts            uint64
	repeated         uint64 // gifts that the request held, whatever their names
	first, session   uint64
	differ, sessions bool
	used             bool

	// Of a user: how many values, how many of them were given before, by whom,
	// and by whom together.
	uses, found uint64
	links       []*learnedLink
	together    map[uint64]uint64 // values by the set of links, a bit each
}

// learnedLink counts the values that went from one place to another.
type learnedLink struct {
	from              uint32
	agree             bool
	n, opaque         uint64
	distinct          uint64 // a bit for each of 64 groups of values
	class             class
	shortest, longest int
}

// NewLearner returns a learner that has seen nothing.
func NewLearner(namer Namer) *Learner {
	l := &Learner{
		namer: namer, ops: make(map[string]*learnedOp), ids: make(map[placeID]uint32),
		words: make(map[string]uint32), values: newTable(), jars: newCarried(),
		places: make([]learnedPlace, 1), // 0 is none
	}
	l.uses.visit, l.gives.visit = l.use, l.give
	return l
}

// Lost returns how many values were not looked at because a bound was reached,
// and how many were forgotten to make room for later ones.
func (l *Learner) Lost() (unseen, forgotten uint64) { return l.lost, l.values.evicted }

// Observe takes one exchange into account. Nothing of it is kept.
func (l *Learner) Observe(e *capture.Exchange) {
	l.session = hashText(e.SessionKey())
	if op := l.operation(l.namer.Name(e.Request.Method, e.Request.Target)); op != nil {
		op.seen++
		if l.looks(op) {
			l.observe(op, e)
		}
	}
	l.jars.note(e, l.session)
}

// looks reports whether the operation's exchange at hand is looked at.
func (l *Learner) looks(op *learnedOp) bool {
	if op.active {
		op.busy++
	}
	switch {
	case op.seen <= settled:
		return true
	case !op.active:
		return op.seen%idle == 0
	case op.busy <= decided || l.sampled():
		return true
	}
	l.thinned = true
	return false
}

// sampled reports whether the session is one of those that are looked at always.
func (l *Learner) sampled() bool { return l.session%idle == 0 }

// withoutBody is what is looked at of an answer whose operation's bodies gave
// nothing.
var withoutBody = func() *sieve {
	s := &sieve{lengths: ^uint64(0)}
	for _, k := range []Kind{Header, Cookie, Location, LocationQuery} {
		s.kinds[k] = true
	}
	return s
}()

func (l *Learner) observe(op *learnedOp, e *capture.Exchange) {
	l.op = op
	l.stamp++
	l.start = e.Request.Start.UnixNano()
	l.end = e.Response.End.UnixNano()
	l.path = capture.PathOf(e.Request.Target)
	l.partial = l.thinned && !l.sampled()
	l.echo, l.mask = l.echo[:0], 0
	l.uses.request(&e.Request, op.vars)
	l.gives.sieve = nil
	if op.seen > settled && !op.bodies && op.seen%idle != 0 {
		l.gives.sieve = withoutBody
	}
	l.gives.response(&e.Response)
}

func (l *Learner) operation(name string) *learnedOp {
	op := l.ops[name]
	if op == nil {
		if len(l.ops) == maxOperations {
			l.lost++
			return nil
		}
		op = &learnedOp{name: name, number: uint32(len(l.ops)), vars: variables(name)}
		l.ops[name] = op
	}
	return op
}

// at returns the number of the leaf's place, 0 beyond the bounds.
func (l *Learner) at(w *walker, request bool) uint32 {
	key := w.leaf.key
	if request {
		key = ^key
	}
	r := &l.op.recent[key%uint64(len(l.op.recent))]
	if r.key == key && r.id != 0 {
		return r.id
	}
	id := placeID{l.op.number, request, w.leaf.key}
	n, ok := l.ids[id]
	if !ok {
		if l.op.places == maxOperationPlaces || len(l.places) == maxPlaces {
			l.lost++
			return 0
		}
		n = l.newPlace(w.place())
		l.ids[id] = n
	}
	*r = recentPlace{key, n}
	return n
}

func (l *Learner) newPlace(p Place) uint32 {
	l.op.places++
	numbers := []uint32{}
	for _, word := range subjects(l.op.name, p) {
		n, ok := l.words[word]
		if !ok {
			n = uint32(len(l.words))
			l.words[word] = n
		}
		numbers = append(numbers, n)
	}
	l.places = append(l.places, learnedPlace{op: l.op, place: p, subjects: numbers})
	return uint32(len(l.places) - 1)
}

// use looks up who gave a value of the request.
func (l *Learner) use(leaf *leaf) {
	id := l.at(&l.uses, true)
	if id == 0 {
		return
	}
	p, c := &l.places[id], classOf(leaf.text)
	if c == weak && len(p.subjects) == 0 {
		return // nor is it an echo: an id may be what the quantity is
	}
	hash := hashOf(leaf.text)
	if len(l.echo) < maxEcho {
		l.echo = append(l.echo, echo{hash, id})
		l.mask |= 1 << (hash & 63)
	}
	if leaf.kind == Cookie && l.jars.holds(l.session, l.uses.name, hash, l.path, l.start) {
		return // the session's jar needs no link
	}
	if l.partial && c != opaque {
		return
	}
	var found uint64
	for _, g := range l.values.bucket(hash) {
		if g.hash == hash && g.stamp != 0 && g.end <= l.start {
			found |= l.link(g.place, p, c, hash, len(leaf.text))
		}
	}
	if found != 0 || !l.partial {
		p.uses++
	}
	if found != 0 {
		p.found++
		l.explain(p, found)
		l.op.active = true
	}
}

// explain counts a value of the place that the links with these bits explain.
func (l *Learner) explain(p *learnedPlace, links uint64) {
	n, known := p.together[links]
	if !known {
		if l.sets == maxTogether {
			l.lost++
			return
		}
		if l.sets++; p.together == nil {
			p.together = make(map[uint64]uint64)
		}
	}
	p.together[links] = n + 1
}

// link counts a value that was given at from and used at u, and returns the bit
// of the link, 0 where the values are equal by chance.
func (l *Learner) link(from uint32, u *learnedPlace, c class, hash uint64, size int) uint64 {
	g := &l.places[from]
	agree := share(g.subjects, u.subjects)
	if c == weak && !agree {
		return 0
	}
	k, bit := u.link(from)
	if k == nil {
		if l.links == maxLinks || len(u.links) == maxOffers {
			l.lost++
			return 0
		}
		l.links++
		k, bit = &learnedLink{from: from, agree: agree, class: c, shortest: size}, 1<<len(u.links)
		u.links = append(u.links, k)
	}
	k.n++
	if c == opaque {
		k.opaque++
	}
	k.class = max(k.class, c)
	k.distinct |= 1 << (hash >> 6 & 63)
	k.shortest, k.longest = min(k.shortest, size), max(k.longest, size)
	g.used, g.op.active = true, true
	g.op.bodies = g.op.bodies || g.place.Kind == Body || g.place.Kind == HTML
	return bit
}

// link returns the link from a place and its bit, nil where there is none.
func (p *learnedPlace) link(from uint32) (*learnedLink, uint64) {
	for i, k := range p.links {
		if k.from == from {
			return k, 1 << i
		}
	}
	return nil, 0
}

func share(a, b []uint32) bool {
	for _, x := range a {
		for _, y := range b {
			if x == y {
				return true
			}
		}
	}
	return false
}

// give keeps a value of the answer, unless the request had it: an echo is no
// gift.
func (l *Learner) give(leaf *leaf) {
	id := l.at(&l.gives, false)
	if id == 0 {
		return
	}
	p, c := &l.places[id], classOf(leaf.text)
	if c == weak && len(p.subjects) == 0 {
		return
	}
	hash := hashOf(leaf.text)
	repeated, same := l.echoes(hash, p, c)
	if same {
		return
	}
	if repeated {
		p.repeated++
	}
	if p.gifts == 0 {
		p.first, p.session = hash, l.session
	}
	p.gifts++
	p.differ = p.differ || hash != p.first
	p.sessions = p.sessions || l.session != p.session
	if p.gifts > settledValues && !p.used && p.gifts%idle != 0 {
		return
	}
	l.values.put(hash, id, l.end, l.stamp)
}

// echoes reports whether the request held the value, and whether it was the same
// thing, which of one that is often equal by chance the names must say.
func (l *Learner) echoes(hash uint64, p *learnedPlace, c class) (repeated, same bool) {
	if l.mask&(1<<(hash&63)) == 0 {
		return false, false
	}
	for _, e := range l.echo {
		if e.hash == hash {
			repeated = true
			if c != weak || share(l.places[e.place].subjects, p.subjects) {
				return true, true
			}
		}
	}
	return repeated, false
}

// distinctValues tells how many values were seen, up to about 64.
func (k *learnedLink) distinctValues() int { return bits.OnesCount64(k.distinct) }
