package trace

import (
	"net/netip"
	"strings"

	"twinspect.dev/capture"
)

// Operation names what the span did so that calls which differ only in their
// values have the same name: "GET /products/{id}", "shop.Cart/Add", "SELECT
// orders", "publish orders", or else the span's name with its identifiers folded.
func (s *Span) Operation() string {
	switch {
	case s.DB.System != "" || s.DB.Statement != "":
		return s.dbOperation()
	case s.Messaging.Destination != "":
		return strings.TrimSpace(s.Messaging.Operation + " " + foldName(s.Messaging.Destination))
	case s.RPC.Method != "":
		return s.rpcOperation()
	case s.HTTP.Method != "":
		return s.httpOperation()
	}
	return foldName(s.Name)
}

func (s *Span) httpOperation() string {
	if s.HTTP.Route != "" {
		return s.HTTP.Method + " " + s.HTTP.Route
	}
	if n := len(s.HTTP.Method) + 2; len(s.Name) >= n && strings.EqualFold(s.Name[:n], s.HTTP.Method+" /") { // Zipkin's are in lower case
		return s.HTTP.Method + " " + foldPath(s.Name[len(s.HTTP.Method)+1:])
	}
	if s.HTTP.Target != "" {
		return s.HTTP.Method + " " + foldPath(capture.PathOf(s.HTTP.Target))
	}
	return foldName(s.Name)
}

// rpcOperation reads both forms of rpc.method: the method alone, and the fully
// qualified one of the newer conventions.
func (s *Span) rpcOperation() string {
	if s.RPC.Service == "" || strings.Contains(s.RPC.Method, "/") {
		return strings.TrimPrefix(s.RPC.Method, "/")
	}
	return s.RPC.Service + "/" + s.RPC.Method
}

func (s *Span) dbOperation() string {
	verb, table := statementClass(s.DB.Statement)
	if s.DB.Operation != "" {
		verb = strings.ToUpper(s.DB.Operation)
	}
	if s.DB.Collection != "" {
		table = s.DB.Collection
	}
	if verb == "" {
		return foldName(s.Name)
	}
	return strings.TrimSpace(verb + " " + table)
}

// statementClass reads the verb of a statement and the first table that it names.
// It goes by keywords and needs no grammar: a text that it does not know has its
// first word for a verb.
func statementClass(text string) (verb, table string) {
	const looked = 512 // bytes; the first table stands near the beginning
	if len(text) > looked {
		text = text[:looked]
	}
	words := strings.FieldsFunc(text, func(r rune) bool { return r <= ' ' || r == '(' || r == ',' || r == ';' })
	if len(words) == 0 {
		return "", ""
	}
	verb = strings.ToUpper(words[0])
	for i, w := range words[:len(words)-1] {
		switch strings.ToUpper(w) {
		case "FROM", "INTO", "UPDATE", "JOIN", "TABLE":
			return verb, foldName(strings.Trim(words[i+1], "`\"[]"))
		}
	}
	return verb, ""
}

// foldPath puts {id} in the place of the segments that look like identifiers.
func foldPath(path string) string {
	const segments = 24 // as many as capture/operation tells apart, and some
	parts := strings.Split(path, "/")
	if len(parts) > segments {
		parts = append(parts[:segments:segments], "{...}")
	}
	for i, p := range parts {
		if isID(p) {
			parts[i] = "{id}"
		}
	}
	return strings.Join(parts, "/")
}

// foldName puts {id} in the place of the words that look like identifiers.
func foldName(name string) string {
	words := strings.Fields(name)
	for i, w := range words {
		if strings.Contains(w, "/") {
			words[i] = foldPath(w)
		} else if isID(w) {
			words[i] = "{id}"
		}
	}
	return strings.Join(words, " ")
}

// isID reports whether a word is an identifier by its looks: a number, 8 or more
// hexadecimal digits with a digit among them, a word and a number of 4 or more
// digits, or a long word a sixth of which are digits.
func isID(s string) bool {
	const long = 64
	digits, hexes, parts := 0, 0, 0
	for _, c := range []byte(s) {
		switch {
		case c >= '0' && c <= '9':
			digits++
			hexes++
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			hexes++
		case c == '-' || c == '_' || c == '.':
			parts++
		}
	}
	switch {
	case len(s) > long:
		return true
	case digits == 0:
		return false
	case digits == len(s), hexes >= 8 && hexes+parts == len(s):
		return true
	}
	i := strings.LastIndexAny(s, "-_.")
	return i > 0 && parts == 1 && digits >= 4 && len(s)-1-i == digits || len(s) >= 20 && 6*digits >= len(s)
}

// PeerName is the stable part of the name by which a client asked: without a
// port, and without what Kubernetes puts behind the service and its namespace. An
// address of digits is "{address}": it differs from one start to the next.
func (s *Span) PeerName() string {
	host := s.Peer
	if i := strings.LastIndexByte(host, ':'); i >= 0 && (strings.IndexByte(host, ':') == i || strings.HasPrefix(host, "[")) {
		host = host[:i]
	}
	host = strings.Trim(host, "[]")
	if _, err := netip.ParseAddr(host); err == nil {
		return "{address}"
	}
	if i := strings.Index(host, ".svc"); i > 0 && (len(host) == i+4 || host[i+4] == '.') {
		host = host[:i]
	}
	return host
}
