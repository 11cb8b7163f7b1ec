package join

import "twinspect.dev/capture"

// counts are the account of a Joiner.
type counts struct {
	spans, exchanges, calls capture.Stats
	joined                  map[How]uint64
	// before is what was known of spans and exchanges when the adding ended.
	before *counts
}

// restart makes the account what it was when the adding ended.
func (c *counts) restart(timed *counts) {
	if c.before == nil {
		c.before = &counts{spans: c.spans.Clone(), exchanges: c.exchanges.Clone()}
		for r, n := range timed.exchanges.Dropped {
			c.before.dropExchanges(r, n)
		}
		for r, n := range timed.exchanges.Filtered {
			c.before.filterExchanges(r, n)
		}
	}
	c.spans, c.exchanges = c.before.spans.Clone(), c.before.exchanges.Clone()
	c.calls, c.joined = capture.Stats{}, make(map[How]uint64)
}

func (c *counts) dropSpans(r capture.Reason, n uint64) {
	if n > 0 {
		c.spans.Open -= n
		c.spans.Drop(r, n)
	}
}

func (c *counts) dropExchanges(r capture.Reason, n uint64) {
	c.exchanges.Open -= n
	c.exchanges.Drop(r, n)
}

func (c *counts) filterExchanges(r capture.Reason, n uint64) {
	c.exchanges.Open -= n
	c.exchanges.Filter(r, n)
}

func (c *counts) join(how How) {
	c.exchanges.Open--
	c.exchanges.Written++
	c.joined[how]++
}

// tree counts the spans of a tree.
func (c *counts) tree(spans, duplicates uint64) {
	c.spans.Open -= spans + duplicates
	c.spans.Written += spans
	if duplicates > 0 {
		c.spans.Filter(DuplicateSpan, duplicates)
	}
}

// call counts a call over HTTP.
func (c *counts) call(recorded bool) {
	c.calls.Seen++
	if recorded {
		c.calls.Written++
		return
	}
	c.calls.Drop(NoExchange, 1)
}

func (c *counts) account() capture.Account {
	a := capture.Account{
		{Name: "join spans", Unit: "spans", Stats: c.spans.Clone()},
		{Name: "join exchanges", Unit: "exchanges", Stats: c.exchanges.Clone()},
		{Name: "join calls", Unit: "calls", Stats: c.calls.Clone()},
	}
	for _, how := range [...]How{ByContext, ByTrace, ByTime} {
		if n := c.joined[how]; n > 0 {
			a = append(a, capture.Stage{Name: "joined by " + string(how), Unit: "exchanges", Stats: capture.Stats{Seen: n, Written: n}})
		}
	}
	return a
}
