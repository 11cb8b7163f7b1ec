package sequence

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/capture/coding"
	"twinspect.dev/contract"
	"twinspect.dev/contract/message"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
)

// Dependency says that an operation takes a value that another gave.
type Dependency struct {
	From      string         // the operation that gave it
	FromPlace contract.Place // in its exchange: "body /id", "header Location"
	To        string
	ToPlace   contract.Place // in its request: "path id"
	// Seen is how often it was.
	Seen uint64
}

// byCount returns dependencies, those that were seen most often first.
func byCount(all []Dependency) []Dependency {
	out := slices.Clone(all)
	slices.SortStableFunc(out, func(a, b Dependency) int {
		return cmp.Or(cmp.Compare(b.Seen, a.Seen), cmp.Compare(a.From, b.From), cmp.Compare(a.FromPlace, b.FromPlace),
			cmp.Compare(a.To, b.To), cmp.Compare(a.ToPlace, b.ToPlace))
	})
	return out
}

// Learner finds dependencies in recorded traffic. A value is taken from the
// answer of its session that had it first, unless the client sent it before that:
// then it is the client's own. It is used by one goroutine.
//
// Its memory is bounded; what does not fit is counted in Skipped.
type Learner struct {
	doc   *openapi.Document
	codec *message.Codec
	// sessions holds what each has given so far.
	sessions map[string]*session
	order    []string // of sessions, the oldest first
	pairs    map[Dependency]uint64
	used     map[placeOf]uint64 // how often a place had a value at all
	// Skipped counts by reason what nothing was learned from.
	Skipped map[capture.Reason]uint64
}

// The reasons of [Learner.Skipped]: an exchange of no operation of the document,
// a session that was let go of while it may have gone on, values that a session
// had no more room for, answers that cannot be read.
const (
	NoOperation capture.Reason = "no-operation"
	OldSession  capture.Reason = "session-evicted"
	ManyValues  capture.Reason = "session-values"
	Unreadable  capture.Reason = "unreadable"
)

// A session that is recorded gives some tens of values, a long list some
// hundreds. In the worst case, all sessions full of the longest texts, they take
// 256 sessions of 4,096 values of 256 + 64 bytes: 340 MB.
const (
	maxSessions = 256
	maxValues   = 4096
	maxPairs    = 1 << 16
	// maxText is the longest identity that is looked for: a JWT is none.
	maxText = 256
)

type placeOf struct {
	operation string
	place     contract.Place
}

// session is what was given in a session by value; one that the client gave is
// there with no operation.
type session struct{ values map[string]placeOf }

// NewLearner learns by a document, whose messages the codec reads.
func NewLearner(doc *openapi.Document, codec *message.Codec) *Learner {
	return &Learner{doc: doc, codec: codec, sessions: make(map[string]*session), pairs: make(map[Dependency]uint64),
		used: make(map[placeOf]uint64), Skipped: make(map[capture.Reason]uint64)}
}

// Learn reads a recording to its end.
func (l *Learner) Learn(ctx context.Context, src capture.Source) error {
	var e capture.Exchange
	for {
		err := src.ReadExchange(ctx, &e)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("learn dependencies: %w", err)
		}
		l.Add(&e)
	}
}

// Add learns from one exchange; those of a session come in their order.
func (l *Learner) Add(e *capture.Exchange) {
	op := l.doc.Operation(l.doc.Name(e.Request.Method, e.Request.Target))
	if op == nil {
		l.Skipped[NoOperation]++
		return
	}
	s := l.session(e.SessionKey())
	request, _ := l.codec.Decode(op, &e.Request)
	l.takes(s, op, request)
	if e.Response.Status >= 200 && e.Response.Status < 300 {
		l.gives(s, op, &e.Response)
	}
	// What the client sent, it may send again of itself; but not before the answer
	// to it was looked at, as that is the place to take it from.
	eachValue(request, func(_ contract.Place, v any) {
		if key, ok := telling(v); ok {
			l.keep(s, key, placeOf{})
		}
	})
}

func (l *Learner) session(key string) *session {
	if s := l.sessions[key]; s != nil {
		return s
	}
	if len(l.order) == maxSessions {
		delete(l.sessions, l.order[0])
		l.order = l.order[1:]
		l.Skipped[OldSession]++
	}
	s := &session{values: make(map[string]placeOf)}
	l.sessions[key], l.order = s, append(l.order, key)
	return s
}

func (l *Learner) keep(s *session, value string, from placeOf) {
	if _, known := s.values[value]; known {
		return
	}
	if len(s.values) == maxValues {
		l.Skipped[ManyValues]++
		return
	}
	s.values[value] = from
}

func (l *Learner) takes(s *session, op *openapi.Operation, r contract.Request) {
	eachValue(r, func(at contract.Place, v any) {
		key, ok := telling(v)
		if !ok {
			return
		}
		at = folded(at)
		to := placeOf{op.Name, at}
		if _, known := l.used[to]; !known && len(l.used) == maxPairs {
			l.Skipped[ManyValues]++
			return
		}
		l.used[to]++
		if from := s.values[key]; from.operation != "" && from.operation != op.Name && len(l.pairs) < maxPairs {
			l.pairs[Dependency{From: from.operation, FromPlace: from.place, To: op.Name, ToPlace: at}]++
		}
	})
}

func (l *Learner) gives(s *session, op *openapi.Operation, res *capture.Response) {
	if location := res.Header.Get("Location"); location != "" {
		path := strings.TrimRight(capture.PathOf(location), "/")
		l.keep(s, path[strings.LastIndexByte(path, '/')+1:], placeOf{op.Name, "header Location"})
	}
	if len(res.Body) == 0 {
		return
	}
	body, err := l.body(op, res)
	if err != nil {
		l.Skipped[Unreadable]++
		return
	}
	leaves(body, "", 0, func(pointer string, v any) {
		if key, ok := telling(v); ok {
			l.keep(s, key, placeOf{op.Name, folded(contract.At("body", pointer))})
		}
	})
}

func (l *Learner) body(op *openapi.Operation, res *capture.Response) (any, error) {
	d := coding.Decoder{Limit: maxBody, Ratio: coding.TextRatio}
	plain, err := d.Decode(nil, res.Body, coding.Of(res.Header))
	if err != nil {
		return nil, err
	}
	typ := res.Header.Get("Content-Type")
	for _, r := range successes(op) {
		if m := message.Best(r.Media, typ); m != nil && contract.StatusFits(r.Status, res.Status) {
			return l.codec.Body(m, schema.Response, typ, plain)
		}
	}
	return nil, fmt.Errorf("no media type of the document fits %q", typ)
}

// maxBody is how long the body of an answer may become: it is held as a tree of
// some ten times that.
const maxBody = 8 << 20

// Dependencies returns what was seen twice at least, and in half of the values of
// its place at least: less is chance. Those that were seen most come first.
func (l *Learner) Dependencies() []Dependency {
	var out []Dependency
	for d, seen := range l.pairs {
		if seen >= 2 && seen*2 >= l.used[placeOf{d.To, d.ToPlace}] {
			d.Seen = seen
			out = append(out, d)
		}
	}
	return byCount(out)
}

// eachValue calls visit with the scalars of a request, in a fixed order.
func eachValue(r contract.Request, visit func(at contract.Place, v any)) {
	for _, part := range []struct {
		name   string
		values map[string]any
	}{{"path", r.Path}, {"query", r.Query}, {"header", r.Header}, {"cookie", r.Cookie}} {
		for _, name := range slices.Sorted(maps.Keys(part.values)) {
			if v := part.values[name]; scalar(v) {
				visit(contract.At(part.name, name), v)
			}
		}
	}
	if r.Body != nil {
		leaves(r.Body.Value, "", 0, func(pointer string, v any) { visit(contract.At("body", pointer), v) })
	}
}

func scalar(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return false
	}
	return true
}

// telling returns a value as a key, where it is seldom the same by chance: texts
// of three letters and whole numbers of two digits at least.
func telling(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, len(v) >= 3 && len(v) <= maxText
	case json.Number:
		_, err := v.Int64()
		return v.String(), err == nil && len(v) >= 2
	}
	return "", false
}

// folded is a place with the first item for any item of a list.
func folded(at contract.Place) contract.Place {
	part, name := at.Split()
	if part != "body" || name == "" {
		return at
	}
	path := strings.Split(name, "/")
	for i, token := range path {
		if _, err := strconv.ParseUint(token, 10, 32); err == nil {
			path[i] = "0"
		}
	}
	return contract.At(part, strings.Join(path, "/"))
}
