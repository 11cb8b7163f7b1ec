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
	// tried counts the samples in which anything was sent there.
	tried uint64
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

// bet plays the samples of a block one after the other. What was sent in those
// that are left is weighed by what it has in common with what was given: each value
// by how rare it is among them, so that one that all of them have says nothing.
// What one weighs as a share of what all weigh is what a fair bet pays.
func (c *column) bet(order []int, o *outcome, logs *[len(stakes)]float64) {
	left := make(map[uint64]int)
	for _, i := range order {
		distinct(c.sent[i], func(hash uint64) { left[hash]++ })
	}
	for k, i := range order {
		own, all, met := c.weigh(i, len(order)-k, left)
		distinct(c.sent[i], func(hash uint64) { left[hash]-- })
		o.samples++
		if met {
			o.matched++
		}
		if len(c.sent[i]) > 0 {
			o.tried++
		}
		if len(order) > 1 && meets(c.given[i], c.sent[order[(k+1)%len(order)]]) {
			o.chance++
		}
		if all == 0 {
			continue
		}
		won := own * float64(len(order)-k) / all
		for s, stake := range stakes {
			logs[s] += math.Log(1 - stake + stake*won)
		}
	}
}

// weigh returns what the sent values of a sample weigh, and those of all n that are
// left together.
func (c *column) weigh(i, n int, left map[uint64]int) (own, all float64, met bool) {
	sent := c.sent[i]
	for _, h := range c.given[i] {
		for len(sent) > 0 && sent[0].hash < h {
			sent = sent[1:]
		}
		count := left[h]
		if count == 0 {
			continue
		}
		weight := math.Log(float64(n) / float64(count))
		all += float64(count) * weight
		if len(sent) > 0 && sent[0].hash == h {
			own += weight
			met = true
		}
	}
	return own, all, met
}

// distinct calls each for the hashes of ascending entries.
func distinct(list []entry, each func(uint64)) {
	for i := range list {
		if i == 0 || list[i].hash != list[i-1].hash {
			each(list[i].hash)
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
