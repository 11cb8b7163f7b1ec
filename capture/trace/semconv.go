package trace

import (
	"net"
	"net/url"
	"strconv"
	"strings"
)

// setter takes one attribute into the fields of a span.
type setter func(s *Span, value string)

// first keeps what an attribute of the newer conventions said before.
func first(field func(*Span) *string) setter {
	return func(s *Span, v string) {
		if p := field(s); *p == "" {
			*p = v
		}
	}
}

// last overrides what an attribute of the older conventions said.
func last(field func(*Span) *string) setter {
	return func(s *Span, v string) {
		if v != "" {
			*field(s) = v
		}
	}
}

func httpMethod(s *Span) *string { return &s.HTTP.Method }
func httpTarget(s *Span) *string { return &s.HTTP.Target }
func rpcStatus(s *Span) *string  { return &s.RPC.Status }
func rpcSystem(s *Span) *string  { return &s.RPC.System }
func dbSystem(s *Span) *string   { return &s.DB.System }
func dbOp(s *Span) *string       { return &s.DB.Operation }
func dbTable(s *Span) *string    { return &s.DB.Collection }
func dbText(s *Span) *string     { return &s.DB.Statement }
func msgOp(s *Span) *string      { return &s.Messaging.Operation }
func msgDest(s *Span) *string    { return &s.Messaging.Destination }

// conventions are the attributes that are read, of the OpenTelemetry semantic
// conventions before and after their stable forms (HTTP 1.23, databases 1.28,
// messaging 1.17 and 1.27), of OpenTracing, which Jaeger keeps, and of Zipkin.
var conventions = map[string]setter{
	"http.request.method":          last(httpMethod),
	"http.request.method_original": last(httpMethod),
	"http.method":                  first(httpMethod),
	"http.route":                   last(func(s *Span) *string { return &s.HTTP.Route }),
	"url.path":                     last(httpTarget),
	"http.target":                  first(httpTarget),
	"http.path":                    first(httpTarget), // Zipkin's own
	"http.response.status_code":    setStatus,
	"http.status_code":             setStatus,
	"rpc.system":                   first(rpcSystem),
	"rpc.system.name":              last(rpcSystem),
	"rpc.service":                  last(func(s *Span) *string { return &s.RPC.Service }),
	"rpc.method":                   last(func(s *Span) *string { return &s.RPC.Method }),
	"rpc.grpc.status_code":         first(rpcStatus),
	"rpc.response.status_code":     last(rpcStatus),
	"rpc.connect_rpc.error_code":   first(rpcStatus),
	"db.system":                    first(dbSystem),
	"db.system.name":               last(dbSystem),
	"db.operation":                 first(dbOp),
	"db.operation.name":            last(dbOp),
	"db.sql.table":                 first(dbTable),
	"db.mongodb.collection":        first(dbTable),
	"db.cassandra.table":           first(dbTable),
	"db.collection.name":           last(dbTable),
	"db.statement":                 first(dbText),
	"db.query.text":                last(dbText),
	"sql.query":                    first(dbText), // Zipkin's own
	"messaging.system":             last(func(s *Span) *string { return &s.Messaging.System }),
	"messaging.operation":          first(msgOp),
	"messaging.operation.type":     last(msgOp),
	"messaging.destination":        first(msgDest),
	"messaging.destination.name":   first(msgDest),
	// A template stands for many destinations, so it names the operation better.
	"messaging.destination.template": last(msgDest),
	"error":                          setError,
	"otel.status_code":               setOTelStatus,
	"otel.status_description":        first(func(s *Span) *string { return &s.Message }),
}

func setStatus(s *Span, v string) {
	if n, err := strconv.Atoi(v); err == nil && n >= 100 && n <= 999 {
		s.HTTP.Status = n
	}
}

func setError(s *Span, v string) {
	if strings.EqualFold(v, "true") {
		s.Status = Error
	}
}

func setOTelStatus(s *Span, v string) {
	switch strings.ToUpper(v) {
	case "ERROR":
		s.Status = Error
	case "OK":
		s.Status = OK
	}
}

// peerKeys name the one that a client asked, the best first.
var peerKeys = [...]string{
	"peer.service", "service.peer.name", "server.address", "net.peer.name", "peer.hostname",
	"network.peer.address", "net.peer.ip", "net.sock.peer.addr", "peer.ipv4", "peer.address",
}

var peerPorts = [...]string{"server.port", "net.peer.port", "peer.port"}

// peers collects the attributes that name the peer of one span.
type peers struct {
	names [len(peerKeys)]string
	ports [len(peerPorts)]string
	url   string // url.full or http.url
	query string // url.query, without its question mark
}

func (p *peers) take(key, value string) {
	switch {
	case key == "url.full" || key == "http.url" && p.url == "":
		p.url = value
	case key == "url.query":
		p.query = value
	case !strings.HasPrefix(key, "peer.") && !strings.HasPrefix(key, "server.") &&
		!strings.HasPrefix(key, "net") && key != "service.peer.name":
	default:
		setNamed(p.names[:], peerKeys[:], key, value)
		setNamed(p.ports[:], peerPorts[:], key, value)
	}
}

func setNamed(values, keys []string, key, value string) {
	for i, k := range keys {
		if k == key {
			values[i] = value
		}
	}
}

// finish sets what needs more than one attribute: the peer, and the target of a
// client, which knows the whole URL alone.
func (p *peers) finish(s *Span) {
	u, err := url.Parse(p.url)
	if p.url == "" || err != nil {
		u = &url.URL{}
	}
	if s.HTTP.Target == "" && p.url != "" && err == nil {
		s.HTTP.Target = u.RequestURI()
	}
	if p.query != "" && s.HTTP.Target != "" && !strings.Contains(s.HTTP.Target, "?") {
		s.HTTP.Target = clip(s.HTTP.Target + "?" + strings.TrimPrefix(p.query, "?"))
	}
	if s.Kind == Server || s.Kind == Consumer || s.Kind == Internal {
		return // there, these name the service itself or its caller
	}
	for i, name := range p.names {
		if name == "" {
			continue
		}
		s.Peer = name
		if i > 1 { // an address, not a service
			s.Peer = p.withPort(name)
		}
		return
	}
	s.Peer = u.Host
}

func (p *peers) withPort(host string) string {
	for _, port := range p.ports {
		if port != "" && port != "0" {
			return net.JoinHostPort(strings.Trim(host, "[]"), port)
		}
	}
	return host
}

// attributes takes a span's attributes in, one after the other.
type attributes struct {
	span  *Span
	peers peers
}

func (a *attributes) add(key, value string) {
	if set := conventions[key]; set != nil {
		set(a.span, clip(value))
	}
	a.peers.take(key, clip(value))
	if len(a.span.Attributes) == MaxAttributes {
		a.span.Cut++
		return
	}
	if len(value) > MaxValue {
		a.span.Cut++
	}
	a.span.Attributes = append(a.span.Attributes, Attribute{clip(key), clip(value)})
}

// clip cuts a text to the bound, between characters, and frees the rest.
func clip(s string) string {
	if len(s) <= MaxValue {
		return s
	}
	return strings.Clone(strings.ToValidUTF8(s[:MaxValue], ""))
}

// clipBytes makes a text of bytes, longer than the bound by at most one byte, so
// that it shows that it was cut. What is not UTF-8 is replaced.
func clipBytes(b []byte) string {
	return strings.ToValidUTF8(string(b[:min(len(b), MaxValue+1)]), "\ufffd")
}
