package consumer

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"twinspect.dev/contract"
	"twinspect.dev/fixtures/market"
)

// place is one field of a response of a pair.
type place struct {
	consumer, provider, operation string
	status                        int
	at                            contract.Place
}

// scored compares what was inferred with what the code of consumers reads.
type scored struct {
	right, wrong, missed int
	kinds, found         map[string]int
	// carried are the fields with a value to follow, followed those that are used.
	carried, followed int
}

// constant reports whether a field always said the same.
func constant(f contract.Field) bool { return len(f.Values) == 1 && !f.Many }

// unknowable says why the use of a field can not be seen in traffic, "" where it can.
func unknowable(f contract.Field, p place, kind string, known echoes) string {
	switch {
	case kind == "decides":
		return "nothing of it is sent"
	case constant(f):
		return "a constant"
	case known.only(p):
		return "known from a request"
	}
	return ""
}

// folded brings the place of a field to what the code calls it: the members of an
// object that it reads as a map.
func folded(leaf map[place]bool, p place) place {
	if leaf[p] {
		return p
	}
	if i := strings.LastIndexByte(string(p.at), '/'); i > 0 {
		q := p
		if q.at = p.at[:i] + "/*"; leaf[q] {
			return q
		}
	}
	return p
}

func score(t *testing.T, all []*contract.Contract, known echoes) (s scored) {
	leaf, met, used := leavesOfMarket(), make(map[place]bool), make(map[place]contract.Usage)
	seen := make(map[place]contract.Field)
	for _, c := range all {
		for _, it := range c.Interactions {
			for _, r := range it.Responses {
				for _, f := range r.Fields {
					p := folded(leaf, place{c.Consumer, c.Provider, it.Operation, r.Status, f.At})
					met[p] = met[p] || f.Seen > 0
					seen[p] = f
					if f.Usage.State == contract.Used {
						used[p] = f.Usage
					}
				}
			}
		}
	}
	truth := make(map[place]string)
	for _, u := range market.Truth() {
		p := place{u.Consumer, u.Provider, u.Operation, u.Status, u.At}
		if met[p] {
			truth[p] = u.Kind
		} else {
			t.Logf("never came: %v", p)
		}
	}
	s.kinds, s.found = make(map[string]int), make(map[string]int)
	for _, p := range places(used) {
		switch {
		case truth[p] != "":
			s.right++
		case leaf[p]:
			s.wrong++
			t.Logf("not read: %v %.2f %+v", p, used[p].Confidence, used[p].Evidence[:min(1, len(used[p].Evidence))])
		}
	}
	for _, p := range places(truth) {
		_, ok := used[p]
		why := unknowable(seen[p], p, truth[p], known)
		s.kinds[truth[p]]++
		if why == "" {
			s.carried++
		}
		switch {
		case !ok:
			s.missed++
			t.Logf("missed %s: %v %s", truth[p], p, why)
		case why == "":
			s.followed++
			fallthrough
		default:
			s.found[truth[p]]++
		}
	}
	return s
}

func places[V any](m map[place]V) []place {
	return slices.SortedFunc(maps.Keys(m), func(a, b place) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
}

func (s scored) precision() float64 { return float64(s.right) / float64(s.right+s.wrong) }
func (s scored) recall() float64    { return float64(s.right) / float64(s.right+s.missed) }

// carriedRecall is of the fields that carry a value which can be followed.
func (s scored) carriedRecall() float64 { return float64(s.followed) / float64(s.carried) }

func (s scored) String() string {
	return fmt.Sprintf("used: precision %.3f (%d false), recall %.3f of %d fields, %.3f of the %d that carry a value; found %v of %v",
		s.precision(), s.wrong, s.recall(), s.right+s.missed, s.carriedRecall(), s.carried, s.found, s.kinds)
}

// leavesOfMarket lists the fields that hold no others.
func leavesOfMarket() map[place]bool {
	leaf := make(map[place]bool)
	for _, consumer := range market.Services() {
		for _, provider := range market.Services() {
			for _, operation := range market.Operations(provider) {
				for _, f := range market.Fields(provider, operation) {
					if f.Leaf {
						leaf[place{consumer, provider, operation, f.Status, f.At}] = true
					}
				}
			}
		}
	}
	return leaf
}
