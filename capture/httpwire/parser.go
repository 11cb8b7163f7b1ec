package httpwire

import (
	"net/netip"
	"time"

	"twinspect.dev/capture"
)

// Config names and bounds a [Parser]. A zero field takes its default.
type Config struct {
	// Agent names the recorder in each exchange.
	Agent string
	// MaxHead is how many bytes a message head, a chunk-size line or a
	// trailer section may have. Default 256 KiB: servers refuse far less.
	MaxHead int
	// MaxBody is how many bytes of a body are kept. Default 8 MiB.
	MaxBody int
	// MaxPending is how many requests of a connection may wait for their
	// responses. Default 1024: clients that pipeline send a few.
	MaxPending int
	// MaxMemory is how many bytes of heads, fields, bodies and tables of HTTP/2
	// all connections together may hold until their exchanges are taken. Near it,
	// connections that are silent give up what they hold, as evicted, and beyond
	// it bodies are cut and requests no longer wait. Default 512 MiB: 64 bodies
	// at their own limit.
	MaxMemory int
}

func (c Config) withDefaults() Config {
	setDefault(&c.MaxHead, 256<<10)
	setDefault(&c.MaxBody, 8<<20)
	setDefault(&c.MaxPending, 1024)
	setDefault(&c.MaxMemory, 512<<20)
	return c
}

func setDefault(v *int, d int) {
	if *v <= 0 {
		*v = d
	}
}

// Connection says between whom bytes flow.
type Connection struct {
	// Client and Server are the ends as far as is known from outside;
	// content decides.
	Client, Server netip.AddrPort
	Network        uint64
	Start          time.Time
	// Whole is set where the capture saw the connection begin.
	Whole bool
}

// Parser parses connections and holds the exchanges that are ready. It is not
// safe for concurrent use, and neither are its connections.
type Parser struct {
	cfg   Config
	ready []*record
	head  int // the first record of ready that was not taken
	taken *record
	pool  []*record
	held  int // bytes of all that is held
	// queued is how many of them are in exchanges that are ready.
	queued int
	// oldest and newest end the list of connections that are not over, in the
	// order in which they are asked for memory.
	oldest, newest *Conn
	open           int    // connections in the list
	now            uint64 // counts what came
	bytes          byteTally
	// messages and exchanges count as Account tells.
	messages  messageTally
	exchanges capture.Stats
	grpc      capture.Stats
	websocket capture.Stats
}

// New returns a parser.
func New(cfg Config) *Parser { return &Parser{cfg: cfg.withDefaults()} }

// Open begins a connection.
func (p *Parser) Open(c Connection) *Conn {
	conn := &Conn{p: p, info: c, client: -1, lastDir: -1, doubt: !c.Whole, answered: -1}
	for d := range conn.side {
		s := &conn.side[d]
		s.dir, s.acked, s.anchor, s.sync = d, -1, true, c.Whole
	}
	p.enlist(conn)
	return conn
}

// Next fills e with the next exchange that is ready and reports whether there
// was one. What e holds is valid until the next call.
func (p *Parser) Next(e *capture.Exchange) bool {
	p.recycle()
	if p.head == len(p.ready) {
		p.ready, p.head = p.ready[:0], 0
		return false
	}
	p.taken = p.ready[p.head]
	p.ready[p.head] = nil
	p.head++
	p.exchanges.Written++
	p.exchanges.Open--
	*e = p.taken.Exchange
	return true
}
