package packet

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"twinspect.dev/capture"
)

// Live is a capture from a network interface.
//
// ReadSegment is used by one goroutine at a time; Account and Close may be
// called from any. Close makes a waiting ReadSegment return; Account waits for
// it, for a tick at most.
type Live struct {
	cfg     LiveConfig
	fd      int
	ring    *ring
	decoder *decoder
	filter  *filterExpr
	frame   frame
	copied  []byte
	// shown is how far in time the reader was told that the capture has come.
	shown time.Time

	// mu is held while the ring and the socket are used, so that Close does
	// not take them away from under a reader.
	mu      sync.Mutex
	closing atomic.Bool
	wake    *waker

	// cause is why the capture ends; frames still in the ring are handed on
	// until then.
	cause           error
	quiet, deadline time.Time
	over            bool

	// As the kernel counts since the start; packets includes drops.
	packets, drops uint64
	read           uint64
	closeErr       error
}

// Listen begins to capture. It needs the right CAP_NET_RAW, and CAP_SYS_ADMIN
// for a namespace. The interface is only listened to, never written to. A
// filter that is wrong is a [*FilterError].
func Listen(cfg LiveConfig) (*Live, error) {
	cfg = cfg.withDefaults()
	l, err := listen(cfg)
	if err != nil {
		return nil, fmt.Errorf("capture from %q: %w", cfg.Interface, err)
	}
	return l, nil
}

func listen(cfg LiveConfig) (*Live, error) {
	want, err := newSelection(cfg.Ports, cfg.Hosts, cfg.Filter)
	if err != nil {
		return nil, err
	}
	program, err := kernelFilter(want, cfg.SnapLen)
	if err != nil {
		return nil, err
	}
	l := &Live{cfg: cfg, fd: -1, decoder: newDecoder(want), filter: want.filter, shown: now()}
	err = inNamespace(cfg.Namespace, func() error { return l.open(program) })
	if err != nil {
		return nil, errors.Join(err, l.release())
	}
	return l, nil
}

// open runs inside of the namespace. What it has opened is released by the
// caller, also where it fails.
func (l *Live) open(program []bpf.RawInstruction) error {
	index, err := interfaceIndex(l.cfg.Interface)
	if err != nil {
		return err
	}
	if l.fd, err = openSocket(); err != nil {
		return err
	}
	if err := attachFilter(l.fd, program); err != nil {
		return err
	}
	if l.ring, err = openRing(l.fd, l.cfg.RingSize); err != nil {
		return err
	}
	if l.wake, err = newWaker(); err != nil {
		return err
	}
	return bind(l.fd, index, l.cfg)
}

// now is the time as frames tell it.
func now() time.Time { return time.Now().Round(0).UTC() }

// ReadSegment fills s with the next TCP segment.
//
// When ctx is canceled the capture ends: no more frames are let in, those that
// the kernel has already captured are still handed on, for at most the drain
// time, and then ctx's error is returned, then and ever after. The same holds
// when the interface goes down, with that error. After Close it returns an
// error that wraps [os.ErrClosed] at once. While there are no segments it
// returns [ErrIdle] after each tick.
func (l *Live) ReadSegment(ctx context.Context, s *Segment) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var p received
	for {
		if l.closing.Load() {
			return fmt.Errorf("capture from %q: %w", l.cfg.Interface, os.ErrClosed)
		}
		if l.cause == nil && ctx.Err() != nil {
			l.end(ctx.Err())
		}
		if l.over || l.cause != nil && time.Now().After(l.deadline) {
			l.over = true
			return l.cause
		}
		if l.ring.next(&p) {
			if l.segment(&p, s) {
				l.shown = s.Time
				return nil
			}
			if l.idle(p.time, s) {
				return ErrIdle
			}
			continue
		}
		// What the kernel has captured before the block that it is filling has
		// been read: see end.
		if l.idle(now().Add(-3*retireAfter), s) {
			return ErrIdle
		}
		if l.cause != nil && time.Now().After(l.quiet) {
			l.over = true
			return l.cause
		}
		if err := l.wait(ctx); err != nil {
			l.end(err)
		}
	}
}

// idle tells that the capture has come to a time, where that is a tick later
// than what was told before. A capture that ends does not wait for packets.
func (l *Live) idle(at time.Time, s *Segment) bool {
	if l.cfg.Tick < 0 || l.cause != nil || at.Sub(l.shown) < l.cfg.Tick {
		return false
	}
	l.shown = at
	*s = Segment{Time: at}
	return true
}

// end lets no more frames in. The block that the kernel is filling comes after
// at most two of its ticks (the first marks it, the second retires it); the
// third is for the timer to be late.
func (l *Live) end(cause error) {
	if l.cause != nil {
		return
	}
	l.cause = cause
	if err := attachFilter(l.fd, rejectAll()); err != nil {
		l.cause = errors.Join(cause, err)
	}
	l.quiet = time.Now().Add(3 * retireAfter)
	l.deadline = time.Now().Add(l.cfg.DrainTime)
}

// segment decodes a packet from the ring.
func (l *Live) segment(p *received, s *Segment) bool {
	l.read++
	if !l.wanted(p) {
		l.decoder.stats.Seen++
		l.decoder.count(unwanted, 1)
		return false
	}
	// The bytes are copied out of the ring, behind a cooked header: the ring
	// may be unmapped by Close while the payload is still looked at.
	l.copied = append(l.copied[:0], make([]byte, cookedProtocolAt)...)
	l.copied = binary.BigEndian.AppendUint16(l.copied, p.etherType())
	l.copied = append(l.copied, p.data...)
	l.frame = frame{
		time: p.time, link: linkSLL, data: l.copied, vlan: p.vlan,
		wire: max(p.wire, len(p.data)) + cookedProtocolAt + 2,
	}
	return l.decoder.decode(&l.frame, s)
}

const cookedProtocolAt = 14

// wanted judges by the filter those frames that the kernel does not: with a tag
// in band, which is taken aside, as the card would have done. Where kernels
// before 6.11 show the data behind it, its identifier counts as 0.
func (l *Live) wanted(p *received) bool {
	if l.filter == nil || !isTag(p.protocol) {
		return true
	}
	view := seen{data: p.data, wire: p.wire + ethernetHeader, protocol: p.etherType(), tag: int(p.vlan)}
	if p.vlan == 0 && isTag(view.protocol) && len(p.data) >= 4 {
		view.tag, view.protocol, view.data = int(be16(p.data)), be16(p.data[2:]), p.data[4:]
	}
	return l.filter.aside.pass(&view)
}

func isTag(t etherType) bool { return t == typeVLAN || t == typeQinQ || t == typeOldQinQ }

// etherType returns what the data begins with. Where a VLAN tag is not left to
// the card, kernels before 6.11 tell the type of the tag for data that begins
// behind it.
func (p *received) etherType() etherType {
	if p.protocol != typeVLAN && p.protocol != typeQinQ || len(p.data) < 5 {
		return p.protocol
	}
	if t := be16(p.data[2:]); t == typeIPv4 && p.data[4]>>4 == 4 || t == typeIPv6 && p.data[4]>>4 == 6 || t == typeVLAN {
		return p.protocol
	}
	switch p.data[0] >> 4 {
	case 4:
		return typeIPv4
	case 6:
		return typeIPv6
	}
	return p.protocol
}

// wait blocks until the ring has a block, ctx is canceled, or Close is called.
func (l *Live) wait(ctx context.Context) error {
	stop := context.AfterFunc(ctx, l.wake.up)
	defer stop()
	timeout := time.Second
	if l.cfg.Tick > 0 {
		timeout = min(timeout, max(l.cfg.Tick, time.Millisecond))
	}
	if l.cause != nil {
		stop()
		timeout = retireAfter / 5
	}
	fds := []unix.PollFd{{Fd: int32(l.fd), Events: unix.POLLIN}, {Fd: int32(l.wake.fd), Events: unix.POLLIN}}
	_, err := unix.Poll(fds, int(timeout/time.Millisecond))
	if err != nil && !errors.Is(err, unix.EINTR) {
		return fmt.Errorf("wait for packets on %q: %w", l.cfg.Interface, err)
	}
	if fds[1].Revents != 0 {
		l.wake.clear()
	}
	if fds[0].Revents&(unix.POLLERR|unix.POLLNVAL) != 0 {
		return l.socketError()
	}
	return nil
}

func (l *Live) socketError() error {
	code, err := unix.GetsockoptInt(l.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	switch {
	case err != nil:
		return fmt.Errorf("capture from %q: %w", l.cfg.Interface, err)
	case code == int(unix.ENETDOWN):
		return fmt.Errorf("interface %q went down: %w", l.cfg.Interface, unix.ENETDOWN)
	case code != 0:
		return fmt.Errorf("capture from %q: %w", l.cfg.Interface, unix.Errno(code))
	}
	return nil
}

// Account returns the account of the frames that passed the kernel's filter.
// Those that the ring had no room for are dropped as "kernel-drop", those in
// the ring are open, and dropped as "unread" once the capture is over. It may
// be called after Close.
func (l *Live) Account() capture.Account {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.askKernel()
	stats := l.decoder.account()
	stats.Seen += l.drops
	stats.Drop(kernelDrop, l.drops)
	// The kernel counts a frame before it is in the ring, never after.
	if kept := l.packets - l.drops; kept > l.read {
		stats.Seen += kept - l.read
		if l.over {
			stats.Drop(unreadDrop, kept-l.read)
		} else {
			stats.Open += kept - l.read
		}
	}
	return capture.Account{{Name: stageName, Unit: stageUnit, Stats: stats}}
}

// askKernel adds what the kernel counted since it was last asked.
func (l *Live) askKernel() {
	if l.fd < 0 {
		return
	}
	if st, err := unix.GetsockoptTpacketStatsV3(l.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS); err == nil {
		l.packets += uint64(st.Packets)
		l.drops += uint64(st.Drops)
	}
}

// Close ends the capture and makes a waiting ReadSegment return. It waits for
// that call, and may be called more than once.
func (l *Live) Close() error {
	if l.closing.Swap(true) {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.closeErr
	}
	l.wake.up()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.askKernel()
	l.decoder.finish()
	l.over = true
	l.closeErr = l.release()
	return l.closeErr
}

func (l *Live) release() error {
	var errs []error
	if l.ring != nil {
		errs = append(errs, l.ring.close())
	}
	if l.wake != nil {
		errs = append(errs, l.wake.close())
	}
	if l.fd >= 0 {
		errs = append(errs, unix.Close(l.fd))
		l.fd = -1
	}
	return errors.Join(errs...)
}
