package packet

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// ListenGroup begins n captures that share the connections of an interface out
// between them, both directions of one to the same capture: one for each
// goroutine that is to parse. Each has a ring of cfg.RingSize of its own. Where
// cfg.Fanout is 0 and n is above 1, the kernel chooses a group that nobody else
// in the namespace has.
func ListenGroup(cfg LiveConfig, n int) ([]*Live, error) {
	if n < 1 {
		return nil, fmt.Errorf("capture from %q: a group of %d captures: want at least 1", cfg.Interface, n)
	}
	var group []*Live
	for i := range n {
		one := cfg
		one.unique = i == 0 && n > 1 && cfg.Fanout == 0
		l, err := Listen(one)
		if err == nil && one.unique {
			cfg.Fanout, err = l.group()
		}
		if l != nil {
			group = append(group, l)
		}
		if err != nil {
			for _, l := range group {
				err = errors.Join(err, l.Close())
			}
			return nil, err
		}
	}
	return group, nil
}

// group returns the number of the fanout group.
func (l *Live) group() (uint16, error) {
	v, err := unix.GetsockoptInt(l.fd, unix.SOL_PACKET, unix.PACKET_FANOUT)
	if err != nil {
		return 0, fmt.Errorf("ask for the fanout group of %q: %w", l.cfg.Interface, err)
	}
	return uint16(v), nil
}
