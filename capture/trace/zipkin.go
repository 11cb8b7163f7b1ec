package trace

import (
	"net"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

type zipkinEndpoint struct {
	Service loose `json:"serviceName"`
	IPv4    loose `json:"ipv4"`
	IPv6    loose `json:"ipv6"`
	Port    loose `json:"port"`
}

func (e *zipkinEndpoint) name() string {
	if e == nil {
		return ""
	}
	return clip(string(e.Service))
}

// peer is the service's name, else its address.
func (e *zipkinEndpoint) peer() string {
	switch name := e.name(); {
	case e == nil || name != "":
		return name
	case e.IPv4 != "":
		return joined(string(e.IPv4), e.Port)
	case e.IPv6 != "":
		return joined(string(e.IPv6), e.Port)
	}
	return ""
}

func joined(host string, port loose) string {
	if port == "" || port == "0" {
		return clip(host)
	}
	return clip(net.JoinHostPort(host, string(port)))
}

// zipkinAnnotation is an event; that of version 1 has an endpoint, and says by
// "cs", "sr" and the like what version 2 says by the kind.
type zipkinAnnotation struct {
	Time     loose           `json:"timestamp"`
	Value    loose           `json:"value"`
	Endpoint *zipkinEndpoint `json:"endpoint"`
}

// zipkinBinary is a tag of version 1, or the address of a peer.
type zipkinBinary struct {
	Key      loose           `json:"key"`
	Value    loose           `json:"value"`
	Endpoint *zipkinEndpoint `json:"endpoint"`
}

// zipkinSpan is a span of version 2 (zipkin-api, zipkin2-api.yaml) or 1
// (zipkin-api.yaml). Times are microseconds.
type zipkinSpan struct {
	TraceID     loose              `json:"traceId"`
	ID          loose              `json:"id"`
	ParentID    loose              `json:"parentId"`
	Name        loose              `json:"name"`
	Kind        loose              `json:"kind"`
	Start       loose              `json:"timestamp"`
	Duration    loose              `json:"duration"`
	Local       *zipkinEndpoint    `json:"localEndpoint"`
	Remote      *zipkinEndpoint    `json:"remoteEndpoint"`
	Tags        zipkinTags         `json:"tags"`
	Annotations []zipkinAnnotation `json:"annotations"`
	Binary      []zipkinBinary     `json:"binaryAnnotations"`
}

// zipkinTags keeps the order of the source.
type zipkinTags []Attribute

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (t *zipkinTags) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	*t = nil
	if dec.PeekKind() != '{' {
		return dec.SkipValue()
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for dec.PeekKind() != '}' {
		name, err := dec.ReadToken()
		if err != nil {
			return err
		}
		key := clip(name.String())
		value, err := dec.ReadValue()
		if err != nil {
			return err
		}
		var text loose
		if err := text.UnmarshalJSON(value); err != nil {
			return err
		}
		*t = append(*t, Attribute{key, string(text)})
	}
	_, err := dec.ReadToken()
	return err
}

// zipkin reads one span; one of version 1 in which both ends wrote gives two.
func (b *batch) zipkin(raw []byte) error {
	var s zipkinSpan
	if err := decodeJSON(raw, &s); err != nil {
		return err
	}
	ends := s.ends()
	if len(ends) == 0 {
		ends = []zipkinEnd{{kind: zipkinKind(s.Kind), local: s.Local, remote: s.Remote}}
	}
	for i := range ends {
		_ = b.end(ends[i].local.name(), s.span(b.begin(), &ends[i])) // it has no other error than its ids
	}
	return nil
}

func zipkinKind(l loose) Kind {
	if k := kindNamed(string(l)); k != Internal {
		return k
	}
	return KindUnknown
}

func (s *zipkinSpan) span(dst *Span, end *zipkinEnd) (err error) {
	if dst.Trace, err = ParseTraceID(string(s.TraceID)); err != nil {
		return errSpanIDs
	}
	if dst.ID, err = ParseSpanID(string(s.ID)); err != nil {
		return errSpanIDs
	}
	dst.Parent, _ = ParseSpanID(string(s.ParentID)) // none, or none that can be found
	dst.Name, dst.Kind = clip(string(s.Name)), end.kind
	dst.Start, dst.End = s.times(end)
	a := attributes{span: dst}
	for i := range s.Tags {
		a.zipkin(s.Tags[i].Key, s.Tags[i].Value)
	}
	for i := range s.Binary {
		if k := string(s.Binary[i].Key); k != "sa" && k != "ca" && k != "ma" {
			a.zipkin(k, string(s.Binary[i].Value))
		}
	}
	a.peers.finish(dst)
	if remote := end.remote; dst.Kind != Server && dst.Kind != Consumer && (remote.name() != "" || dst.Peer == "") {
		dst.Peer = remote.peer()
	}
	return nil
}

// zipkin adds a tag. That of an error says what went wrong; any value but "false"
// means that something did.
func (a *attributes) zipkin(key, value string) {
	a.add(key, value)
	if key != "error" || strings.EqualFold(value, "false") {
		return
	}
	a.span.Status = Error
	if a.span.Message == "" && !strings.EqualFold(value, "true") {
		a.span.Message = clip(value)
	}
}

func (s *zipkinSpan) times(end *zipkinEnd) (start, stop time.Time) {
	from, took := s.Start.uint(), s.Duration.uint()
	if end.from > 0 {
		from, took = end.from, max(end.to, end.from)-end.from
	}
	if from == 0 || from > maxMicros {
		return start, stop // the end of a shared span may leave its time to the other
	}
	start = time.UnixMicro(int64(from)).UTC()
	return start, start.Add(time.Duration(min(took, maxMicros)) * time.Microsecond)
}
