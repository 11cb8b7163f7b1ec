//go:build e2e && linux

package main

import (
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// door is an address at which nobody listens until it is opened: a broker that
// is away without one being stopped. The port is its own all of the time. What
// comes through goes to the broker, which names its own address to the agent.
type door struct {
	t      *testing.T
	to     string
	fd     int
	end    func() error
	guests sync.WaitGroup
}

// newDoor comes before the agent, so that it ends after it.
func newDoor(t *testing.T, to string) *door {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	require.NoError(t, unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	d := &door{t: t, fd: fd, to: to, end: func() error { return unix.Close(fd) }}
	t.Cleanup(func() {
		assert.NoError(t, d.end())
		d.guests.Wait()
	})
	return d
}

func (d *door) addr() string {
	name, err := unix.Getsockname(d.fd)
	require.NoError(d.t, err)
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(name.(*unix.SockaddrInet4).Port))
}

// listen is what both a broker and one that never answers begin with.
func (d *door) listen() net.Listener {
	require.NoError(d.t, unix.Listen(d.fd, unix.SOMAXCONN))
	file := os.NewFile(uintptr(d.fd), "door")
	l, err := net.FileListener(file) // has a descriptor of its own
	require.NoError(d.t, err)
	d.end = l.Close
	require.NoError(d.t, file.Close())
	return l
}

// hang never answers: it is the kernel that takes connections.
func (d *door) hang() { d.listen() }

// open lets everyone through to the broker.
func (d *door) open() {
	l := d.listen()
	d.guests.Go(func() {
		for {
			guest, err := l.Accept()
			if err != nil {
				return // closed
			}
			d.guests.Go(func() { d.lead(guest) })
		}
	})
}

// lead carries what both sides say until either has ended.
func (d *door) lead(guest net.Conn) {
	host, err := net.Dial("tcp", d.to)
	if err != nil {
		_ = guest.Close()
		return
	}
	var both sync.WaitGroup
	carry := func(to, from net.Conn) {
		_, _ = io.Copy(to, from)
		_ = errors.Join(to.Close(), from.Close())
	}
	both.Go(func() { carry(host, guest) })
	both.Go(func() { carry(guest, host) })
	both.Wait()
}
