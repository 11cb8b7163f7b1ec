package tlswire

import "twinspect.dev/capture"

// The reasons under which records are left out: they carry no application data.
const (
	Handshake        capture.Reason = "handshake"
	Alert            capture.Reason = "alert"
	ChangeCipherSpec capture.Reason = "change-cipher-spec"
	SessionTicket    capture.Reason = "session-ticket"
	KeyUpdate        capture.Reason = "key-update"
	// RejectedEarly: 0-RTT data that the server did not take.
	RejectedEarly capture.Reason = "rejected-early-data"
	// NotTLS: a connection that does not begin with TLS. It counts as one.
	NotTLS capture.Reason = "not-tls"
	// NoServerHello: a connection that no server took up.
	NoServerHello capture.Reason = "no-server-hello"
)

// The reasons under which records are lost. Those from NoSecret to HoldLimit
// concern whole connections, which are passed on as they are.
const (
	NoSecret           capture.Reason = "no-secret"           // the key log does not have it
	UnsupportedVersion capture.Reason = "unsupported-version" // below TLS 1.2
	UnsupportedCipher  capture.Reason = "unsupported-cipher"
	MidConnection      capture.Reason = "mid-connection"       // the handshake came before the capture
	HandshakeLost      capture.Reason = "handshake-lost"       // a hello has a gap
	Malformed          capture.Reason = "malformed"            // bytes that are no record, or no hello
	HoldLimit          capture.Reason = "hold-limit"           // too much waited in all connections
	Undecryptable      capture.Reason = "decrypt-failed"       // a record that no key authenticates
	LostRecord         capture.Reason = "gap"                  // a record with missing bytes
	Truncated          capture.Reason = "truncated"            // a record that the end of its direction cut
	MemoryLimit        capture.Reason = "memory-limit"         // a record for which there was no room
	EarlyUndecided     capture.Reason = "early-data-undecided" // 0-RTT data without its secret, or the server's answer to it
	Renegotiated       capture.Reason = "renegotiation"        // what follows a second TLS 1.2 handshake
	Unsynchronised     capture.Reason = "resync-failed"        // what follows a gap after which no record was found
)

// Decrypter decrypts connections with the secrets of one key log. It is not
// safe for concurrent use, and neither are its connections; the key log may
// serve several.
type Decrypter struct {
	keys    *KeyLog
	stats   capture.Stats
	held    int // bytes that wait, in all connections
	free    [][]byte
	scratch []byte // the plaintext at hand
}

// New returns a decrypter. Without keys it passes every connection on.
func New(keys *KeyLog) *Decrypter {
	return &Decrypter{keys: keys, scratch: make([]byte, 0, maxRecord)}
}

// Account returns the stage "tls" in records. Written are those that carried
// application data. A record counts once its fate is known: when it is whole,
// or its loss is proven. After a gap in a connection that is passed on, and in
// a direction that is given up, the bounds of records are not known; what
// follows counts as one.
func (d *Decrypter) Account() capture.Account {
	return capture.Account{{Name: "tls", Unit: "records", Stats: d.stats.Clone()}}
}

func (d *Decrypter) write() { d.stats.Seen++; d.stats.Written++ }

func (d *Decrypter) filter(r capture.Reason, n uint64) {
	d.stats.Seen += n
	d.stats.Filter(r, n)
}

func (d *Decrypter) drop(r capture.Reason, n uint64) {
	d.stats.Seen += n
	d.stats.Drop(r, n)
}

// count counts records of a connection that is passed on.
func (d *Decrypter) count(r capture.Reason, n uint64) {
	if r == NotTLS || r == NoServerHello {
		d.filter(r, n)
		return
	}
	d.drop(r, n)
}

// maxFree is how many record buffers are kept for reuse: 4.6 MiB.
const maxFree = 256

// buffer returns an empty buffer for one record, or nil where there is no room.
func (d *Decrypter) buffer() []byte {
	if d.held+maxRecord > maxHeldTotal {
		return nil
	}
	d.held += maxRecord
	if n := len(d.free); n > 0 {
		b := d.free[n-1]
		d.free = d.free[:n-1]
		return b
	}
	return make([]byte, 0, maxRecord)
}

func (d *Decrypter) release(b []byte) {
	d.held -= maxRecord
	if len(d.free) < maxFree {
		d.free = append(d.free, b[:0])
	}
}
