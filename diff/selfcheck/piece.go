package selfcheck

import (
	"math/big"
	"strings"

	"twinspect.dev/diff"
)

// piece is a part of a body that is no JSON: a value written as text, or a whole
// of which values are a part.
type piece struct {
	// value is the text, empty where there is none. In it only what may allow is
	// changed; nil allows all.
	value span
	may   func(at int) bool
	// write writes another text as the media type demands; nil as it is.
	write func(string) string
	// whole is what is left out, empty for nothing; it may stand there twice if
	// repeats is set.
	whole   span
	repeats bool
}

// pieces keeps for each place one of its pieces, each as likely as the other.
type pieces struct {
	*maker
	found map[string]*foundPiece
	order []*foundPiece
}

type foundPiece struct {
	path string
	piece
	times uint64
}

func (m *maker) pieces() *pieces { return &pieces{maker: m, found: make(map[string]*foundPiece)} }

func (x *pieces) offer(path string, p piece) {
	f := x.found[path]
	if f == nil {
		if len(x.order) >= maxPlaces {
			x.beyond++
			return
		}
		f = &foundPiece{path: strings.Clone(path)}
		x.found[f.path] = f
		x.order = append(x.order, f)
	}
	if f.times++; x.rng.Uint64N(f.times) == 0 {
		f.piece = p
	}
}

// mutate makes the mutations of all pieces.
func (x *pieces) mutate() {
	for _, f := range x.order {
		at := diff.Place{Part: diff.Body, Path: f.path}
		if f.whole.start < f.whole.end {
			x.add(at, Drop, edit{f.whole.start, f.whole.end, nil})
			if f.repeats {
				x.add(at, Repeat, edit{f.whole.start, f.whole.start, x.body[f.whole.start:f.whole.end]})
			}
		}
		if f.value.start < f.value.end {
			x.word(at, &f.piece)
		}
	}
}

// word changes a text.
func (x *pieces) word(at diff.Place, p *piece) {
	old := x.body[p.value.start:p.value.end]
	become := func(name Mutation, text string) {
		if p.write != nil {
			text = p.write(text)
		}
		x.add(at, name, edit{p.value.start, p.value.end, []byte(text)})
	}
	x.add(at, Empty, edit{p.value.start, p.value.end, nil})
	if changed := x.character(old, p.may); changed != nil {
		x.add(at, Character, edit{p.value.start, p.value.end, changed})
	}
	become(Reclass, string(reclassed(appendQuoted(nil, string(old)))))
	if r, fraction, ok := plainDecimal(string(old)); ok {
		one := big.NewRat(1, 1)
		become(Increment, new(big.Rat).Add(r, one).FloatString(fraction))
		become(Decrement, new(big.Rat).Sub(r, one).FloatString(fraction))
		if r.Sign() != 0 {
			become(Negate, new(big.Rat).Neg(r).FloatString(fraction))
			become(Tenfold, new(big.Rat).Mul(r, big.NewRat(10, 1)).FloatString(fraction))
		}
	}
}

// plainDecimal returns the number that a text is, and how many digits it has
// behind the point.
func plainDecimal(text string) (*big.Rat, int, bool) {
	whole, fraction, _ := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	if whole == "" || strings.Trim(whole+fraction, "0123456789") != "" {
		return nil, 0, false
	}
	r, ok := decimal(text)
	return r, len(fraction), ok
}

// rows changes parts that stand in a row: one is left out, or there twice, or has
// changed places with the next.
func (m *maker) rows(p diff.Place, list []span) {
	if len(list) < 2 {
		return
	}
	i := m.rng.IntN(len(list) - 1)
	x, y := m.body[list[i].start:list[i].end], m.body[list[i+1].start:list[i+1].end]
	m.add(p, Drop, edit{list[i].start, list[i].end, nil})
	m.add(p, Repeat, edit{list[i].start, list[i].start, x})
	if string(x) != string(y) && endsLine(y) == endsLine(x) {
		m.add(p, Swap, edit{list[i].start, list[i].end, y}, edit{list[i+1].start, list[i+1].end, x})
	}
}

func endsLine(b []byte) bool { return len(b) > 0 && b[len(b)-1] == '\n' }
