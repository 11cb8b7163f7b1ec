//go:build unix

package send

import (
	"net"
	"syscall"
)

// watch prepares alive.
func (cn *conn) watch(nc net.Conn) {
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return
	}
	var b [1]byte
	cn.raw = raw
	switch nc.(type) {
	case *net.TCPConn, *net.UnixConn: // and none that does more than they
		cn.step.do = cn.next
	}
	cn.peek = func(fd uintptr) {
		_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		cn.peeked = err == syscall.EAGAIN || err == syscall.EWOULDBLOCK
	}
}

// alive reports whether the peer of an idle connection has neither closed it
// nor sent anything: bytes that no request asked for, such as a 408, must not be
// taken for the next answer.
func (cn *conn) alive() bool {
	if cn.raw == nil {
		return true
	}
	return cn.raw.Control(cn.peek) == nil && cn.peeked
}
