package packet

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// openSocket returns a packet socket that takes in nothing yet: it has no
// protocol until it is bound, so that no frame comes past the filter.
//
// SOCK_DGRAM makes the kernel take the link-layer header off, so that every
// kind of interface looks the same.
func openSocket() (int, error) {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		return -1, fmt.Errorf("no right to capture packets: run as root or give the binary cap_net_raw (setcap cap_net_raw+ep FILE): %w", err)
	}
	if err != nil {
		return -1, fmt.Errorf("open packet socket: %w", err)
	}
	return fd, nil
}

// interfaceIndex returns 0 for all interfaces.
func interfaceIndex(name string) (int, error) {
	if name == anyInterface {
		return 0, nil
	}
	found, err := net.InterfaceByName(name)
	if err == nil {
		return found.Index, nil
	}
	all, listErr := net.Interfaces()
	if listErr != nil {
		return 0, fmt.Errorf("no interface %q: %w", name, errors.Join(err, listErr))
	}
	names := make([]string, len(all), len(all)+1)
	for i := range all {
		names[i] = all[i].Name
	}
	return 0, fmt.Errorf("no interface %q: there are %s: %w", name, strings.Join(append(names, anyInterface), ", "), err)
}

func attachFilter(fd int, program []bpf.RawInstruction) error {
	code := make([]unix.SockFilter, len(program))
	for i, in := range program {
		code[i] = unix.SockFilter{Code: in.Op, Jt: in.Jt, Jf: in.Jf, K: in.K}
	}
	prog := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	if err := unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &prog); err != nil {
		return fmt.Errorf("attach the kernel filter: %w", err)
	}
	return nil
}

// bind lets the frames in.
func bind(fd, index int, cfg LiveConfig) error {
	addr := unix.SockaddrLinklayer{Protocol: networkOrder(unix.ETH_P_ALL), Ifindex: index}
	if err := unix.Bind(fd, &addr); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	if cfg.Promiscuous && index != 0 {
		mreq := unix.PacketMreq{Ifindex: int32(index), Type: unix.PACKET_MR_PROMISC}
		if err := unix.SetsockoptPacketMreq(fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, &mreq); err != nil {
			return fmt.Errorf("set promiscuous mode: %w", err)
		}
	}
	if cfg.Fanout != 0 || cfg.unique {
		// By hash of the flow, fragments put together before it is taken.
		mode := int(cfg.Fanout) | (unix.PACKET_FANOUT_HASH|unix.PACKET_FANOUT_FLAG_DEFRAG)<<16
		if cfg.unique {
			mode |= unix.PACKET_FANOUT_FLAG_UNIQUEID << 16
		}
		if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_FANOUT, mode); err != nil {
			return fmt.Errorf("join fanout group %d: %w", cfg.Fanout, err)
		}
	}
	return nil
}
