package packet

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"twinspect.dev/capture"
)

const (
	// fragmentAge is how long a datagram may wait for its fragments: RFC 8200
	// section 4.5 sets 60 seconds, Linux 30 for IPv4 (ipfrag_time). The longer
	// one is safe, as an identifier does not come round that soon.
	fragmentAge = 60 * time.Second
	// fragmentMemory is the room for waiting fragments: 256 datagrams of the
	// largest size, four times what Linux gives to each namespace
	// (ipfrag_high_thresh).
	fragmentMemory = 256 * maxDatagram
	maxDatagram    = 1 << 16
	// pieceOverhead is what a piece takes beside its bytes, so that empty ones
	// are not free.
	pieceOverhead = 128
)

// fragments puts IP datagrams together.
//
// gopacket's ip4defrag is not used: it takes a decoded layer and gives a new
// one for each datagram, knows no IPv6 and no networks, joins overlapping
// fragments by copying over, and its limit is per datagram, not in total.
//
// A datagram with overlapping fragments is given up, as Linux does since the
// FragmentSmack attack and as RFC 5722 asks for IPv6: what the receiver made of
// it is not known. An exact repetition is passed over.
type fragments struct {
	waiting map[fragmentKey]*datagram
	// order holds the keys of waiting from the oldest on, and of some that are
	// done.
	order  []queued
	serial uint64
	memory int
	frames uint64 // inside of waiting
	joined []byte // the last datagram that was put together
	first  uint8  // its protocol by the first fragment
}

type fragmentKey struct {
	src, dst netip.Addr
	network  uint64
	id       uint32
	protocol uint8
}

type queued struct {
	key    fragmentKey
	serial uint64
}

// fragmentAt says where a fragment belongs.
type fragmentAt struct {
	id       uint32
	protocol uint8 // 0 for IPv6
	offset   int
	more     bool
	first    uint8 // the protocol in this fragment's header, for IPv6
}

// datagram is one that waits for the rest of its fragments.
type datagram struct {
	began  time.Time
	serial uint64
	pieces []piece // by offset, without overlap
	size   int     // -1 until the last fragment came
	have   int     // bytes on the wire
	memory int
	frames uint64
	first  uint8
}

type piece struct {
	offset, wire int
	data         []byte
}

// join adds the packet at hand to its datagram. If that is whole now, the
// packet becomes it and the outcome is written.
func (d *decoder) join(at fragmentAt) outcome {
	p, f := &d.p, &d.frags
	if at.protocol != 0 && !followed(at.protocol) {
		return notTCP
	}
	if p.wire == 0 || at.more && p.wire%8 != 0 || at.offset+p.wire > maxDatagram {
		return malformedFragment
	}
	f.expire(p.time, &d.stats)
	key := fragmentKey{p.src, p.dst, p.network, at.id, at.protocol}
	g := f.datagram(key, p.time)
	out := g.add(piece{at.offset, p.wire, p.data}, at.more)
	if out == duplicateFragment {
		return out
	}
	g.frames += p.frames
	f.frames += p.frames
	if at.offset == 0 {
		g.first = at.first
	}
	if out != isHeld {
		p.frames = f.remove(key, g)
		return out
	}
	cost := len(p.data) + pieceOverhead
	g.memory += cost
	f.memory += cost
	if g.have != g.size {
		f.evict(&d.stats)
		return isHeld
	}
	p.frames = f.remove(key, g)
	f.first = g.first
	f.joined = g.appendTo(f.joined[:0])
	p.data, p.wire = f.joined, g.size
	return outcome{fate: written}
}

// followed reports whether a protocol may lead to TCP; fragments of others
// need not wait.
func followed(protocol uint8) bool {
	switch protocol {
	case protoTCP, protoUDP, protoIPv4, protoIPv6, protoGRE, protoAH, protoMPLS, protoEthernet:
		return true
	}
	return false
}

// datagram returns the one that waits under key, or a new one.
func (f *fragments) datagram(key fragmentKey, now time.Time) *datagram {
	if g := f.waiting[key]; g != nil {
		return g
	}
	if f.waiting == nil {
		f.waiting = make(map[fragmentKey]*datagram)
	}
	f.serial++
	g := &datagram{began: now, serial: f.serial, size: -1}
	f.waiting[key] = g
	// Those that are done make up no more than half of the queue.
	if len(f.order) > 2*len(f.waiting)+64 {
		f.order = slices.DeleteFunc(f.order, f.isDone)
	}
	f.order = append(f.order, queued{key, f.serial})
	return g
}

// add puts a copy of the piece in its place.
func (g *datagram) add(part piece, more bool) outcome {
	end := part.offset + part.wire
	if !more {
		if g.size >= 0 && g.size != end {
			return overlapFragment
		}
		g.size = end
	}
	i, found := slices.BinarySearchFunc(g.pieces, part.offset, func(p piece, offset int) int { return cmp.Compare(p.offset, offset) })
	switch {
	case found && g.pieces[i].wire == part.wire:
		return duplicateFragment
	case found,
		i > 0 && g.pieces[i-1].offset+g.pieces[i-1].wire > part.offset,
		i < len(g.pieces) && end > g.pieces[i].offset,
		g.size >= 0 && (end > g.size || g.beyond(g.size)):
		return overlapFragment
	}
	part.data = slices.Clone(part.data)
	g.pieces = slices.Insert(g.pieces, i, part)
	g.have += part.wire
	return isHeld
}

// beyond reports whether a piece ends behind size.
func (g *datagram) beyond(size int) bool {
	if len(g.pieces) == 0 {
		return false
	}
	last := g.pieces[len(g.pieces)-1]
	return last.offset+last.wire > size
}

// appendTo appends the bytes up to the first that the snap length cut off.
func (g *datagram) appendTo(b []byte) []byte {
	for _, p := range g.pieces {
		b = append(b, p.data...)
		if len(p.data) < p.wire {
			break
		}
	}
	return b
}

// remove takes a datagram out and returns how many frames it holds.
func (f *fragments) remove(key fragmentKey, g *datagram) uint64 {
	delete(f.waiting, key)
	f.memory -= g.memory
	f.frames -= g.frames
	return g.frames
}

// expire gives up the datagrams that have waited too long.
func (f *fragments) expire(now time.Time, stats *capture.Stats) {
	for len(f.order) > 0 {
		g := f.oldest()
		if g != nil && now.Sub(g.began) <= fragmentAge {
			return
		}
		f.giveUp(g, incompleteFragment, stats)
	}
}

// evict gives up the oldest datagrams until the others fit.
func (f *fragments) evict(stats *capture.Stats) {
	for f.memory > fragmentMemory && len(f.order) > 0 {
		f.giveUp(f.oldest(), evictedFragment, stats)
	}
}

// clear gives up every datagram.
func (f *fragments) clear(stats *capture.Stats) {
	for len(f.order) > 0 {
		f.giveUp(f.oldest(), incompleteFragment, stats)
	}
}

// oldest returns the datagram at the head of the queue; nil if it is done.
func (f *fragments) oldest() *datagram {
	if f.isDone(f.order[0]) {
		return nil
	}
	return f.waiting[f.order[0].key]
}

// isDone reports whether the datagram that was queued waits no more.
func (f *fragments) isDone(q queued) bool {
	g := f.waiting[q.key]
	return g == nil || g.serial != q.serial
}

// giveUp removes the head of the queue and, unless it is done, counts it.
func (f *fragments) giveUp(g *datagram, reason capture.Reason, stats *capture.Stats) {
	key := f.order[0].key
	f.order = f.order[1:]
	if g != nil {
		stats.Drop(reason, f.remove(key, g))
	}
}
