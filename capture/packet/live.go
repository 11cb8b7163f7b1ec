package packet

import "time"

// LiveConfig says what to capture.
type LiveConfig struct {
	// Interface is the name of a network interface, or "any" for all of them.
	Interface string
	// Ports are the TCP ports that are wanted, on either side; none means all.
	// With ports, the kernel keeps other traffic away from the process, and
	// tunnels are not looked into: only segments directly in IP, with or
	// without VLAN tags, are found.
	Ports []uint16
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
}

const (
	anyInterface    = "any"
	defaultSnapLen  = 256 << 10
	defaultRingSize = 32 << 20
	defaultDrain    = 5 * time.Second
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
	return c
}
