package cli

import (
	"errors"
	"fmt"
	"net/netip"

	"twinspect.dev/capture/packet"
	"twinspect.dev/capture/wire"
)

// Live says where packets are captured from, and which.
type Live struct {
	Interface string
	Ports     []uint16
	// Hosts are addresses, or networks such as 10.0.0.0/8; none is all.
	Hosts []string
	// Filter is an expression as tcpdump takes.
	Filter string
	// PID or Container name the network namespace; neither is this one.
	PID       int
	Container string
	// Cores is how many captures share the connections out.
	Cores int
	// RingSize is the buffer of each capture in bytes; 0 is the default.
	RingSize int
}

// maxCores bounds a fanout group; the kernel's own bound is 256.
const maxCores = 64

// Check tells what cannot work.
func (l Live) Check() error {
	var errs []error
	if l.Cores < 1 || l.Cores > maxCores {
		errs = append(errs, fmt.Errorf("cores %d: want 1 to %d", l.Cores, maxCores))
	}
	if l.PID != 0 && l.Container != "" {
		errs = append(errs, errors.New("pid and container: give one"))
	}
	_, err := prefixes(l.Hosts)
	if l.Filter != "" {
		err = errors.Join(err, packet.CheckFilter(l.Filter))
	}
	return errors.Join(append(errs, err)...)
}

// LiveInput is what Listen gives: exchanges as they happen. Account and Close
// may be called from any goroutine.
type LiveInput struct {
	*wire.Merged
	segments []*packet.Live
}

// Close stops listening and waits for the parsing to end.
func (l *LiveInput) Close() error {
	err := l.Merged.Close()
	for _, s := range l.segments {
		err = errors.Join(err, s.Close())
	}
	return err
}

// Listen opens one capture a core, all of one fanout group.
func (l Live) Listen(cfg wire.Config) (*LiveInput, error) {
	if err := l.Check(); err != nil {
		return nil, err
	}
	live, err := l.config()
	if err != nil {
		return nil, err
	}
	segments, err := packet.ListenGroup(live, l.Cores)
	if err != nil {
		return nil, err
	}
	var sources []*wire.Source
	for _, s := range segments {
		sources = append(sources, wire.New(cfg, s))
	}
	return &LiveInput{wire.NewMerged(sources...), segments}, nil
}

// File is the same choice among the packets of a capture file. The ports are
// left to what reads its segments.
func (l Live) File() (packet.FileConfig, error) {
	hosts, err := prefixes(l.Hosts)
	return packet.FileConfig{Hosts: hosts, Filter: l.Filter}, err
}

func (l Live) config() (packet.LiveConfig, error) {
	live := packet.LiveConfig{Interface: l.Interface, Ports: l.Ports, Filter: l.Filter, RingSize: l.RingSize}
	var err error
	if live.Hosts, err = prefixes(l.Hosts); err != nil {
		return live, err
	}
	switch {
	case l.PID != 0:
		live.Namespace, err = packet.NamespaceOfPID(l.PID)
	case l.Container != "":
		live.Namespace, err = packet.NamespaceOfContainer(l.Container)
	}
	return live, err
}

func prefixes(hosts []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, h := range hosts {
		p, err := netip.ParsePrefix(h)
		if a, bad := netip.ParseAddr(h); bad == nil {
			p, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		if err != nil {
			return nil, fmt.Errorf("host %q: want an address or a network such as 10.0.0.0/8", h)
		}
		out = append(out, p)
	}
	return out, nil
}

// Ports reads port numbers.
func Ports(numbers []uint) ([]uint16, error) {
	var out []uint16
	for _, p := range numbers {
		if p == 0 || p > 65535 {
			return nil, fmt.Errorf("port %d: want a port from 1 to 65535", p)
		}
		out = append(out, uint16(p))
	}
	return out, nil
}
