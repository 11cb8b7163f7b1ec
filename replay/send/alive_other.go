//go:build !unix

package send

import "net"

func (cn *conn) watch(net.Conn) {}

// alive cannot look at the socket here without waiting: what the peer did while
// the connection was idle shows in the next exchange.
func (cn *conn) alive() bool { return true }

// step is not used here.
type step struct{}

// turn writes the message.
func (cn *conn) turn(message []byte) (werr, rerr error) { return cn.write(message), nil }
