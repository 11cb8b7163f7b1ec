package mesh

import (
	"fmt"
	"net/http"
	"strings"
)

// Request is a request as its caller's proxy sees it.
type Request struct {
	// Namespace and Labels are those of the caller, or of the gateway's own
	// workload where there is one.
	Namespace string
	Labels    map[string]string
	// Host is the Host header or :authority: as the caller writes it.
	Host string
	// Port is the service's port; 0 means its only one.
	Port uint32
	// Method is empty for GET, Scheme for http, Path for "/". Path may have a
	// query.
	Method, Scheme, Path string
	Header               http.Header
	// Gateway is "namespace/name", or empty for the caller's sidecar.
	Gateway string
	// Lane is what AttestHeader has to say of the answer; where it is empty
	// nothing is attested. AttestHeader is empty for the constant of this name.
	Lane, AttestHeader string
}

// InLane returns the request as a replay sends it to a lane: with the header of
// the routes, and with no baggage that names another lane.
func (r Request) InLane(spec Routes, lane string) Request {
	spec = spec.withDefaults("cluster.local")
	header := r.Header.Clone()
	if header == nil {
		header = http.Header{}
	}
	header.Set(spec.LaneHeader, lane)
	header.Set("Baggage", withLane(joined(header, "Baggage"), lane))
	r.Header, r.Lane, r.AttestHeader = header, lane, spec.AttestHeader
	return r
}

// withLane replaces the entry "lane" of a baggage list.
func withLane(baggage, lane string) string {
	kept := []string{"lane=" + lane}
	for member := range strings.SplitSeq(baggage, ",") {
		name, _, _ := strings.Cut(member, "=")
		if name = strings.TrimSpace(name); name != "" && name != "lane" {
			kept = append(kept, strings.TrimSpace(member))
		}
	}
	return strings.Join(kept, ",")
}

func (r Request) withDefaults() Request {
	r.Method = orElse(r.Method, http.MethodGet)
	r.Scheme = orElse(r.Scheme, "http")
	r.Path = orElse(r.Path, "/")
	r.AttestHeader = orElse(r.AttestHeader, AttestHeader)
	r.Gateway = orElse(r.Gateway, meshGateway)
	return r
}

// String names the request in errors.
func (r Request) String() string {
	lane := ""
	if r.Lane != "" {
		lane = ", lane " + r.Lane
	}
	return fmt.Sprintf("%s %s%s from %s%s", r.Method, r.Host, r.Path, r.Namespace, lane)
}

// joined returns the values of a header as one list.
func joined(h http.Header, name string) string {
	return strings.Join(headerValues(h, name), ",")
}

// headerValues returns the values of a header without the space around them
// (RFC 9110 section 5.5), or nil where it is not there.
func headerValues(h http.Header, name string) []string {
	var values []string
	for _, k := range sortedKeys(h) {
		if !strings.EqualFold(k, name) {
			continue
		}
		for _, v := range h[k] {
			values = append(values, strings.Trim(v, " \t"))
		}
	}
	return values
}
