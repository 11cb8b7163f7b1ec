package correlate

import (
	"bytes"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/capture/coding"
)

// maxValue bounds a value in bytes: what servers take as one header field. No
// id, token or cookie is longer.
const maxValue = 8 << 10

// leaf is one value that a walker found. It is valid until visit returns.
type leaf struct {
	kind Kind
	// key names the place, pos tells the values at it apart.
	key, pos uint64
	// text is the value, decoded.
	text []byte
	// field is the index of the header field. start and end are where the value
	// stands in the target, the field's value or the decoded body.
	field, start, end int
	quoted            bool // a JSON string; start and end are its quotes
	steps             []step
}

// walker visits the values of messages. Its memory is used again for the next
// one. One goroutine uses it at a time.
type walker struct {
	visit func(*leaf)
	sieve *sieve
	leaf  leaf
	buf   []byte // the value, decoded
	name  []byte // of the place
	body  []byte // decoded; shares memory with the message where it had no coding

	decoder coding.Decoder
	plain   []byte // memory for a decoded body
}

func (w *walker) give(k Kind, key, pos uint64, text []byte, start, end int) {
	if len(text) == 0 || len(text) > maxValue || !w.sieve.hasKey(key) {
		return
	}
	l := &w.leaf
	l.kind, l.key, l.pos, l.text, l.start, l.end = k, key, pos, text, start, end
	w.visit(l)
}

// place returns the place of the leaf at hand.
func (w *walker) place() Place {
	l := &w.leaf
	switch l.kind {
	case Body:
		return Place{Kind: Body, Name: w.jsonPath()}
	case Path, Location:
		return Place{Kind: l.kind, Segment: int(l.pos)}
	}
	return Place{Kind: l.kind, Name: string(w.name)}
}

func (w *walker) jsonPath() string {
	var b strings.Builder
	b.WriteByte('$')
	for _, s := range w.leaf.steps {
		if s.index >= 0 {
			b.WriteString("[*]")
			continue
		}
		name := string(appendUnquoted(nil, w.body[s.start:s.end]))
		if plainName(name) {
			b.WriteString("." + name)
		} else {
			b.WriteString("[" + string(appendQuoted(nil, name)) + "]")
		}
	}
	return b.String()
}

func plainName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || i > 0 && '0' <= c && c <= '9') {
			return false
		}
	}
	return s != ""
}

// request visits the target, the header and the body, each in its order. vars
// says which path segments are variables, nil that any may be.
func (w *walker) request(r *capture.Request, vars []bool) {
	if w.sieve.has(Path) || w.sieve.has(Query) {
		w.target(r.Target, vars)
	}
	for i := range r.Header {
		if w.sieve.hasField(len(r.Header[i].Name)) {
			w.leaf.field = i
			w.requestField(&r.Header[i])
		}
	}
	w.requestBody(r)
}

func (w *walker) target(target string, vars []bool) {
	path, query := Path, Query
	at := pathStart(target)
	end := at
	for end < len(target) && target[end] != '?' && target[end] != '#' {
		end++
	}
	w.segments(path, target, at, end, vars)
	if end < len(target) && target[end] == '?' {
		w.parameters(query, target, end+1)
	}
}

// pathStart returns where the path of a target or of an absolute URL begins.
func pathStart(target string) int {
	if strings.HasPrefix(target, "/") && !strings.HasPrefix(target, "//") {
		return 0
	}
	if _, rest, ok := strings.Cut(target, "//"); ok {
		if i := strings.IndexByte(rest, '/'); i >= 0 {
			return len(target) - len(rest) + i
		}
		return len(target)
	}
	return 0
}

func (w *walker) segments(k Kind, s string, at, end int, vars []bool) {
	if at < end && s[at] == '/' {
		at++
	}
	for n := 1; at < end; n++ {
		stop := strings.IndexByte(s[at:end], '/') + at
		if stop < at {
			stop = end
		}
		if vars == nil || n > len(vars) || vars[n-1] {
			w.buf = appendUnescaped(w.buf[:0], s[at:stop], false)
			w.give(k, segmentKey(k, n), uint64(n), w.buf, at, stop)
		}
		at = stop + 1
	}
}

// parameters visits s[at:] as name=value pairs (WHATWG URL section 5.1).
func (w *walker) parameters(k Kind, s string, at int) {
	end := len(s)
	if i := strings.IndexByte(s[at:], '#'); i >= 0 && k != Form {
		end = at + i
	}
	for at < end {
		stop := strings.IndexByte(s[at:end], '&') + at
		if stop < at {
			stop = end
		}
		if eq := strings.IndexByte(s[at:stop], '='); eq > 0 {
			w.name = appendUnescaped(w.name[:0], s[at:at+eq], true)
			w.buf = appendUnescaped(w.buf[:0], s[at+eq+1:stop], true)
			w.give(k, nameKey(k, w.name), 0, w.buf, at+eq+1, stop)
		}
		at = stop + 1
	}
}

// appendUnescaped undoes percent-encoding; what is none stays as it is.
func appendUnescaped(dst []byte, s string, plus bool) []byte {
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '%' && i+2 < len(s) && unhex(s[i+1]) < 16 && unhex(s[i+2]) < 16:
			dst = append(dst, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
		case s[i] == '+' && plus:
			dst = append(dst, ' ')
		default:
			dst = append(dst, s[i])
		}
	}
	return dst
}

func unhex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 16
}

// response visits the header and the body.
func (w *walker) response(r *capture.Response) {
	for i := range r.Header {
		if w.sieve.hasField(len(r.Header[i].Name)) {
			w.leaf.field = i
			w.responseField(&r.Header[i])
		}
	}
	switch w.open(&r.Message) {
	case jsonMedia:
		w.json(w.body)
	case htmlMedia:
		w.html(w.body)
	case textMedia:
		w.word(w.body)
	}
}

func (w *walker) requestBody(r *capture.Request) {
	switch w.open(&r.Message) {
	case jsonMedia:
		w.json(w.body)
	case formMedia:
		w.parameters(Form, string(w.body), 0)
	}
}

// open decodes the body where it may matter, and returns its media type;
// otherMedia where it is not to be looked into.
func (w *walker) open(m *capture.Message) media {
	if len(m.Body) == 0 || !w.sieve.hasBodies() {
		return otherMedia
	}
	kind := mediaOf(m)
	if !w.sieve.hasBody(kind) {
		return otherMedia
	}
	w.body = m.Body
	if names := coding.Of(m.Header); len(names) > 0 {
		w.decoder.Limit = maxDecoded
		plain, err := w.decoder.Decode(w.plain[:0], m.Body, names)
		if err != nil {
			return otherMedia
		}
		if w.body = plain; cap(plain) <= maxKept {
			w.plain = plain
		}
	}
	return kind
}

// word visits a body that is one word, such as a token given as text/plain.
func (w *walker) word(b []byte) {
	word := bytes.TrimSpace(b)
	if len(word) <= maxValue && !bytes.ContainsAny(word, " \t\r\n") {
		w.leaf.steps = w.leaf.steps[:0]
		w.give(Body, mix(uint64(Body), rootMark), 0, word, 0, len(b))
	}
}

type media uint8

const (
	otherMedia media = iota
	jsonMedia
	htmlMedia
	formMedia
	textMedia
)

// mediaOf tells the media type; a body without one is JSON where it begins like
// a JSON object or array.
func mediaOf(m *capture.Message) media {
	t := m.Header.Get("Content-Type")
	if i := strings.IndexByte(t, ';'); i >= 0 {
		t = t[:i]
	}
	t = strings.TrimSpace(t)
	switch {
	case t == "":
		if i := space(m.Body, 0); i < len(m.Body) && (m.Body[i] == '{' || m.Body[i] == '[') {
			return jsonMedia
		}
	case hasSuffixFold(t, "json"):
		return jsonMedia
	case strings.EqualFold(t, "application/x-www-form-urlencoded"):
		return formMedia
	case strings.EqualFold(t, "text/html"), strings.EqualFold(t, "application/xhtml+xml"):
		return htmlMedia
	case strings.EqualFold(t, "text/plain"):
		return textMedia
	}
	return otherMedia
}

func hasSuffixFold(s, suffix string) bool {
	return len(s) >= len(suffix) && strings.EqualFold(s[len(s)-len(suffix):], suffix)
}
