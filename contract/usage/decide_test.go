package usage

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract"
	"twinspect.dev/contract/join"
	"twinspect.dev/diff/stats"
)

// gate is a consumer that decides by fields of an account: whether it asks for
// credit, what it answers, and whether its answer has an offer.
func gate(seed, i uint64) *join.Chain {
	s := newScript(seed^0x6a7e, i)
	user := s.id()
	root := s.call(-1, "web", "gate", "GET /enter/{id}", "/enter/"+user, nil)
	a := s.call(root, "gate", "accounts", "GET /accounts/{id}", "/accounts/"+user, nil)
	blocked, tier, credit := s.rng.IntN(4) == 0, s.pick("gold", "silver", "tin"), s.rng.IntN(50)-10
	visible := s.rng.IntN(2) == 0
	account := obj{
		"blocked": blocked, "tier": tier, "credit": credit, "visible": visible, "colour": s.pick("red", "blue"), "age": s.rng.IntN(6),
		// What goes mostly with a field that decides decides nothing.
		"warned": blocked || s.rng.IntN(3) == 0, "language": "de",
	}
	if s.rng.IntN(2) == 0 {
		account["nick"] = s.word(5)
	}
	s.answer(a, 200, account)
	if blocked {
		s.answer(root, 403, obj{"error": "no"})
		return s.chain
	}
	if credit < 0 {
		d := s.call(root, "gate", "debts", "POST /debts", "/debts", obj{"why": "credit"})
		s.answer(d, 204, nil)
	}
	out := obj{"welcome": true}
	if tier == "gold" {
		out["offer"] = s.word(4)
	}
	s.answer(root, 200, out)
	return s.chain
}

func TestFieldsThatDecideAreFoundAndThoseThatGoWithThemAreNot(t *testing.T) {
	var right, wrong, missed int
	for seed := range uint64(10) {
		f := New()
		for i := range uint64(300) {
			f.See(gate(seed, i))
		}
		uses := f.Uses("gate", "accounts", "GET /accounts/{id}", 200)
		for at, u := range uses {
			decides := slices.ContainsFunc(u.Evidence, func(e contract.Evidence) bool { return e.How == contract.Decides })
			want := slices.Contains([]contract.Place{"body /blocked", "body /tier", "body /credit"}, at)
			switch {
			case at == "body":
			case decides && want:
				right++
				assert.Equal(t, contract.Used, u.State)
				assert.Equal(t, u.Of, u.Calls)
			case decides:
				wrong++
				t.Logf("seed %d: %s: %+v", seed, at, u)
			case want:
				missed++
				t.Logf("seed %d: %s is missed", seed, at)
			}
		}
	}
	t.Logf("decisions: precision %d/%d, recall %d/%d", right, right+wrong, right, right+missed)
	assert.LessOrEqual(t, wrong*20, right)
	assert.LessOrEqual(t, missed*10, right)
}

func TestFieldsThatAlwaysGoTogetherAreBothToldAtHalfTheConfidence(t *testing.T) {
	f := New()
	for i := range uint64(100) {
		s := newScript(1, i)
		root := s.call(-1, "web", "gate", "GET /enter", "/enter", nil)
		a := s.call(root, "gate", "flags", "GET /flags", "/flags", nil)
		on := s.rng.IntN(2) == 0
		s.answer(a, 200, obj{"on": on, "off": !on})
		s.answer(root, map[bool]int{true: 200, false: 404}[on], obj{})
		f.See(s.chain)
	}
	uses := f.Uses("gate", "flags", "GET /flags", 200)
	for _, at := range []contract.Place{"body /on", "body /off"} {
		require.Equal(t, contract.Used, uses[at].State, at)
		assert.InDelta(t, 0.5, uses[at].Confidence, 0.01)
	}
}

func TestConfidencesAgreeWithTheProcedureForKnownTests(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		n := 1 + rng.IntN(30)
		tests := n + rng.IntN(100)
		logs, es := make([]float64, n), make([]float64, tests)
		for i := range logs {
			logs[i] = 10 * rng.Float64()
			es[i] = math.Exp(logs[i])
		}
		rejected := stats.EBH(es, Alpha)
		for i, c := range confidences(logs, tests) {
			assert.Equal(t, rejected[i], c > 0, fmt.Sprint(i, es))
			assert.True(t, c == 0 || c >= 1-Alpha-1e-9)
		}
	}
}

// Values that have nothing to do with each other bring no more than they stake.
func TestTheBetIsFair(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var sum float64
	const runs = 4000
	for range runs {
		const n = 12
		c := column{given: make([][]uint64, n), sent: make([][]entry, n)}
		for i := range n {
			c.given[i] = []uint64{rng.Uint64N(4)}
			c.sent[i] = []entry{{hash: rng.Uint64N(4)}}
		}
		sum += min(math.Exp(c.test().logE), 1000)
	}
	t.Logf("mean of e %.3f", sum/runs)
	assert.Less(t, sum/runs, 1.15)
}
