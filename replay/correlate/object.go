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
	id      capture.ID
	session uint64
	end     int64
	write   bool
}

// order makes the exchange wait for the earlier uses of the objects that its
// request identifies: a write for all, a read for the writes. Values in fields
// and cookies identify the client, whose requests may go on side by side. A
// session keeps its own order.
func (c *Correlator) order() {
	e := c.exchange
	isSafe := safe(e.Request.Method)
	for i := range c.links.uses {
		u := &c.links.uses[i]
		if !u.object {
			continue
		}
		o := c.objects.get(u.value)
		if o == nil {
			c.objects.put(u.value, object{}, 0)
			if o = c.objects.get(u.value); o == nil {
				continue
			}
		}
		own := objectUse{e.ID, c.session, c.end, !isSafe && u.changes()}
		for k := range min(o.n, recentUses) {
			before := &o.uses[k]
			if before.end <= c.start && before.session != c.session && (own.write || before.write) {
				c.links.need(before.id)
			}
		}
		o.uses[o.n%recentUses] = own
		o.n++
	}
}

// changes reports whether a write may change the object: the one in its path, or
// one that somebody was given alone. What is only listed, such as the product that
// is put into a cart, is referred to by everybody's writes.
func (u *use) changes() bool { return u.inPath || !u.candidates[0].rule.from.many }

// safe reports whether the method is (RFC 9110 section 9.2.1).
func safe(method string) bool {
	return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "TRACE"
}

func identifies(k Kind) bool { return k == Path || k == Query || k == Body || k == Form }
