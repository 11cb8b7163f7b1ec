package join

import (
	"crypto/sha256"
	"encoding/binary"
	"net"
	"strings"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/capture/trace"
)

// queryHash stands for a query, which may hold secrets; zero is none.
type queryHash uint64

// beside is what a skeleton has that has no field in a span.
type beside struct {
	query queryHash
	// from is the address and port of a server's client.
	from string
}

// callerOf is where a server's span says that the connection came from: of the
// semantic conventions, the newest first. Without a port it is not told from others.
func callerOf(s *trace.Span) string {
	if s.Kind != trace.Server {
		return ""
	}
	for _, keys := range callerKeys {
		host, port := attribute(s, keys[0]), attribute(s, keys[1])
		if host != "" && port != "" && port != "0" {
			return net.JoinHostPort(strings.Trim(host, "[]"), port)
		}
	}
	return ""
}

// callerKeys are of HTTP 1.23 and later, 1.13 to 1.22, and before. What says
// client.address may be what a proxy told, but then it has no port of the
// connection.
var callerKeys = [...][2]string{
	{"network.peer.address", "network.peer.port"},
	{"client.address", "client.port"},
	{"net.sock.peer.addr", "net.sock.peer.port"},
	{"net.peer.ip", "net.peer.port"},
}

func attribute(s *trace.Span, key string) string {
	for i := range s.Attributes {
		if s.Attributes[i].Key == key {
			return s.Attributes[i].Value
		}
	}
	return ""
}

func hashQuery(target string) queryHash {
	_, query, ok := strings.Cut(target, "?")
	if !ok || query == "" {
		return 0
	}
	sum := sha256.Sum256([]byte(query))
	return queryHash(binary.BigEndian.Uint64(sum[:]))
}

// appendSpan appends what is needed of a span: no attributes, no message, no
// statement, no query.
func appendSpan(b []byte, s *trace.Span) []byte {
	b = append(b, s.ID[:]...)
	b = append(b, s.Parent[:]...)
	b = append(b, byte(s.Kind), byte(s.Status))
	start, end := nanos(s.Start), nanos(s.End)
	b = binary.AppendVarint(b, start)
	b = binary.AppendVarint(b, end-start)
	b = binary.AppendUvarint(b, uint64(uint16(s.HTTP.Status)))
	b = binary.BigEndian.AppendUint64(b, uint64(hashQuery(s.HTTP.Target)))
	db := statementless(s)
	target := s.HTTP.Target
	if target != "" {
		target = capture.PathOf(target)
	}
	for _, text := range [...]string{
		s.Service, s.Name, s.HTTP.Method, s.HTTP.Route, target,
		s.RPC.System, s.RPC.Service, s.RPC.Method, s.RPC.Status, db.System, db.Operation, db.Collection,
		s.Messaging.System, s.Messaging.Operation, s.Messaging.Destination, s.Peer, callerOf(s),
	} {
		b = binary.AppendUvarint(b, uint64(len(text)))
		b = append(b, text...)
	}
	return b
}

// statementless keeps of a statement its verb and its table, so that the span's
// operation has the same name.
func statementless(s *trace.Span) trace.DB {
	db := s.DB
	if db.Statement != "" && (db.Operation == "" || db.Collection == "") {
		verb, table, _ := strings.Cut(s.Operation(), " ")
		if db.Operation == "" {
			db.Operation = verb
		}
		if db.Collection == "" {
			db.Collection = table
		}
	}
	return db
}

// nanos is the time since 1970, 0 for none and for what 64 bits do not hold.
func nanos(t time.Time) int64 {
	n := t.UnixNano()
	if !time.Unix(0, n).Equal(t) {
		return 0
	}
	return n
}

func timeOf(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

// texts reads numbers and texts; all texts share one string.
type texts struct {
	rest []byte
	all  string
	bad  bool
}

func (t *texts) varint() int64 {
	n, used := binary.Varint(t.rest)
	t.skip(used)
	return n
}

func (t *texts) uvarint() uint64 {
	n, used := binary.Uvarint(t.rest)
	t.skip(used)
	return n
}

func (t *texts) skip(n int) {
	if n <= 0 || n > len(t.rest) {
		t.bad, t.rest = true, nil
		return
	}
	t.rest = t.rest[n:]
}

func (t *texts) text() string {
	n := t.uvarint()
	if t.bad || n > uint64(len(t.rest)) {
		t.bad = true
		return ""
	}
	from := len(t.all) - len(t.rest)
	t.rest = t.rest[n:]
	return t.all[from : from+int(n)]
}

// skeletonFixed is the length of what stands first in a span: ids, kind, status.
const skeletonFixed = 18

// decodeSpan reads what appendSpan wrote.
func decodeSpan(b []byte, s *trace.Span) (more beside, err error) {
	if len(b) < skeletonFixed {
		return beside{}, errDamaged
	}
	copy(s.ID[:], b)
	copy(s.Parent[:], b[8:])
	s.Kind, s.Status = trace.Kind(b[16]), trace.Status(b[17])
	t := texts{rest: b[skeletonFixed:]}
	start := t.varint()
	s.Start, s.End = timeOf(start), timeOf(start+t.varint())
	s.HTTP.Status = int(t.uvarint())
	if t.bad || len(t.rest) < 8 {
		return beside{}, errDamaged
	}
	more.query = queryHash(binary.BigEndian.Uint64(t.rest))
	t.rest = t.rest[8:]
	t.all = string(t.rest)
	for _, text := range [...]*string{
		&s.Service, &s.Name, &s.HTTP.Method, &s.HTTP.Route, &s.HTTP.Target,
		&s.RPC.System, &s.RPC.Service, &s.RPC.Method, &s.RPC.Status, &s.DB.System, &s.DB.Operation, &s.DB.Collection,
		&s.Messaging.System, &s.Messaging.Operation, &s.Messaging.Destination, &s.Peer, &more.from,
	} {
		*text = t.text()
	}
	if t.bad {
		return beside{}, errDamaged
	}
	return more, nil
}
