package selfcheck

import (
	"cmp"
	"math/rand/v2"
	"mime"
	"slices"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
	"twinspect.dev/diff/compare"
	"twinspect.dev/diff/noise"
	"twinspect.dev/diff/project"
)

// Mutation names a way in which an answer is changed.
type Mutation string

// The mutations.
const (
	Drop      Mutation = "drop"      // a member, element, field, cookie, attribute or line is left out
	Rename    Mutation = "rename"    // a member has another name
	Null      Mutation = "null"      // a value is null
	Retype    Mutation = "type"      // a value is of another JSON type
	Increment Mutation = "plus one"  // a number is greater by 1
	Decrement Mutation = "minus one" // a number is less by 1
	Negate    Mutation = "sign"      // a number has the other sign
	Tenfold   Mutation = "tenfold"   // a number is ten times as much
	Character Mutation = "character" // one character is another, and the class stays where it can
	Empty     Mutation = "empty"     // a string, an array, an object or the body is empty
	Reclass   Mutation = "class"     // a string is of another class
	Flip      Mutation = "flip"      // a boolean is the other one
	Repeat    Mutation = "repeat"    // an element or a line is there twice
	Swap      Mutation = "swap"      // two elements or lines have changed places
	Add       Mutation = "add"       // an object has one more member
	Truncate  Mutation = "truncate"  // the second half of the body is missing
	Status204 Mutation = "204"       // the status is another
	Status404 Mutation = "404"
	Status500 Mutation = "500"
)

var known = []Mutation{
	Drop, Rename, Null, Retype, Increment, Decrement, Negate, Tenfold, Character, Empty,
	Reclass, Flip, Repeat, Swap, Add, Truncate, Status204, Status404, Status500,
}

// mutation is one change of an answer: of its body, by edits in ascending order,
// or of the rest.
type mutation struct {
	place diff.Place
	name  Mutation
	edits []edit
	rest  func(*capture.Response)
}

// edit puts text in the place of bytes of the body.
type edit struct {
	start, end int
	text       []byte
}

// apply changes r, which shares nothing that is changed with other answers. It
// returns the buffer to use next time.
func (m *mutation) apply(r *capture.Response, buf []byte) []byte {
	if m.rest != nil {
		m.rest(r)
		return buf
	}
	buf = m.splice(buf[:0], r.Body)
	r.Body = buf
	return buf
}

func (m *mutation) splice(dst, body []byte) []byte {
	at := 0
	for _, e := range m.edits {
		dst = append(append(dst, body[at:e.start]...), e.text...)
		at = e.end
	}
	return append(dst, body[at:]...)
}

const (
	// maxPerAnswer bounds the trials of an answer: some fifty places, and at
	// 20 µs each as long as a request takes.
	maxPerAnswer = 400
	// maxWork bounds an answer's trials in bytes of documents that are compared:
	// about 0.2 s at 100 MB/s, by which the budget may be exceeded.
	maxWork = 20 << 20
)

// maker collects the mutations of one answer. What it draws depends on the
// answer's rank alone.
type maker struct {
	rng   *rand.Rand
	folds *folds
	list  []mutation
	made  map[way]bool
	body  []byte
	// read says that bodies of messages are read by their structure.
	read bool
	// beyond counts places that were not looked at.
	beyond uint64
}

// mutations returns the ways in which an answer may be changed, and how many it
// left out as there are too many. Where there are, every place has one before any
// has two, and names decide, not the answer, so that other answers have the same.
// The body of an answer that is not sound stays, and is counted as left out.
func (t *tester) mutations(operation string, r *capture.Response, rank uint64, sound bool) ([]mutation, uint64) {
	m := &maker{
		rng: rand.New(rand.NewPCG(rank, uint64(len(r.Body)))), folds: t.folds, body: r.Body,
		made: make(map[way]bool), read: t.reads,
	}
	bodiless := compare.IsBodiless(operation, r.Status)
	m.status(r.Status)
	m.fields(diff.Header, r, bodiless)
	m.fields(diff.Trailer, r, bodiless)
	placed, cost := true, 1
	switch {
	case bodiless || len(r.Body) == 0:
	case sound:
		placed, cost = m.content(r)
	default:
		m.beyond++
	}
	list, limit := m.list, min(maxPerAnswer, 1+maxWork/(cost*len(r.Body)+1))
	if len(list) > limit {
		list, m.beyond = choose(list, limit), m.beyond+uint64(len(list)-limit)
	}
	if !placed {
		list = t.placed(operation, r, list)
	}
	return list, m.beyond
}

// placed gives the mutations of a body the places at which the comparison tells
// of them, where the body alone does not say these.
func (t *tester) placed(operation string, r *capture.Response, list []mutation) []mutation {
	made := make(map[way]bool, len(list))
	kept := list[:0]
	for _, m := range list {
		if m.rest == nil && m.place.Path != "" {
			m.place = t.placeOf(operation, r, &m)
		}
		if w := (way{placeOf(m.place), m.name}); !made[w] {
			made[w] = true
			kept = append(kept, m)
		}
	}
	return kept
}

// placeOf returns the place of the first difference that a mutation makes.
func (t *tester) placeOf(operation string, r *capture.Response, m *mutation) diff.Place {
	changed, place, known := *r, m.place, false
	t.mutated = m.apply(&changed, t.mutated)
	t.plainly.Compare(operation, r, &changed, func(ch diff.Change) {
		if !known {
			place, known = ch.Place, true
		}
	})
	return place
}

// choose returns limit of the mutations.
func choose(list []mutation, limit int) []mutation {
	type ranked struct {
		*mutation
		turn int
		rank uint64
	}
	order := make([]ranked, len(list))
	for i := range list {
		m := &list[i]
		order[i] = ranked{m, 0, noise.Rank(string(m.place.Part) + m.place.Path + "\x00" + string(m.name))}
	}
	slices.SortFunc(order, func(a, b ranked) int { return cmp.Compare(a.rank, b.rank) })
	turns := make(map[diff.Place]int)
	for i := range order {
		order[i].turn = turns[order[i].place]
		turns[order[i].place]++
	}
	slices.SortStableFunc(order, func(a, b ranked) int { return cmp.Compare(a.turn, b.turn) })
	chosen := make([]mutation, limit)
	for i := range chosen {
		chosen[i] = *order[i].mutation
	}
	return chosen
}

func (m *maker) add(place diff.Place, name Mutation, edits ...edit) {
	m.enter(mutation{place: place, name: name, edits: edits})
}

func (m *maker) change(place diff.Place, name Mutation, rest func(*capture.Response)) {
	m.enter(mutation{place: place, name: name, rest: rest})
}

// enter takes a mutation unless there is one of that name at its place.
func (m *maker) enter(made mutation) {
	if w := (way{placeOf(made.place), made.name}); !m.made[w] {
		m.made[w] = true
		m.list = append(m.list, made)
	}
}

func (m *maker) status(status int) {
	for _, s := range []struct {
		name   Mutation
		status int
	}{{Status204, 204}, {Status404, 404}, {Status500, 500}} {
		if s.status != status {
			m.change(diff.Place{Part: diff.Status}, s.name, func(r *capture.Response) { r.Status = s.status })
		}
	}
}

// What a trial of a body takes, compared with JSON of the same length. Markup is
// read four times, for its place and its trial, each at some 8 MB/s, of which less
// is counted than it takes, or else there would be too few trials of a usual page.
const (
	costOfMarkup     = 12
	costOfStructures = 6
)

// content changes the body by what it is. Unless the mutations are placed, their
// places are provisional. cost is what it takes to compare the body once.
func (m *maker) content(r *capture.Response) (placed bool, cost int) {
	place := diff.Place{Part: diff.Body}
	m.add(place, Empty, edit{0, len(m.body), nil})
	if len(m.body) > 1 {
		m.add(place, Truncate, edit{len(m.body) / 2, len(m.body), nil})
	}
	mediaType := r.Header.Get("Content-Type")
	kind := project.KindOf(mediaType)
	messages, framed := compare.IsMessages(r)
	switch {
	case messages && m.read && m.messages(framed):
		return false, costOfMarkup
	case kind == project.XML || kind == project.HTML:
		if !m.isPlainlyJSON() && m.tags(kind == project.HTML) {
			return false, costOfMarkup
		}
	case kind != project.None:
		if m.structure(kind, mediaType) {
			return true, costOfStructures
		}
	}
	m.plain()
	return true, 1
}

// isPlainlyJSON reports whether the body is JSON under a default media type.
func (m *maker) isPlainlyJSON() bool {
	at := m.trimmed(span{0, len(m.body)})
	return at.start < at.end && (m.body[at.start] == '{' || m.body[at.start] == '[') && m.isJSON(at)
}

// structure changes a body of records or fields; it is false where it has none.
func (m *maker) structure(kind project.Kind, mediaType string) bool {
	switch kind {
	case project.Lines:
		return m.lines()
	case project.Sequence:
		return m.sequence()
	case project.Events:
		return m.events()
	case project.CSV:
		return m.table(!strings.EqualFold(parameter(mediaType, "header"), "absent"))
	case project.Multipart:
		return m.parts(parameter(mediaType, "boundary"))
	}
	return !m.isPlainlyJSON() && m.form()
}

func parameter(mediaType, name string) string {
	_, parameters, err := mime.ParseMediaType(mediaType)
	if err != nil {
		return ""
	}
	return parameters[name]
}

// plain changes a body that has no other structure.
func (m *maker) plain() {
	switch {
	case m.document():
	case compare.IsText(m.body):
		m.text()
	default:
		m.bytes()
	}
}
