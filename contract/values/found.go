package values

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"twinspect.dev/contract"
)

// found are values of a part of a schema, pointers relative to the part.
type found struct {
	values []Value
	gaps   []contract.Gap
	left   int // what was left out, as there are too many
	// tried is what was made and is refused, a gap where nothing else was found.
	tried []contract.Gap
}

func (f *found) add(v Value) { f.values = append(f.values, v) }

func (f *found) gap(at string, rule contract.Rule, why string) {
	f.gaps = append(f.gaps, contract.Gap{At: contract.Place(at), Rule: rule, Why: why})
}

// join adds what was found of a part below.
func (f *found) join(at string, g *found) {
	for _, v := range g.values {
		v.At = at + v.At
		f.add(v)
	}
	f.merge(at, g)
}

// merge adds the gaps of a part below.
func (f *found) merge(at string, g *found) {
	for _, gap := range g.gaps {
		if len(f.gaps) > maxGaps {
			f.left++
			continue
		}
		f.gap(at+string(gap.At), gap.Rule, gap.Why)
	}
	for _, gap := range g.tried {
		if len(f.tried) < maxGaps {
			gap.At = contract.Place(at + string(gap.At))
			f.tried = append(f.tried, gap)
		}
	}
	f.left += g.left
}

// told returns the gaps, each once, and one for what was left out.
func (f *found) told() []contract.Gap {
	var out []contract.Gap
	seen := map[contract.Gap]bool{}
	for _, g := range f.gaps {
		if seen[g] {
			continue
		}
		seen[g] = true
		if len(out) >= maxGaps {
			f.left++
			continue
		}
		out = append(out, g)
	}
	if f.left > 0 {
		out = append(out, contract.Gap{Why: fmt.Sprintf("%d more values were left out: there are at most %d for one schema", f.left, maxValues)})
	}
	return out
}

// take draws from the lists in turn until there are enough, so that no part of a
// schema takes the place of all others.
func (f *found) take(lists []list, most int) {
	for i, some := 0, true; some; i++ {
		some = false
		for _, l := range lists {
			if i >= len(l.values) || i >= maxValues {
				continue
			}
			some = true
			if len(f.values) >= most {
				f.left++
				continue
			}
			f.add(l.value(i))
		}
	}
}

// list are values, or those of a part, which are put into the whole where they
// are taken.
type list struct {
	values []Value
	at     string
	put    func(any) any
}

func (l *list) value(i int) Value {
	v := l.values[i]
	if l.put != nil {
		v.Data, v.At = l.put(v.Data), l.at+v.At
	}
	return v
}

// canonical writes a value so that equal ones are written alike; false where it
// has more than most bytes.
func canonical(v any, most int) (string, bool) {
	var b strings.Builder
	ok := write(&b, v, most)
	return b.String(), ok
}

func write(b *strings.Builder, v any, most int) bool {
	if b.Len() > most {
		return false
	}
	switch v := v.(type) {
	case map[string]any:
		b.WriteByte('{')
		for _, name := range sorted(v) {
			b.WriteString(strconv.Itoa(len(name)))
			b.WriteByte(':')
			b.WriteString(name)
			if !write(b, v[name], most) {
				return false
			}
			b.WriteByte(',')
		}
		b.WriteByte('}')
	case []any:
		b.WriteByte('[')
		for _, item := range v {
			if !write(b, item, most) {
				return false
			}
			b.WriteByte(',')
		}
		b.WriteByte(']')
	case string:
		if b.Len()+len(v) > most {
			return false
		}
		b.WriteByte('"')
		b.WriteString(strconv.Itoa(len(v)))
		b.WriteByte(':')
		b.WriteString(v)
	case json.Number:
		b.WriteString(numeral(v))
	case bool:
		b.WriteString(strconv.FormatBool(v))
	case nil:
		b.WriteString("null")
	default:
		fmt.Fprint(b, v)
	}
	return b.Len() <= most
}

// source draws by the seed and by what is drawn for.
func (m *maker) source(n *node, h how) *rand.Rand {
	if h.fixed {
		return rand.New(rand.NewPCG(n.mark, mix(h)))
	}
	return rand.New(rand.NewPCG(m.seed^n.mark, mix(h)))
}

// mix folds what a value is made for into a number (FNV-1a).
func mix(h how) uint64 {
	sum := uint64(14695981039346656037)
	for _, c := range []byte(h.hint) {
		sum = (sum ^ uint64(c)) * 1099511628211
	}
	return (sum ^ uint64(h.salt)<<8 ^ uint64(h.mode)) * 1099511628211
}
