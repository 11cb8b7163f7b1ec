package usage

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract"
)

func (k originKey) uses(f *Follower) map[contract.Place]contract.Usage {
	return f.Uses(k.consumer, k.provider, k.operation, k.status)
}

// values lists the places of leaves that are used by their values.
func values(uses map[contract.Place]contract.Usage) []string {
	var out []string
	for at, u := range uses {
		leaf := true
		for other := range uses {
			leaf = leaf && !strings.HasPrefix(string(other), string(at)+"/") && at != "body"
		}
		if leaf && u.State == contract.Used && u.Evidence[0].How != contract.Decides {
			out = append(out, string(at))
		}
	}
	slices.Sort(out)
	return out
}

func TestUsedValuesAreFoundAndOthersAreNot(t *testing.T) {
	for _, n := range []int{20, 100, 250} {
		var right, wrong, missed float64
		for seed := range uint64(5) {
			f := follow(chains(seed, n))
			for key, want := range truth {
				got := values(key.uses(f))
				for _, at := range got {
					if slices.Contains(want, at) {
						right++
					} else {
						wrong++
						t.Logf("n=%d seed %d %v: %s is called used: %+v", n, seed, key, at, key.uses(f)[contract.Place(at)])
					}
				}
				for _, at := range want {
					if !slices.Contains(got, at) {
						missed++
						t.Logf("n=%d seed %d %v: %s is missed: %+v", n, seed, key, at, key.uses(f)[contract.Place(at)])
					}
				}
			}
			require.NoError(t, f.Account().Balance())
		}
		precision, recall := right/(right+wrong), right/(right+missed)
		t.Logf("%d traces: precision %.3f, recall %.3f of %v uses", 2*n, precision, recall, right+missed)
		assert.GreaterOrEqual(t, precision, 0.95)
		assert.GreaterOrEqual(t, recall, 0.9)
	}
}

func everything(f *Follower) map[originKey]map[contract.Place]contract.Usage {
	all := make(map[originKey]map[contract.Place]contract.Usage)
	for key := range f.origins {
		all[key] = key.uses(f)
	}
	return all
}

func TestTheOrderOfChainsDoesNotMatter(t *testing.T) {
	list := chains(7, 200)
	want := everything(follow(list))
	for seed := range uint64(3) {
		rand.New(rand.NewPCG(seed, 1)).Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		f := follow(list)
		require.Empty(t, cmp.Diff(want, everything(f), cmp.AllowUnexported(originKey{})))
	}
}
