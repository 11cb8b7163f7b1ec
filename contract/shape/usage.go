package shape

import (
	"cmp"
	"math/bits"
	"slices"

	"twinspect.dev/contract"
)

// maxEvidence is how many places a usage names; see [contract.Usage].
const maxEvidence = 10

// mergeUsage joins what two recordings say. Counts are summed; the confidence is
// the greater one, as more samples never make a proof weaker. Of more than ten
// places of evidence those are kept that come first by comparison and place, so
// that it does not matter in which order recordings are merged.
func mergeUsage(a, b contract.Usage) contract.Usage {
	return contract.Usage{
		State: furthest(a.State, b.State), Calls: a.Calls + b.Calls, Of: a.Of + b.Of,
		Confidence: max(a.Confidence, b.Confidence), Evidence: mergeEvidence(a.Evidence, b.Evidence),
	}
}

// states are in the order in which one outdoes another.
var states = []contract.State{"", contract.Never, contract.Seen, contract.Used}

func furthest(a, b contract.State) contract.State {
	if slices.Index(states, a) > slices.Index(states, b) {
		return a
	}
	return b
}

// hows are the comparisons, the surest first.
var hows = []contract.How{contract.Exact, contract.Numeric, contract.Substring, contract.Computed, contract.Decides}

func mergeEvidence(a, b []contract.Evidence) []contract.Evidence {
	if len(a)+len(b) == 0 {
		return nil
	}
	out := slices.Concat(a, b)
	slices.SortFunc(out, byKey)
	kept := out[:1]
	for _, e := range out[1:] {
		last := &kept[len(kept)-1]
		if last.How != e.How || last.Into != e.Into {
			kept = append(kept, e)
			continue
		}
		last.Matched += e.Matched
		last.Chance += e.Chance
		last.Samples += e.Samples
	}
	kept = kept[:min(len(kept), maxEvidence)]
	slices.SortFunc(kept, byStrength)
	return slices.Clip(kept)
}

func byKey(a, b contract.Evidence) int {
	return cmp.Or(cmp.Compare(slices.Index(hows, a.How), slices.Index(hows, b.How)), cmp.Compare(a.How, b.How), cmp.Compare(a.Into, b.Into))
}

// byStrength puts first what came again more often than by chance.
func byStrength(a, b contract.Evidence) int {
	return cmp.Or(compareRates(net(b), b.Samples, net(a), a.Samples), cmp.Compare(b.Matched, a.Matched), byKey(a, b))
}

func net(e contract.Evidence) uint64 { return e.Matched - min(e.Matched, e.Chance) }

// compareRates compares a/of with b/ofB exactly; of none is the least.
func compareRates(a, of, b, ofB uint64) int {
	if of == 0 || ofB == 0 {
		return cmp.Compare(min(of, 1), min(ofB, 1))
	}
	h1, l1 := bits.Mul64(a, ofB)
	h2, l2 := bits.Mul64(b, of)
	return cmp.Or(cmp.Compare(h1, h2), cmp.Compare(l1, l2))
}
