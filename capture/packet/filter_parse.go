package packet

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const (
	// maxFilterText bounds an expression: the shortest tests take 4 bytes and
	// an operator and 2 instructions, so that longer ones do not fit into
	// maxFilter instructions either.
	maxFilterText = 16 << 10
	// maxFilterDepth bounds nested parentheses and negations, and with them
	// the stack of the parser.
	maxFilterDepth = 200
)

// token is a word of an expression; the one at its end is empty.
type token struct {
	text string
	pos  int
}

// filterParser reads an expression by recursive descent.
type filterParser struct {
	expr   string
	tokens []token
	depth  int
	tags   int // VLAN tags that the expression has gone through
	// last holds the qualifiers that a value alone takes; its kind is empty
	// where there are none.
	last qualifiers
}

// qualifiers say how a value is meant.
type qualifiers struct {
	proto string
	dir   direction
	kind  string // host, net, port, portrange or proto
}

// parseFilter returns nil for an empty expression.
func parseFilter(expr string) (test, error) {
	if len(expr) > maxFilterText {
		return nil, &FilterError{Expr: firstOf(expr, 100), Msg: fmt.Sprintf("too long: %d bytes, %d are allowed", len(expr), maxFilterText)}
	}
	p := &filterParser{expr: expr}
	if err := p.split(); err != nil {
		return nil, err
	}
	if p.peek() == "" {
		return nil, nil
	}
	root, err := p.expression()
	if err != nil {
		return nil, err
	}
	if got := p.peek(); got == ")" {
		return nil, p.fail("there is no parenthesis to close")
	} else if got != "" {
		return nil, p.fail(`want "and" or "or" before it`)
	}
	return root, nil
}

const filterLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:/-_\\"

// split makes tokens of the expression.
func (p *filterParser) split() error {
	for pos := 0; pos < len(p.expr); {
		rest := p.expr[pos:]
		n := len(rest) - len(strings.TrimLeft(rest, filterLetters))
		switch {
		case n > 0:
			p.tokens = append(p.tokens, token{rest[:n], pos})
		case strings.HasPrefix(rest, "&&"), strings.HasPrefix(rest, "||"):
			n = 2
			p.tokens = append(p.tokens, token{map[byte]string{'&': "and", '|': "or"}[rest[0]], pos})
		case rest[0] == '!':
			n = 1
			p.tokens = append(p.tokens, token{"not", pos})
		case rest[0] == '(' || rest[0] == ')':
			n = 1
			p.tokens = append(p.tokens, token{rest[:1], pos})
		case strings.ContainsRune(" \t\r\n", rune(rest[0])):
			n = 1
		case strings.ContainsRune("[]<>=&|+*^%", rune(rest[0])):
			return &FilterError{p.expr, pos, "arithmetic on the bytes of frames is not known here"}
		default:
			return &FilterError{p.expr, pos, "this character is not known here"}
		}
		pos += n
	}
	p.tokens = append(p.tokens, token{"", len(p.expr)})
	return nil
}

func (p *filterParser) peek() string { return p.tokens[0].text }

// next takes a token; the last one stays.
func (p *filterParser) next() string {
	t := p.tokens[0]
	if len(p.tokens) > 1 {
		p.tokens = p.tokens[1:]
	}
	return t.text
}

// accept takes the next token where it is one of these.
func (p *filterParser) accept(words ...string) (string, bool) {
	if p.peek() != "" && slices.Contains(words, p.peek()) {
		return p.next(), true
	}
	return "", false
}

// fail is the error at the next token.
func (p *filterParser) fail(format string, args ...any) error {
	return &FilterError{p.expr, p.tokens[0].pos, fmt.Sprintf(format, args...)}
}

// expression is a row of terms. Both operators bind alike (pcap-filter(7)).
func (p *filterParser) expression() (test, error) {
	left, err := p.term()
	for err == nil {
		operator, ok := p.accept("and", "or")
		if !ok {
			break
		}
		var right test
		if right, err = p.term(); err != nil {
			break
		}
		if operator == "and" {
			left = both{left, right}
		} else {
			left = either{left, right}
		}
	}
	return left, err
}

func (p *filterParser) term() (test, error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxFilterDepth {
		return nil, p.fail("nested deeper than %d", maxFilterDepth)
	}
	if _, ok := p.accept("not"); ok {
		of, err := p.term()
		return inverse{of}, err
	}
	if _, ok := p.accept("("); ok {
		inner, err := p.expression()
		if err != nil {
			return nil, err
		}
		if _, ok := p.accept(")"); !ok {
			return nil, p.fail(`want ")"`)
		}
		return inner, nil
	}
	return p.primitive()
}

// The protocols that a test may begin with, and those that go with it.
var (
	hostProtos = []string{"ip", "ip6", "arp", "rarp"}
	portProtos = []string{"tcp", "udp", "sctp"}
	allProtos  = []string{"ip", "ip6", "arp", "rarp", "tcp", "udp", "sctp", "icmp", "icmp6"}
)

func (p *filterParser) primitive() (test, error) {
	switch p.peek() {
	case "", ")", "and", "or":
		return nil, p.fail("want a test, such as: port 80")
	case "vlan":
		p.next()
		return p.vlan()
	case "greater", "less":
		return p.length(p.next())
	case "ether", "link", "fddi", "tr", "wlan", "broadcast", "multicast", "gateway", "mpls", "pppoes", "geneve", "vxlan", "inbound", "outbound", "ifname", "protochain", "len":
		return nil, p.fail("%q is not known here", p.peek())
	}
	start := len(p.tokens)
	at := p.tokens[0].pos
	var q qualifiers
	q.proto, _ = p.accept(allProtos...)
	named := p.direction(&q)
	q.kind, _ = p.accept("host", "net", "port", "portrange", "proto")
	switch {
	case len(p.tokens) == start:
		return p.bare()
	case q.kind == "" && !named:
		p.last = qualifiers{}
		return p.protocol(q.proto), nil
	case q.kind == "":
		q.kind = "host"
	}
	if err := q.check(); err != nil {
		return nil, &FilterError{p.expr, at, err.Error()}
	}
	return p.operand(q)
}

// direction reads "src", "dst", "src or dst" and "src and dst".
func (p *filterParser) direction(q *qualifiers) bool {
	first, ok := p.accept("src", "dst")
	if !ok {
		return false
	}
	q.dir = map[string]direction{"src": sourceOnly, "dst": destinationOnly}[first]
	if len(p.tokens) < 2 || p.peek() != "or" && p.peek() != "and" {
		return true
	}
	if second := p.tokens[1].text; (second == "src" || second == "dst") && second != first {
		q.dir = map[string]direction{"or": eitherEnd, "and": bothEnds}[p.next()]
		p.next()
	}
	return true
}

func (q qualifiers) check() error {
	allowed := hostProtos
	switch q.kind {
	case "port", "portrange":
		allowed = portProtos
	case "proto":
		allowed = []string{"ip", "ip6"}
		if q.dir != eitherEnd {
			return fmt.Errorf("a protocol has no direction")
		}
	}
	if q.proto != "" && !slices.Contains(allowed, q.proto) {
		return fmt.Errorf("%q does not go with %q, only %s do", q.proto, q.kind, strings.Join(allowed, ", "))
	}
	return nil
}

// operand reads the value of a test, or several in parentheses.
func (p *filterParser) operand(q qualifiers) (test, error) {
	p.last = q
	if p.peek() == "(" {
		return p.term()
	}
	return p.value(q)
}

// bare reads a value without qualifiers of its own.
func (p *filterParser) bare() (test, error) {
	if p.last.kind != "" {
		return p.value(p.last)
	}
	return nil, p.fail("want a test, such as: port 80; a value alone needs host, net or port before it")
}

// vlan reads the identifier, which may be missing.
func (p *filterParser) vlan() (test, error) {
	t := vlanTest{tags: p.tags, id: -1}
	if text := p.peek(); text != "" && text[0] >= '0' && text[0] <= '9' {
		id, err := strconv.ParseUint(text, 0, 32)
		if err != nil || id > 4095 {
			return nil, p.fail("want a VLAN identifier from 0 to 4095")
		}
		t.id = int(id)
		p.next()
	}
	// A tag takes 4 bytes; more of them than a standard frame holds is a slip.
	if p.tags++; p.tags > maxLengthField/4 {
		return nil, p.fail("too many VLAN tags")
	}
	p.last = qualifiers{}
	return t, nil
}

func (p *filterParser) length(word string) (test, error) {
	n, err := strconv.ParseUint(p.peek(), 0, 32)
	if err != nil || n > maxFrame {
		return nil, p.fail("want a length in bytes, at most %d", maxFrame)
	}
	p.next()
	p.last = qualifiers{}
	if word == "greater" {
		return lengthTest{least: uint32(n)}, nil
	}
	return inverse{lengthTest{least: uint32(n) + 1}}, nil
}
