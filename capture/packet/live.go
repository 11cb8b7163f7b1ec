package packet

import (
	"errors"
	"net/netip"
	"time"
)

// ErrIdle is what Live.ReadSegment returns where time has passed and there was
// no segment. The Time of the segment it was given is then as far as the
// capture has come: no segment that was captured before will follow. The
// stream goes on.
var ErrIdle = errors.New("no segment yet")

// LiveConfig says what to capture.
type LiveConfig struct {
	// Interface is the name of a network interface, or "any" for all of them.
	Interface string
	// Ports are the TCP ports that are wanted, on either side; none means all.
	// With ports, the kernel keeps other traffic away from the process, and
	// tunnels are not looked into: only segments directly in IP, with or
	// without VLAN tags, are found.
	Ports []uint16
	// Hosts are the addresses that are wanted, on either side; none means all.
	// What holds for tunnels with ports holds with hosts too.
	Hosts []netip.Prefix
	// Filter is an expression as [CheckFilter] takes it; the kernel keeps
	// everything else away. A VLAN tag that the card or the kernel has taken
	// off does not move what follows: "port 80" finds port 80 in a VLAN and
	// outside of one, "vlan 5 and port 80" finds it in that VLAN. What Ports,
	// Hosts and Filter all want is captured.
	Filter string
	// Namespace is the path of a network namespace, such as /run/netns/NAME or
	// what [NamespaceOfPID] returns; empty means that of the process. Opening
	// it takes CAP_SYS_ADMIN; the rest of the process stays where it is.
	Namespace string
	// SnapLen is how many bytes of a frame are captured; 0 means 256 KiB,
	// which is a whole frame even with offloading.
	SnapLen int
	// RingSize is the size in bytes of the buffer that the kernel fills; 0
	// means 32 MiB: a quarter of a second at 1 Gbit/s. It is rounded up to
	// whole blocks of 1 MiB.
	RingSize int
	// Promiscuous asks the card for frames that are addressed to others.
	Promiscuous bool
	// Fanout, where it is not 0, is the number of a group: the kernel shares
	// the connections of an interface out between all captures of the group,
	// both directions of one to the same capture.
	Fanout uint16
	// DrainTime bounds how long segments are still handed on after the context
	// was canceled; 0 means 5 seconds.
	DrainTime time.Duration
	// Tick is after how much time without a segment ReadSegment returns
	// [ErrIdle]; 0 means 100 ms, a negative one never.
	Tick time.Duration

	// unique asks the kernel for a fanout group that nobody else has.
	unique bool
}

const (
	anyInterface    = "any"
	defaultSnapLen  = 256 << 10
	defaultRingSize = 32 << 20
	defaultDrain    = 5 * time.Second
	// defaultTick is twice the delay for reordered segments (tcpstream), so that
	// it adds little to the wait for lost ones, and costs ten wake-ups a second.
	defaultTick = 100 * time.Millisecond
)

func (c LiveConfig) withDefaults() LiveConfig {
	if c.SnapLen <= 0 || c.SnapLen > defaultSnapLen {
		c.SnapLen = defaultSnapLen
	}
	if c.RingSize <= 0 {
		c.RingSize = defaultRingSize
	}
	if c.DrainTime <= 0 {
		c.DrainTime = defaultDrain
	}
	if c.Tick == 0 {
		c.Tick = defaultTick
	}
	return c
}
