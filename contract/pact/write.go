package pact

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
)

// Write writes a Pact in the form of p.Version, the members of objects sorted, so
// that equal ones give equal bytes. What the version cannot say is an [*Error] with
// its place in what would be written, and nothing is written.
func Write(w io.Writer, p *Pact) error {
	f := &form{version: p.Version, origin: p.origin, source: &source{}}
	tree := f.pact(p)
	if f.err != nil {
		return f.err
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(tree); err != nil {
		return fmt.Errorf("write the Pact of %s and %s: %w", p.Consumer, p.Provider, err)
	}
	_, err := w.Write(out.Bytes())
	return err
}

// form makes the tree of a file. Its first fault counts.
type form struct {
	version, origin Version
	*source
}

// atLeast fails where the version is older than the one that can say something.
func (f *form) atLeast(needed Version, at, what string) {
	if f.version < needed && f.version != f.origin {
		f.fail(at, "version %s of the specification cannot say %s", f.version, what)
	}
}

// object is one that is made: extra is what was not known when it was read.
func object(extra map[string]any) map[string]any {
	members := map[string]any{}
	for name, v := range extra {
		members[name] = v
	}
	return members
}

func (f *form) pact(p *Pact) map[string]any {
	if v, err := ParseVersion(string(p.Version)); err != nil || v != p.Version {
		f.fail("", "version %q of the specification is not known", p.Version)
	}
	file := object(p.Extra)
	file["consumer"], file["provider"] = party(p.Consumer, p.ConsumerExtra), party(p.Provider, p.ProviderExtra)
	file["metadata"] = f.metadata(p.Metadata)
	interactions, messages := []any{}, []any{}
	for i := range p.Interactions {
		in := &p.Interactions[i]
		if in.Kind == AsyncMessage && f.version < V4 {
			messages = append(messages, f.interaction(in, "/messages/"+strconv.Itoa(len(messages))))
			continue
		}
		interactions = append(interactions, f.interaction(in, "/interactions/"+strconv.Itoa(len(interactions))))
	}
	if len(messages) > 0 {
		file["messages"] = messages
	}
	if len(interactions) > 0 || len(messages) == 0 {
		file["interactions"] = interactions
	}
	return file
}

func party(name string, extra map[string]any) map[string]any {
	members := object(extra)
	members["name"] = name
	return members
}

func (f *form) metadata(kept map[string]any) map[string]any {
	members := object(kept)
	specification, _ := members["pactSpecification"].(map[string]any)
	specification = object(specification)
	specification["version"] = string(f.version)
	members["pactSpecification"] = specification
	return members
}

func (f *form) interaction(in *Interaction, at string) map[string]any {
	members := object(in.Extra)
	members["description"] = in.Description
	if f.version == V4 || in.Kind == SyncMessage {
		members["type"] = string(in.Kind)
	}
	if in.Key != "" {
		members["key"] = in.Key
	}
	if in.Comments != nil {
		members["comments"] = in.Comments
	}
	if in.Pending {
		f.atLeast(V4, at+"/pending", "that an interaction is pending")
		members["pending"] = true
	}
	f.states(members, in.States, at)
	switch in.Kind {
	case HTTP:
		f.http(members, in, at)
	case AsyncMessage:
		f.atLeast(V3, at, "messages")
		f.asynchronous(members, in, at)
	case SyncMessage:
		f.atLeast(V4, at, "synchronous messages")
		f.synchronous(members, in, at)
	default:
		f.fail(at, "an interaction of type %q is not known", in.Kind)
	}
	return members
}

func (f *form) http(members map[string]any, in *Interaction, at string) {
	if in.Request == nil || in.Response == nil {
		f.fail(at, "a request and a response are needed")
		return
	}
	members["request"] = f.request(in.Request, at+"/request")
	members["response"] = f.response(in.Response, at+"/response")
}

func (f *form) asynchronous(members map[string]any, in *Interaction, at string) {
	if len(in.Messages) != 1 {
		f.fail(at, "one message is needed, there are %d", len(in.Messages))
		return
	}
	f.message(members, &in.Messages[0], at)
}

func (f *form) synchronous(members map[string]any, in *Interaction, at string) {
	if len(in.Messages) == 0 {
		f.fail(at, "a request is needed")
		return
	}
	request := object(in.Messages[0].Extra)
	f.message(request, &in.Messages[0], at+"/request")
	members["request"] = request
	answers := []any{}
	for i := range in.Messages[1:] {
		answer := object(in.Messages[1+i].Extra)
		f.message(answer, &in.Messages[1+i], at+"/response/"+strconv.Itoa(i))
		answers = append(answers, answer)
	}
	members["response"] = answers
}

// states writes provider states: a name up to version 2, a list from version 3 on.
func (f *form) states(members map[string]any, states []State, at string) {
	if len(states) == 0 {
		return
	}
	if f.version < V3 {
		if len(states) == 1 && len(states[0].Params)+len(states[0].Extra) == 0 {
			members["providerState"] = states[0].Name
			return
		}
		f.atLeast(V3, at+"/providerStates", "more than the name of one provider state")
	}
	items := []any{}
	for _, s := range states {
		item := object(s.Extra)
		item["name"] = s.Name
		if s.Params != nil {
			item["params"] = s.Params
		}
		items = append(items, item)
	}
	members["providerStates"] = items
}
