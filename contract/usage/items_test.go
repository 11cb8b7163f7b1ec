package usage

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract"
	"twinspect.dev/contract/join"
)

// things are what a shop has; what a consumer keeps of each itself goes with nothing.
func things(seed uint64, n int) []obj {
	s := newScript(seed^0x7416, 1)
	var all []obj
	for range n {
		all = append(all, obj{
			"id": s.id(), "name": s.word(7), "inStock": s.rng.IntN(3) > 0, "active": s.rng.IntN(4) > 0, "kind": s.pick("new", "old", "rare"),
			"colour": s.pick("red", "blue"), "shelf": s.rng.IntN(5), "boxed": s.rng.IntN(2) == 0, "note": nil,
			"own": s.pick("a", "b"), "kept": s.rng.IntN(2) == 0,
		})
	}
	return all
}

func without(o obj, names ...string) obj {
	out := make(obj)
	for name, v := range o {
		if !slices.Contains(names, name) {
			out[name] = v
		}
	}
	return out
}

// window is a consumer that decides for each thing of a list whether it shows it and
// what it says of it, or, if it is deaf, by what it keeps itself.
func window(seed, i uint64, all []obj, deaf bool) *join.Chain {
	s := newScript(seed^0x31d0, i)
	root := s.call(-1, "web", "window", "GET /window", "/window", nil)
	c := s.call(root, "window", "stock", "GET /things", "/things", nil)
	var list, tiles []any
	for _, k := range s.rng.Perm(len(all))[:min(len(all), 3+s.rng.IntN(8))] {
		thing := all[k]
		list = append(list, without(thing, "own", "kept"))
		tile := obj{"key": thing["id"], "title": thing["name"], "place": len(tiles)}
		switch {
		case deaf:
			tile["own"] = thing["own"]
			if thing["kept"].(bool) {
				tiles = append(tiles, tile)
			}
			continue
		case !thing["active"].(bool):
			continue
		case thing["kind"] == "new":
			tile["ribbon"] = s.word(5)
		}
		tile["state"] = map[bool]string{true: "available", false: "sold out"}[thing["inStock"].(bool)]
		tiles = append(tiles, tile)
	}
	s.answer(c, 200, obj{"items": list})
	s.answer(root, 200, obj{"tiles": tiles})
	return s.chain
}

// told lists the leaves that something is decided by.
func told(f *Follower, key originKey) (out []string) {
	for at, u := range key.uses(f) {
		if slices.ContainsFunc(u.Evidence, func(e contract.Evidence) bool { return e.How == contract.Decides }) {
			out = append(out, string(at))
		}
	}
	slices.Sort(out)
	return out
}

var things200 = originKey{"window", "stock", "GET /things", 200}

func TestWhatIsDecidedForEachItemIsFound(t *testing.T) {
	want := []string{"body /items/*/active", "body /items/*/inStock", "body /items/*/kind"}
	right, wrong, missed := 0, 0, 0
	for seed := range uint64(20) {
		f, all := New(), things(seed, 150)
		for i := range uint64(150) {
			f.See(window(seed, i, all, false))
		}
		got := told(f, things200)
		for _, at := range got {
			if slices.Contains(want, at) {
				right++
			} else {
				wrong++
				t.Logf("seed %d: %s: %+v", seed, at, things200.uses(f)[contract.Place(at)])
			}
		}
		missed += len(want)
		require.NoError(t, f.Account().Balance())
	}
	missed -= right
	t.Logf("decisions by item: precision %d/%d, recall %d/%d", right, right+wrong, right, right+missed)
	assert.LessOrEqual(t, wrong*20, right)
	assert.LessOrEqual(t, missed*10, right)
}

// The same few things come again and again, so that what the consumer keeps of each
// goes with what it gets of each as often as it is asked.
func TestWhatAConsumerKeepsOfEachItemIsNoDecision(t *testing.T) {
	runs, wrong := 0, 0
	for _, n := range []int{4, 12, 40} {
		for seed := range uint64(25) {
			f, all := New(), things(seed, n)
			for i := range uint64(100) {
				f.See(window(seed, i, all, true))
			}
			runs++
			if got := told(f, things200); len(got) > 0 {
				wrong++
				t.Log(n, seed, got)
			}
		}
	}
	t.Logf("%d of %d told something", wrong, runs)
	assert.LessOrEqual(t, float64(wrong), Alpha*float64(runs))
}

func TestAListThatIsCutOffIsNoDecision(t *testing.T) {
	f := New()
	for i := range uint64(150) {
		s := newScript(2, i)
		root := s.call(-1, "web", "top", "GET /top", "/top", nil)
		c := s.call(root, "top", "hits", "GET /hits", "/hits", nil)
		var list, out []any
		for k := range 3 + s.rng.IntN(4) {
			id := s.id()
			list = append(list, obj{"id": id, "premium": k < 2, "class": fmt.Sprint("c", k)})
			if k < 3 {
				out = append(out, obj{"hit": id})
			}
		}
		s.answer(c, 200, obj{"hits": list})
		s.answer(root, 200, obj{"best": out})
		f.See(s.chain)
	}
	assert.Empty(t, told(f, originKey{"top", "hits", "GET /hits", 200}))
}

func TestWhatIsDecidedForEachOfSeveralAnswersIsFound(t *testing.T) {
	f := New()
	for i := range uint64(120) {
		s := newScript(3, i)
		root := s.call(-1, "web", "cart", "GET /cart", "/cart", nil)
		var lines []any
		for range 2 + s.rng.IntN(3) {
			id, gone := s.id(), s.rng.IntN(2) == 0
			c := s.call(root, "cart", "catalog", "GET /products/{id}", "/products/"+id, nil)
			s.answer(c, 200, obj{"id": id, "title": s.word(9), "gone": gone, "new": s.rng.IntN(2) == 0})
			lines = append(lines, obj{"product": id, "orderable": !gone})
		}
		s.answer(root, 200, obj{"lines": lines})
		f.See(s.chain)
	}
	assert.Equal(t, []string{"body /gone"}, told(f, originKey{"cart", "catalog", "GET /products/{id}", 200}))
}

func TestDecisionsByItemDoNotDependOnTheOrder(t *testing.T) {
	all := things(5, 60)
	list := make([]*join.Chain, 400)
	for i := range list {
		list[i] = window(5, uint64(i), all, false)
	}
	before := everything(follow(list))
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	assert.Equal(t, before, everything(follow(list)))
}
