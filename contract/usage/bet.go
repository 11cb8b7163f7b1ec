package usage

import (
	"cmp"
	"math"
	"slices"
)

// block is how many samples the sent ones are drawn among. More would cost their
// square, and 32! is proof enough.
const block = 32

// stakes are the shares of what it has that a bettor puts on each draw; what the
// three have made on average is the e-value.
var stakes = [...]float64{0.1, 0.5, 0.9}

// column is what the samples have at one place of the response, by one comparison,
// and at one of what was sent, by sample. Hashes ascend.
type column struct {
	given [][]uint64
	sent  [][]entry
}

// outcome is what a test found.
type outcome struct {
	logE                     float64
	matched, chance, samples uint64
}

// test bets on each sample's own values being those that match. See the package's
// documentation for why that is an e-value.
func (c *column) test() outcome {
	order := c.order()
	var o outcome
	var logs [len(stakes)]float64
	for len(order) > 0 {
		n := min(block, len(order))
		if rest := len(order) - n; rest > 0 && rest < block/2 {
			n = len(order)
		}
		c.bet(order[:n], &o, &logs)
		order = order[n:]
	}
	o.logE = logMean(logs[:])
	return o
}

// order lists the samples in which there was something, those next to each other
// that sent about as many values: lists match by their length already. Samples are
// in the order of their hashes, so that among equals there is no order.
func (c *column) order() []int {
	var order []int
	for i := range c.given {
		if len(c.given[i]) > 0 {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(len(c.sent[a]), len(c.sent[b])) })
	return order
}

func (c *column) bet(order []int, o *outcome, logs *[len(stakes)]float64) {
	for k, i := range order {
		own, all := false, 0
		for _, j := range order[k:] {
			if meets(c.given[i], c.sent[j]) {
				own = own || j == i
				all++
			}
		}
		o.samples++
		if own {
			o.matched++
		}
		if len(order) > 1 && meets(c.given[i], c.sent[order[(k+1)%len(order)]]) {
			o.chance++
		}
		if all == 0 {
			continue
		}
		won := 0.0
		if own {
			won = float64(len(order)-k) / float64(all)
		}
		for s, stake := range stakes {
			logs[s] += math.Log(1 - stake + stake*won)
		}
	}
}

// meets reports whether two ascending lists have a hash in common.
func meets(given []uint64, sent []entry) bool {
	for i, j := 0, 0; i < len(given) && j < len(sent); {
		switch {
		case given[i] < sent[j].hash:
			i++
		case given[i] > sent[j].hash:
			j++
		default:
			return true
		}
	}
	return false
}

func logMean(logs []float64) float64 {
	top := slices.Max(logs)
	sum := 0.0
	for _, l := range logs {
		sum += math.Exp(l - top)
	}
	return top + math.Log(sum/float64(len(logs)))
}
