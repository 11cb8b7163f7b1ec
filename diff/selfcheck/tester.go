package selfcheck

import (
	"cmp"
	"errors"
	"maps"
	"slices"

	"twinspect.dev/capture"
	"twinspect.dev/capture/coding"
	"twinspect.dev/diff"
	"twinspect.dev/diff/class"
	"twinspect.dev/diff/compare"
	"twinspect.dev/diff/jsondiff"
	"twinspect.dev/diff/noise"
	"twinspect.dev/diff/project"
	"twinspect.dev/diff/rules"
)

// maxDecoded bounds a decoded body; those beyond are changed as they were sent.
const maxDecoded = 8 << 20

// tester tries answers. It keeps its buffers.
type tester struct {
	set      *rules.Set
	lines    []int // of its rules
	compare  *compare.Comparer
	plainly  *compare.Comparer // without rules
	reads    bool              // messages of protobuf
	json     jsondiff.Differ
	folds    *folds
	codings  coding.Decoder
	mutated  []byte
	changes  []diff.Change
	direct   []diff.Change
	existing map[told]int // what branch differs anyway
	anyway   int          // how much that is
	cells    map[cellKey]class.Set
}

func newTester(set *rules.Set, messages compare.Protobuf) tester {
	var lines []int
	if info := set.Info(); info != nil {
		for _, r := range info.Rules {
			lines = append(lines, r.Line)
		}
		set.Control(false) // so that what is hidden is counted
	}
	t := tester{
		lines: lines, set: set, compare: compare.NewUnmasked(set), plainly: compare.NewUnmasked(nil),
		reads: messages != nil, folds: newFolds(), codings: coding.Decoder{Limit: maxDecoded},
		existing: make(map[told]int), cells: make(map[cellKey]class.Set),
	}
	if messages != nil {
		t.compare.SetProtobuf(messages)
		t.plainly.SetProtobuf(messages)
	}
	return t
}

// told is a difference without its exact place: where elements are dropped, those
// behind them move.
type told struct {
	diff.Place
	kind        diff.Kind
	base, other string
}

type cellKey struct {
	diff.Place
	kind diff.Kind
}

func toldOf(ch *diff.Change) told { return told{ch.Place, ch.Kind, ch.Base, ch.Other} }

func keyOf(ch *diff.Change) cellKey { return cellKey{ch.Place, ch.Kind} }

// try changes branch's answer in every way that there is, or as many as the
// limits allow, and returns how many it left out.
func (t *tester) try(r *raw, rank uint64) (trials []Trial, skipped uint64) {
	base, branch, sound := t.plain(r)
	list, skipped := t.mutations(r.rulesOf, &branch, rank, sound)
	t.learn(r.rulesOf, &base, &branch)
	paths := 0
	for i := range list {
		trial, ok := t.trial(r.rulesOf, &base, &branch, &list[i])
		if !ok {
			continue
		}
		if paths += trial.pathBytes(); paths > maxPathBytes {
			skipped++
			continue
		}
		trials = append(trials, trial)
	}
	t.release()
	return trials, skipped
}

// release lets go of the values of the answers.
func (t *tester) release() {
	clear(t.existing)
	clear(t.changes[:cap(t.changes)])
	clear(t.direct[:cap(t.direct)])
}

// plain returns both answers without content codings, where they can be undone.
// They are not sound where a coding is broken: that is the difference, and the
// rest of the body is not compared.
func (t *tester) plain(r *raw) (base, branch capture.Response, sound bool) {
	base, branch = r.base, r.branch
	t.uncompress(&base)
	t.uncompress(&branch)
	if !base.Header.Has("Content-Encoding") && !branch.Header.Has("Content-Encoding") {
		return base, branch, true
	}
	x, errX := t.codings.Decode(nil, base.Body, coding.Of(base.Header))
	y, errY := t.codings.Decode(nil, branch.Body, coding.Of(branch.Header))
	if err := errors.Join(errX, errY); err != nil {
		return base, branch, !errors.Is(err, coding.ErrDamaged)
	}
	base.Body, branch.Body = x, y
	base.Header = base.Header.Without("Content-Encoding")
	branch.Header = branch.Header.Without("Content-Encoding")
	return base, branch, true
}

// uncompress takes from the messages of gRPC the compression that each may have.
// What cannot be read stays, and is compared so.
func (t *tester) uncompress(r *capture.Response) {
	encoding := r.Header.Get("Grpc-Encoding")
	if _, framed := compare.IsMessages(r); !t.reads || !framed || encoding == "" || r.Header.Has("Content-Encoding") {
		return
	}
	if plain, err := project.AppendUncompressed(nil, r.Body, encoding, &t.codings); err == nil {
		r.Body = plain
	}
}

// learn notes what branch differs anyway.
func (t *tester) learn(operation string, base, branch *capture.Response) {
	clear(t.existing)
	clear(t.cells)
	t.changes = t.differences(t.changes[:0], operation, base, branch)
	t.anyway = len(t.changes)
	for i := range t.changes {
		ch := &t.changes[i]
		t.existing[toldOf(ch)]++
		common, known := t.cells[keyOf(ch)]
		if !known {
			common = class.All
		}
		t.cells[keyOf(ch)] = common & noise.ClassesOf(ch)
	}
}

func (t *tester) differences(list []diff.Change, operation string, base, other *capture.Response) []diff.Change {
	t.compare.Compare(operation, base, other, func(ch diff.Change) { list = append(list, ch) })
	return list
}

// trial tries one mutation. It is false where that changes nothing, or makes
// branch equal to base where it was not.
func (t *tester) trial(operation string, base, branch *capture.Response, m *mutation) (Trial, bool) {
	changed := *branch
	t.mutated = m.apply(&changed, t.mutated)
	t.changes = t.differences(t.changes[:0], operation, base, &changed)
	trial := Trial{Place: placeOf(m.place), Mutation: m.name}
	news, rest := t.own(t.fresh())
	if len(news) > 0 {
		trial.Changes = news
		return trial, true
	}
	return t.covered(operation, base, branch, &changed, trial, rest)
}

// fresh returns those of the changes that branch does not have anyway.
func (t *tester) fresh() []diff.Change {
	left := maps.Clone(t.existing)
	var list []diff.Change
	for i := range t.changes {
		key := toldOf(&t.changes[i])
		if left[key] > 0 {
			left[key]--
			continue
		}
		list = append(list, t.changes[i])
	}
	return list
}

// own sums up by cell: first what branch does not have anyway, in whatever cell
// or with values of another class, and then the rest, which is there in another
// form.
func (t *tester) own(fresh []diff.Change) (news, rest []Change) {
	found := make(map[cellKey]class.Set)
	for i := range fresh {
		common, known := found[keyOf(&fresh[i])]
		if !known {
			common = class.All
		}
		found[keyOf(&fresh[i])] = common & noise.ClassesOf(&fresh[i])
	}
	old := make(map[cellKey]class.Set)
	for k, values := range found {
		if before, known := t.cells[k]; known && before&^values == 0 {
			old[k] = values
			delete(found, k)
		}
	}
	return sorted(found), sorted(old)
}

func sorted(found map[cellKey]class.Set) []Change {
	var list []Change
	for k, values := range found {
		list = append(list, Change{placeOf(k.Place), k.kind, values})
	}
	slices.SortFunc(list, func(a, b Change) int {
		return cmp.Or(a.Place.compare(b.Place), cmp.Compare(a.Kind, b.Kind))
	})
	return list[:min(len(list), maxChanges)]
}

// covered says why nothing new was told: by what the comparison tells of the
// change alone, with branch's own answer for base.
func (t *tester) covered(operation string, base, branch, changed *capture.Response, trial Trial, rest []Change) (Trial, bool) {
	from := *branch
	if changed.Status == branch.Status {
		from.Status, changed.Status = base.Status, base.Status // by which rules are chosen
	}
	before := t.set.Counts()
	t.direct = t.differences(t.direct[:0], operation, &from, changed)
	trial.Rules = t.met(before)
	switch left := len(t.changes) - t.anyway; {
	case len(t.direct) == 0:
		return trial, len(trial.Rules) > 0 || !t.same(branch.Body, changed.Body)
	case len(rest) == 0 && left >= 0:
		rest = t.alike() // in values that are cut
	case len(rest) == 0:
		return trial, false
	}
	if len(rest) > 0 {
		trial.Rules, trial.Changes = nil, rest
		return trial, true
	}
	before = t.set.Counts()
	t.changes = t.differences(t.changes[:0], operation, base, changed)
	trial.Rules = t.met(before)
	return trial, true
}

// alike returns the cells in which both the changed answer differs from base and
// it differs from branch.
func (t *tester) alike() []Change {
	cells := make(map[cellKey]bool, len(t.changes))
	for i := range t.changes {
		cells[keyOf(&t.changes[i])] = true
	}
	found := make(map[cellKey]class.Set)
	for i := range t.direct {
		if k := keyOf(&t.direct[i]); cells[k] {
			found[k] = class.All
		}
	}
	return sorted(found)
}

// same reports whether two bodies are the same document, so that nothing was
// changed: two elements that are swapped may be 1 and 1.0.
func (t *tester) same(x, y []byte) bool {
	if len(x) == 0 || len(y) == 0 {
		return false
	}
	same := !slices.Equal(x, y)
	err := t.json.Compare(x, y, jsondiff.Options{}, func(jsondiff.Change) { same = false })
	return same && err == nil
}

// met returns the lines of the rules that hid something since.
func (t *tester) met(before []rules.RuleCounts) (lines []int) {
	for i, now := range t.set.Counts() {
		if now.Branch > before[i].Branch {
			lines = append(lines, t.lines[i])
		}
	}
	slices.Sort(lines)
	lines = slices.Compact(lines)
	return lines[:min(len(lines), maxRules)]
}
