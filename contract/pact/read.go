package pact

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"twinspect.dev/contract/pointer"
)

// ReadFile reads a Pact file. Its errors are those of [Read], or of the file.
func ReadFile(path string) (*Pact, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	return Read(file, filepath.Base(path))
}

// Read reads a Pact file of any version; name stands for it in errors. A file that
// breaks the specification is an [*Error]. Members that the specification does not
// have are kept.
func Read(r io.Reader, name string) (*Pact, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(data) > MaxSize {
		return nil, &Error{Name: name, Text: fmt.Sprintf("longer than %d bytes", MaxSize)}
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	s := &source{name: name, data: data}
	tree, err := parse(data)
	if err != nil {
		return nil, s.syntax(err)
	}
	p := s.pact(tree)
	if s.err != nil {
		return nil, s.err
	}
	return p, nil
}

func (s *source) pact(tree any) *Pact {
	f := s.fields(tree, "")
	p := &Pact{}
	p.Consumer, p.ConsumerExtra = s.party(f, "consumer")
	p.Provider, p.ProviderExtra = s.party(f, "provider")
	p.Metadata = f.object("metadata")
	p.Version = s.version(p.Metadata)
	p.Metadata = withoutVersion(p.Metadata)
	interactions, messages := f.list("interactions"), f.list("messages")
	if p.Version == "" {
		p.Version = guess(interactions, messages)
	}
	p.origin = p.Version
	for i, v := range interactions {
		p.Interactions = append(p.Interactions, s.interaction(v, "/interactions/"+strconv.Itoa(i), HTTP, p.Version))
	}
	for i, v := range messages {
		p.Interactions = append(p.Interactions, s.interaction(v, "/messages/"+strconv.Itoa(i), AsyncMessage, p.Version))
	}
	p.Extra = f.rest()
	return p
}

func (s *source) party(f fields, name string) (string, map[string]any) {
	v, ok := f.take(name)
	if !ok || v == nil {
		return "", nil
	}
	party := s.fields(v, f.place(name))
	return party.text("name"), party.rest()
}

// interaction reads one of any version; kind is that of an interaction that does
// not tell its own.
func (s *source) interaction(v any, at string, kind Kind, version Version) Interaction {
	f := s.fields(v, at)
	i := Interaction{Kind: kind, Place: at, Description: f.text("description"), Key: f.text("key"), Pending: f.flag("pending")}
	i.Comments, i.States = f.object("comments"), s.states(f)
	if told := f.text("type"); told != "" {
		i.Kind = Kind(told)
	}
	switch i.Kind {
	case HTTP:
		s.http(f, &i, version)
	case AsyncMessage:
		i.Messages = []Message{s.message(f, version)}
	case SyncMessage:
		s.exchange(f, &i, version)
	default:
		s.fail(f.place("type"), "an interaction of this type is not known")
	}
	i.Extra = f.rest()
	return i
}

func (s *source) http(f fields, i *Interaction, version Version) {
	if v, ok := f.take("request"); ok {
		i.Request = s.request(v, f.place("request"), version)
	} else {
		s.fail(f.at, "there is no request")
	}
	if v, ok := f.take("response"); ok {
		i.Response = s.response(v, f.place("response"), version)
	} else {
		s.fail(f.at, "there is no response")
	}
}

func (s *source) exchange(f fields, i *Interaction, version Version) {
	v, ok := f.take("request")
	if !ok {
		s.fail(f.at, "there is no request")
		return
	}
	at := f.place("request")
	request := s.fields(v, at)
	m := s.message(request, version)
	m.Extra = request.rest()
	i.Messages = []Message{m}
	for n, v := range f.list("response") {
		response := s.fields(v, pointer.Join(f.place("response"), strconv.Itoa(n)))
		m := s.message(response, version)
		m.Extra = response.rest()
		i.Messages = append(i.Messages, m)
	}
}

// states reads provider states in the forms of all versions: a name, or a list of
// names with parameters.
func (s *source) states(f fields) []State {
	var states []State
	for _, name := range []string{"providerState", "provider_state", "providerStates"} {
		v, ok := f.take(name)
		if !ok || v == nil {
			continue
		}
		switch v := v.(type) {
		case string:
			states = append(states, State{Name: v})
		case []any:
			for i, item := range v {
				states = append(states, s.state(item, pointer.Join(f.place(name), strconv.Itoa(i))))
			}
		default:
			s.fail(f.place(name), "a name, or an array of states, is expected")
		}
	}
	return states
}

func (s *source) state(v any, at string) State {
	if name, ok := v.(string); ok {
		return State{Name: name}
	}
	f := s.fields(v, at)
	state := State{Name: f.text("name"), Params: f.object("params")}
	state.Extra = f.rest()
	return state
}

// guess finds the version of a file that does not tell it.
func guess(interactions, messages []any) Version {
	for _, v := range interactions {
		if members, ok := v.(map[string]any); ok && members["type"] != nil {
			return V4
		}
	}
	if len(messages) > 0 {
		return V3
	}
	return V2
}

// versionNames are the names under which tools have written the version.
var versionNames = []string{"pactSpecification", "pact-specification", "pactSpecificationVersion", "pact-specification-version"}

func (s *source) version(metadata map[string]any) Version {
	for _, name := range versionNames {
		v, ok := metadata[name]
		if !ok {
			continue
		}
		at := pointer.Join("/metadata", name)
		if members, ok := v.(map[string]any); ok {
			v, at = members["version"], at+"/version"
		}
		text, _ := v.(string)
		version, err := ParseVersion(text)
		if err != nil {
			s.fail(at, "%s", err)
		}
		return version
	}
	return ""
}

// ParseVersion reads a version as files have it: "2", "3.0", "4.0.0".
func ParseVersion(text string) (Version, error) {
	parts := strings.SplitN(text, ".", 3)
	minor := "0"
	if len(parts) > 1 {
		minor = parts[1]
	}
	switch {
	case parts[0] == "1" && minor == "1":
		return V11, nil
	case parts[0] == "1":
		return V1, nil
	case parts[0] == "2":
		return V2, nil
	case parts[0] == "3":
		return V3, nil
	case parts[0] == "4":
		return V4, nil
	}
	return "", fmt.Errorf("version 1 to 4 of the specification is expected")
}

// withoutVersion leaves out what [Write] says anew.
func withoutVersion(metadata map[string]any) map[string]any {
	rest := map[string]any{}
	for name, v := range metadata {
		rest[name] = v
	}
	for _, name := range versionNames {
		members, ok := rest[name].(map[string]any)
		delete(rest, name)
		if ok && len(members) > 1 {
			rest[name] = without(members, "version")
		}
	}
	if len(rest) == 0 {
		return nil
	}
	return rest
}

func without(members map[string]any, name string) map[string]any {
	rest := map[string]any{}
	for key, v := range members {
		if key != name {
			rest[key] = v
		}
	}
	return rest
}
