package trace

import "strconv"

// missing returns attributes for those fields that the span's own do not say. A
// field that is empty although an attribute says it cannot be told.
func (w *Writer) missing(s *Span) []Attribute {
	w.probe = Span{Kind: s.Kind, Attributes: w.probe.Attributes[:0]}
	a := attributes{span: &w.probe}
	for i := range min(len(s.Attributes), MaxAttributes) {
		a.add(s.Attributes[i].Key, s.Attributes[i].Value)
	}
	a.peers.finish(&w.probe)
	known := fieldsOf(&w.probe)
	var more []Attribute
	for i, f := range fieldsOf(s) {
		if f.Value != "" && f.Value != known[i].Value {
			more = append(more, f)
		}
	}
	return more
}

// fieldsOf lists the fields that attributes say, by the names of the stable
// conventions, each of which overrides what the older ones said.
func fieldsOf(s *Span) [16]Attribute {
	status := ""
	if s.HTTP.Status != 0 {
		status = strconv.Itoa(s.HTTP.Status)
	}
	return [...]Attribute{
		{"http.request.method", s.HTTP.Method},
		{"http.route", s.HTTP.Route},
		{"url.path", s.HTTP.Target},
		{"http.response.status_code", status},
		{"rpc.system.name", s.RPC.System},
		{"rpc.service", s.RPC.Service},
		{"rpc.method", s.RPC.Method},
		{"rpc.response.status_code", s.RPC.Status},
		{"db.system.name", s.DB.System},
		{"db.operation.name", s.DB.Operation},
		{"db.collection.name", s.DB.Collection},
		{"db.query.text", s.DB.Statement},
		{"messaging.system", s.Messaging.System},
		{"messaging.operation.type", s.Messaging.Operation},
		{"messaging.destination.template", s.Messaging.Destination},
		{"peer.service", s.Peer},
	}
}
