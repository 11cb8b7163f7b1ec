package access

import (
	"container/list"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limits bounds what is asked of the gate.
type Limits struct {
	// Identity and Total are requests a second, of one identity and of all together.
	// Twice as many may come at once.
	Identity, Total int64
	// Body is the greatest request in bytes.
	Body int64
}

// defaultLimits: a thousand canaries that each ask ten questions in 10 s are 1,000
// requests a second by one identity, the tool's; pipelines and people come beside it.
// The body is that of the longest document that intake takes.
var defaultLimits = Limits{Identity: 1000, Total: 2000, Body: 64 << 20}

const (
	maxRate = 1_000_000
	maxBody = 1 << 30
	// burst is how many seconds' worth may come at once.
	burst = 2

	// A stranger is whoever shows a token that is not known, or nothing where something
	// is needed. Twenty mistakes at once are a person's or a pipeline's; at one a second
	// a token of 256 bits stays unguessed. All together they cannot fill the audit.
	strangerRate, strangerBurst = 1, 20
	strangersRate               = 100

	// maxAddresses bounds the limiters by address: at 400 bytes each it is 2 MiB. The one
	// that was not used for longest is forgotten first.
	maxAddresses = 4096
)

// meter bounds the requests of one.
type meter struct {
	limiter *rate.Limiter

	mu       sync.Mutex
	refusing bool
}

func newMeter(perSecond, atOnce int64) *meter {
	return &meter{limiter: rate.NewLimiter(rate.Limit(perSecond), int(atOnce))}
}

// take returns 0 where a request may be made now, and otherwise after how long. first
// says that the request before was not refused.
func (m *meter) take(now time.Time) (wait time.Duration, first bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.limiter.ReserveN(now, 1)
	if wait = r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
	}
	first = wait > 0 && !m.refusing
	m.refusing = wait > 0
	return wait, first
}

// addresses holds a meter for each address, of a bounded number of them.
type addresses struct {
	perSecond, atOnce int64

	mu     sync.Mutex
	meters map[netip.Addr]*list.Element
	order  *list.List // of *entry, the last used first
}

type entry struct {
	addr  netip.Addr
	meter *meter
}

func newAddresses(perSecond, atOnce int64) *addresses {
	return &addresses{perSecond: perSecond, atOnce: atOnce, meters: map[netip.Addr]*list.Element{}, order: list.New()}
}

// of returns the meter of an address. One who has a network of IPv6 has all of its
// addresses, so the first 64 bits count.
func (a *addresses) of(addr netip.Addr) *meter {
	if addr.Is6() {
		p, _ := addr.Prefix(64)
		addr = p.Addr()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if e, ok := a.meters[addr]; ok {
		a.order.MoveToFront(e)
		return e.Value.(*entry).meter
	}
	if a.order.Len() >= maxAddresses {
		oldest := a.order.Back()
		delete(a.meters, a.order.Remove(oldest).(*entry).addr)
	}
	m := newMeter(a.perSecond, a.atOnce)
	a.meters[addr] = a.order.PushFront(&entry{addr: addr, meter: m})
	return m
}

// meters holds those of everybody.
type meters struct {
	limits     Limits
	total      *meter
	identities map[string]*meter // of the names of tokens and clients
	anonymous  *addresses
	strangers  *addresses
	allStrange *meter
}

// newMeters makes the meters for a file. What old has of the same limits stays, so that
// reading a file again gives nobody a fresh start.
func newMeters(c *Config, old *meters) *meters {
	l := c.limits
	m := &meters{limits: l, identities: map[string]*meter{}}
	same := old != nil && old.limits == l
	if same {
		m.total, m.anonymous, m.strangers, m.allStrange = old.total, old.anonymous, old.strangers, old.allStrange
	} else {
		m.total = newMeter(l.Total, l.Total*burst)
		m.anonymous = newAddresses(l.Identity, l.Identity*burst)
		m.strangers = newAddresses(strangerRate, strangerBurst)
		m.allStrange = newMeter(strangersRate, strangersRate*burst)
	}
	for _, ids := range [][]Identity{c.tokens, c.clients} {
		for _, id := range ids {
			if same && old.identities[id.Name] != nil {
				m.identities[id.Name] = old.identities[id.Name]
			} else {
				m.identities[id.Name] = newMeter(l.Identity, l.Identity*burst)
			}
		}
	}
	return m
}

// take counts a request of an identity, or of a stranger from the address.
func (m *meters) take(id Identity, stranger bool, from netip.Addr, now time.Time) (wait time.Duration, first bool) {
	own, all := m.identities[id.Name], m.total
	switch {
	case stranger:
		own, all = m.strangers.of(from), m.allStrange
	case id.Kind == Anonymous:
		own = m.anonymous.of(from)
	}
	if wait, first = own.take(now); wait > 0 {
		return wait, first
	}
	return all.take(now)
}
