package correlate

import "twinspect.dev/capture"

// recentUses is how many uses of one object are remembered: a write waits for as
// many reads since the write before, and so for more only by way of these.
const recentUses = 16

// object is what a linked value identifies, by its latest uses. What one
// connection deletes, another must have read before, if it had in the recording:
// the order within sessions alone does not say so.
type object struct {
	uses [recentUses]objectUse
	n    uint // in all
}

type objectUse struct {
	id    capture.ID
	end   int64
	write bool
}

// order makes the exchange wait for the earlier uses of the objects that its
// request identifies: a write for all, a read for the writes. Values in fields
// and cookies identify the client, whose requests may go on side by side.
func (c *Correlator) order() {
	e := c.exchange
	write := !safe(e.Request.Method)
	then := e.Request.Start.UnixNano()
	own := objectUse{e.ID, e.Response.End.UnixNano(), write}
	for i := range c.links.uses {
		u := &c.links.uses[i]
		if !u.object {
			continue
		}
		o, ok := c.objects.get(u.value)
		if !ok {
			o = new(object)
			c.objects.put(u.value, o, 0)
		}
		for k := range min(o.n, recentUses) {
			if before := &o.uses[k]; before.end <= then && (write || before.write) {
				c.links.need(before.id)
			}
		}
		o.uses[o.n%recentUses] = own
		o.n++
	}
}

// safe reports whether the method is (RFC 9110 section 9.2.1).
func safe(method string) bool {
	return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "TRACE"
}

func identifies(k Kind) bool { return k == Path || k == Query || k == Body || k == Form }
