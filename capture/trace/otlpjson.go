package trace

import (
	"bytes"
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// loose is a scalar as text, whether it stands in quotes or not: 64-bit numbers
// are texts in OTLP's JSON, and some programs write them as numbers.
type loose string

// UnmarshalJSON implements json.Unmarshaler.
func (l *loose) UnmarshalJSON(raw []byte) error {
	switch {
	case len(raw) == 0 || string(raw) == "null":
		*l = ""
	case raw[0] == '"':
		plain, err := jsontext.AppendUnquote(nil, raw)
		if err != nil && len(plain) == 0 {
			return err
		}
		*l = loose(strings.ToValidUTF8(string(plain), "\ufffd"))
	default:
		*l = loose(raw)
	}
	return nil
}

func (l loose) uint() uint64 {
	n, err := strconv.ParseUint(string(l), 10, 64)
	if err == nil {
		return n
	}
	f, err := strconv.ParseFloat(string(l), 64) // 1.7e18
	if err != nil || !(f >= 0 && f < math.MaxInt64) {
		return 0
	}
	return uint64(f)
}

type jsonValue struct {
	String *loose `json:"stringValue"`
	Int    *loose `json:"intValue"`
	Bool   *loose `json:"boolValue"`
	Double *loose `json:"doubleValue"`
	Bytes  *loose `json:"bytesValue"`
	Array  *struct {
		Values []jsonValue `json:"values"`
	} `json:"arrayValue"`
}

func (v *jsonValue) text() string {
	for _, p := range [...]*loose{v.String, v.Int, v.Bool, v.Double, v.Bytes} {
		if p != nil {
			return string(*p)
		}
	}
	if v.Array != nil && len(v.Array.Values) > 0 && v.Array.Values[0].String != nil {
		return string(*v.Array.Values[0].String)
	}
	return ""
}

type jsonAttribute struct {
	Key   string    `json:"key"`
	Value jsonValue `json:"value"`
}

type jsonSpan struct {
	TraceID    loose           `json:"traceId"`
	SpanID     loose           `json:"spanId"`
	ParentID   loose           `json:"parentSpanId"`
	Name       loose           `json:"name"`
	Kind       loose           `json:"kind"`
	Start      loose           `json:"startTimeUnixNano"`
	End        loose           `json:"endTimeUnixNano"`
	Attributes []jsonAttribute `json:"attributes"`
	Dropped    loose           `json:"droppedAttributesCount"`
	Status     struct {
		Code    loose `json:"code"`
		Message loose `json:"message"`
	} `json:"status"`
}

type jsonScope struct {
	Spans []jsonSpan `json:"spans"`
}

// jsonResourceSpans has both names of the scopes: files of before 2022 say
// instrumentationLibrarySpans.
type jsonResourceSpans struct {
	Resource struct {
		Attributes []jsonAttribute `json:"attributes"`
	} `json:"resource"`
	Scopes    []jsonScope `json:"scopeSpans"`
	Libraries []jsonScope `json:"instrumentationLibrarySpans"`
}

// lenient reads what programs write: names twice, and text that is not UTF-8.
var lenient = json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

// errDense refuses a text of little but empty elements, which take a hundred times
// as much memory when they are read.
var errDense = errors.New("nearly all of it is empty elements")

// decodeJSON reads a JSON text. An attribute, the shortest element that says
// something, has 16 bytes for each of its objects at least.
func decodeJSON(raw []byte, v any) error {
	const perElement, few = 16, 1 << 12
	if n := bytes.Count(raw, []byte("{")) + bytes.Count(raw, []byte("null")); n > few && n > len(raw)/perElement {
		return errDense
	}
	return json.Unmarshal(raw, v, lenient)
}

// otlpJSON reads a whole request.
func (b *batch) otlpJSON(raw []byte) error {
	var request struct {
		Spans []jsonResourceSpans `json:"resourceSpans"`
	}
	if err := decodeJSON(raw, &request); err != nil {
		return err
	}
	for i := range request.Spans {
		request.Spans[i].addTo(b)
	}
	return nil
}

func (rs *jsonResourceSpans) addTo(b *batch) {
	service := ""
	for i := range rs.Resource.Attributes {
		if a := &rs.Resource.Attributes[i]; a.Key == "service.name" {
			service = clip(a.Value.text())
		}
	}
	for _, scopes := range [...][]jsonScope{rs.Scopes, rs.Libraries} {
		for i := range scopes {
			for j := range scopes[i].Spans {
				_ = b.end(service, scopes[i].Spans[j].span(b.begin())) // it has no other error than its ids
			}
		}
	}
}

func (s *jsonSpan) span(dst *Span) (err error) {
	if dst.Trace, err = ParseTraceID(string(s.TraceID)); err != nil {
		return errSpanIDs
	}
	if dst.ID, err = ParseSpanID(string(s.SpanID)); err != nil {
		return errSpanIDs
	}
	dst.Parent, _ = ParseSpanID(string(s.ParentID)) // none, or none that can be found
	dst.Name, dst.Kind = clip(string(s.Name)), jsonKind(s.Kind)
	dst.Start, dst.End = unixNano(s.Start.uint()), unixNano(s.End.uint())
	dst.Cut = int(uint32(s.Dropped.uint()))
	a := attributes{span: dst}
	for i := range s.Attributes {
		a.add(s.Attributes[i].Key, s.Attributes[i].Value.text())
	}
	switch s.Status.Code {
	case "1", "STATUS_CODE_OK":
		dst.Status = OK
	case "2", "STATUS_CODE_ERROR":
		dst.Status = Error
	}
	if s.Status.Message != "" {
		dst.Message = clip(string(s.Status.Message))
	}
	a.peers.finish(dst)
	return nil
}

// jsonKind reads the number, or the name that other writers of protobuf's JSON use.
func jsonKind(l loose) Kind {
	if name, ok := strings.CutPrefix(string(l), "SPAN_KIND_"); ok {
		return kindNamed(name)
	}
	n, err := strconv.ParseInt(string(l), 10, 64)
	if err != nil {
		return KindUnknown
	}
	return kindOf(n)
}

func kindNamed(name string) Kind {
	for i, k := range kinds {
		if strings.EqualFold(k, name) {
			return Kind(i)
		}
	}
	return KindUnknown
}
