// Package route sends requests into one lane of a mesh and takes only the
// answers that prove that they came from there.
//
// A lane is a version of a service that a route chooses by a header. The package
// knows nothing of the mesh: it sets the header, and reads the field by which the
// route itself, and not the service, says which version it chose. An answer from
// another version is the fault [replay.Misrouted]: to compare it would be to
// compare a version with itself.
package route

import (
	"errors"
	"fmt"
	"strings"

	"twinspect.dev/capture"
)

// What routes are made with, unless they say otherwise.
const (
	// DefaultHeader is the request's field that names the lane.
	DefaultHeader = "x-twinspect-lane"
	// DefaultAttest is the response's field in which the route names it.
	DefaultAttest = "x-twinspect-route"
	// DefaultMember is the key of the lane in the baggage (W3C Baggage section
	// 3.2), which services pass on to those that they call.
	DefaultMember = "lane"
)

// Lane is one version of a service behind a route.
type Lane struct {
	// Name is the lane's value, such as "branch".
	Name string
	// Header, Attest and Member are the defaults where they are empty.
	Header, Attest, Member string
}

// check fills in what is missing.
func (l *Lane) check() error {
	if l.Name == "" {
		return errors.New("lane: it needs a name, such as branch")
	}
	for _, c := range l.Name {
		if c != '-' && c != '_' && c != '.' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return fmt.Errorf("lane %q: a name consists of letters, digits, dots, hyphens and underscores", l.Name)
		}
	}
	for _, d := range []struct {
		field *string
		value string
	}{{&l.Header, DefaultHeader}, {&l.Attest, DefaultAttest}, {&l.Member, DefaultMember}} {
		if *d.field == "" {
			*d.field = d.value
		}
	}
	return nil
}

// enter returns the fields with the lane in them: what the recording says of a
// lane is left out.
func (l *Lane) enter(h capture.Header) capture.Header {
	out := make(capture.Header, 0, len(h)+2)
	baggage := -1
	for _, f := range h {
		switch {
		case strings.EqualFold(f.Name, l.Header):
			continue
		case strings.EqualFold(f.Name, "baggage"):
			if f.Value = l.without(f.Value); f.Value == "" {
				continue
			}
			baggage = len(out)
		}
		out = append(out, f)
	}
	member := l.Member + "=" + l.Name
	if baggage < 0 {
		out = append(out, capture.Field{Name: "baggage", Value: member})
	} else {
		out[baggage].Value += "," + member
	}
	return append(out, capture.Field{Name: l.Header, Value: l.Name})
}

// without returns the list of baggage members without those of the lane's key.
func (l *Lane) without(list string) string {
	var kept []string
	for member := range strings.SplitSeq(list, ",") {
		key, _, _ := strings.Cut(member, "=")
		if strings.TrimSpace(key) != l.Member && strings.TrimSpace(member) != "" {
			kept = append(kept, member)
		}
	}
	return strings.TrimSpace(strings.Join(kept, ","))
}

// prove returns the fields without the attestation, and an error unless they
// prove the lane. A service may answer with the field too; a route that adds it
// instead of setting it then gives two.
func (l *Lane) prove(h capture.Header) (capture.Header, error) {
	values := h.Values(l.Attest)
	switch {
	case len(values) == 0:
		return h, fmt.Errorf("the answer does not say which version gave it: the route to lane %s must set the response's field %s", l.Name, l.Attest)
	case len(values) > 1:
		return h, fmt.Errorf("the answer names %d versions in %s: the route must set the field, not add it", len(values), l.Attest)
	case values[0] != l.Name:
		return h, fmt.Errorf("the answer came from %q, not from lane %s", clip(values[0]), l.Name)
	}
	return h.Without(l.Attest), nil
}

// clip bounds what a message shows of an answer.
func clip(s string) string {
	const shown = 64
	if len(s) > shown {
		return s[:shown] + "..."
	}
	return s
}
