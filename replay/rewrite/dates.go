package rewrite

import (
	"bytes"
	"mime"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"twinspect.dev/capture"
)

// datePlace is a part of a request in which dates are moved.
type datePlace uint8

const (
	inDateHeader datePlace = iota
	inDateQuery
	inDateBody
	inDateForm
	inDateJWT
	numPlaces
)

var datePlaceNames = []string{"header", "query", "body", "form", "jwt"}

// dates is the section dates.
type dates struct {
	by      time.Duration // where the shift is not to now
	toNow   bool
	places  [numPlaces]bool
	formats [numFormats]bool

	counter
	mu       sync.Mutex
	moved    [numFormats]uint64
	unsigned uint64
}

// run moves the dates of one request. signed says that an entry of auth sets the
// credentials.
func (x *dates) run(d *draft, recorded *capture.Request, now time.Time, signed bool) {
	s := shifter{by: x.by, around: recorded.Start, formats: x.formats}
	if recorded.Start.IsZero() {
		x.add(NoRecordedTime)
		return
	}
	if x.toNow {
		s.by = now.Sub(recorded.Start)
	}
	if x.places[inDateHeader] {
		s.header(d)
	}
	if x.places[inDateQuery] {
		s.query(d)
	}
	left := x.body(&s, d)
	for _, n := range s.moved {
		if n > 0 {
			left = ""
		}
	}
	x.add(left)
	x.note(&s, x.places[inDateJWT] && !signed && looksToken(bearerOf(recorded.Header)))
}

func (x *dates) note(s *shifter, unsigned bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for f, n := range s.moved {
		x.moved[f] += n
	}
	if unsigned {
		x.unsigned++
	}
}

func bearerOf(h capture.Header) string {
	const scheme = "Bearer " // RFC 6750 section 2.1
	v := h.Get("Authorization")
	if len(v) < len(scheme) || !strings.EqualFold(v[:len(scheme)], scheme) {
		return ""
	}
	return strings.TrimSpace(v[len(scheme):])
}

// header moves the fields that are a time as a whole. If-Range is left: it names
// the one version of which the client holds a part (RFC 9110 section 13.1.5).
func (s *shifter) header(d *draft) {
	for i := range d.req.Header {
		f := d.req.Header[i]
		if strings.EqualFold(f.Name, "If-Range") {
			continue
		}
		if out, ok := s.text(f.Value, isTimeName(f.Name)); ok {
			d.own()
			d.req.Header[i].Value = out
		}
	}
}

func (s *shifter) query(d *draft) {
	_, _, query, _, ok := splitTarget(d.req.Target)
	if !ok || query == "" {
		return
	}
	if out, ok := s.pairs(query); ok {
		d.req.Target = withQuery(d.req.Target, out)
	}
}

// pairs moves the times in a query or a form; all else keeps its bytes.
func (s *shifter) pairs(text string) (string, bool) {
	var splices []splice
	from := 0
	for pair := range strings.SplitSeq(text, "&") {
		key, value, _ := strings.Cut(pair, "=")
		name, _ := decodedName(key)
		if out, ok := s.encoded(value, isTimeName(name)); ok {
			at := from + len(pair) - len(value)
			splices = append(splices, splice{at, at + len(value), []byte(out)})
		}
		from += len(pair) + 1
	}
	if len(splices) == 0 {
		return text, false
	}
	return string(apply([]byte(text), splices)), true
}

// body moves the times in a body of JSON or a form, and returns why it did not.
func (x *dates) body(s *shifter, d *draft) capture.Reason {
	media, params, _ := mime.ParseMediaType(d.req.Header.Get("Content-Type"))
	isForm := media == "application/x-www-form-urlencoded" || media == "multipart/form-data"
	if isForm && !x.places[inDateForm] || !isForm && !x.places[inDateBody] || len(d.req.Body) == 0 {
		return Absent
	}
	if !isForm && media != "" && !strings.HasSuffix(media, "json") {
		return Absent
	}
	body, left := d.body()
	if left != "" {
		return left
	}
	var out []byte
	switch media {
	case "application/x-www-form-urlencoded":
		if text, ok := s.pairs(string(body)); ok {
			out = []byte(text)
		}
	case "multipart/form-data":
		out, left = s.multipart(body, params["boundary"])
	default:
		out, left = s.json(body)
	}
	if out != nil {
		d.setBody(out)
	}
	return left
}

func (s *shifter) multipart(body []byte, boundary string) ([]byte, capture.Reason) {
	list, ok := parts(body, boundary)
	if !ok || boundary == "" {
		return nil, NotForm
	}
	var splices []splice
	for i := range list {
		p := &list[i]
		if p.file {
			continue
		}
		if out, ok := s.text(string(body[p.value:p.to]), isTimeName(p.name)); ok {
			splices = append(splices, splice{p.value, p.to, []byte(out)})
		}
	}
	if len(splices) == 0 {
		return nil, Absent
	}
	return apply(body, splices), ""
}

// json moves the times of a JSON text. A number or a text of digits is one if the
// member that it belongs to, or that holds its array, has the name of one.
func (s *shifter) json(src []byte) ([]byte, capture.Reason) {
	w := jsonWalker{src: src}
	before := s.moved
	err := withDecoder(src, func(dec *jsontext.Decoder) error {
		w.dec = dec
		return s.walk(&w)
	})
	switch {
	case err != nil:
		s.moved = before
		return nil, NotJSON
	case len(w.splices) == 0:
		return nil, Absent
	}
	return apply(src, w.splices), ""
}

func (s *shifter) walk(w *jsonWalker) error {
	named := []bool{false} // of each level: the name that is due is one of a time
	for {
		switch w.dec.PeekKind() {
		case '{', '[':
			named = append(named, named[len(named)-1])
			if _, err := w.dec.ReadToken(); err != nil {
				return err
			}
		case '}', ']':
			named = named[:len(named)-1]
			if _, err := w.dec.ReadToken(); err != nil {
				return err
			}
		default:
			from := w.here()
			container, n := w.dec.StackIndex(w.dec.StackDepth())
			raw, err := w.dec.ReadValue()
			if err != nil {
				return err
			}
			if container == '{' && n%2 == 0 {
				named[len(named)-1] = isTimeName(unquote(raw))
			} else if out := s.scalar(raw, named[len(named)-1]); out != nil {
				w.splices = append(w.splices, splice{from, from + len(raw), out})
			}
		}
		if w.dec.StackDepth() == 0 {
			return nil
		}
	}
}

// scalar returns the moved JSON text of a string or a number, nil where it is no
// time.
func (s *shifter) scalar(raw []byte, named bool) []byte {
	switch {
	case raw[0] == '"' && mayBeTime(raw[1:len(raw)-1], named):
		if out, ok := s.text(string(raw[1:len(raw)-1]), named); ok {
			return appendQuoted(nil, out)
		}
	case isDigit(raw[0]) && named:
		if out, ok := s.text(string(raw), true); ok {
			return []byte(out)
		}
	}
	return nil
}

// mayBeTime spares the many strings that are no time a copy.
func mayBeTime(v []byte, named bool) bool {
	return len(v) >= minTime && len(v) <= maxTime && (v[4] == '-' || v[3] == ',' || named && isDigit(v[0])) && bytes.IndexByte(v, '\\') < 0
}
