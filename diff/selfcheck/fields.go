package selfcheck

import (
	"slices"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
)

// notCompared are the fields that belong to the connection (RFC 9110 section
// 7.6.1), and Content-Encoding, which is undone.
var notCompared = []string{"connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade", "content-encoding"}

// fields changes the fields of a part: each by itself, the lines of one name
// together.
func (m *maker) fields(part diff.Part, r *capture.Response, bodiless bool) {
	h := *linesOf(part, r)
	var seen []string
	for i, f := range h {
		name := strings.ToLower(f.Name)
		switch {
		case slices.Contains(notCompared, name) || named(r.Header, name) || name == "content-length" && !bodiless:
		case len(seen) >= maxPerAnswer:
			m.beyond++
		case part == diff.Header && name == "set-cookie":
			seen = m.cookie(i, f.Value, seen)
		case !slices.Contains(seen, name):
			seen = append(seen, name)
			m.field(diff.Place{Part: part, Path: name}, i, f.Value)
		}
	}
}

// named reports whether the Connection field names the field.
func named(h capture.Header, name string) bool {
	for _, v := range h.Values("Connection") {
		for member := range strings.SplitSeq(v, ",") {
			if strings.EqualFold(strings.TrimSpace(member), name) {
				return true
			}
		}
	}
	return false
}

func linesOf(part diff.Part, r *capture.Response) *capture.Header {
	if part == diff.Trailer {
		return &r.Trailer
	}
	return &r.Header
}

func (m *maker) field(p diff.Place, i int, value string) {
	m.change(p, Drop, func(r *capture.Response) {
		lines := linesOf(p.Part, r)
		*lines = lines.Without(p.Path)
	})
	if changed := m.character([]byte(value), nil); changed != nil {
		m.line(p, Character, i, string(changed))
	}
}

// line sets the i-th line of a part.
func (m *maker) line(p diff.Place, name Mutation, i int, value string) {
	m.change(p, name, func(r *capture.Response) {
		lines := linesOf(p.Part, r)
		*lines = slices.Clone(*lines)
		(*lines)[i].Value = value
	})
}

// cookie changes one Set-Cookie line (RFC 6265 section 4.1): all of it, its value,
// and each attribute. It returns seen with what it changed.
func (m *maker) cookie(i int, line string, seen []string) []string {
	pair, rest, _ := strings.Cut(line, ";")
	name, value, valued := strings.Cut(pair, "=")
	p := diff.Place{Part: diff.Header, Path: "set-cookie " + strings.TrimSpace(name)}
	if !valued || slices.Contains(seen, p.Path) {
		return seen
	}
	seen = append(seen, p.Path)
	m.change(p, Drop, func(r *capture.Response) { r.Header = slices.Delete(slices.Clone(r.Header), i, i+1) })
	if changed := m.character([]byte(value), nil); changed != nil {
		m.line(p, Character, i, name+"="+string(changed)+line[len(pair):])
	}
	list := strings.Split(rest, ";")
	for k, attribute := range list {
		key, _, _ := strings.Cut(attribute, "=")
		key = strings.ToLower(strings.TrimSpace(key))
		at := diff.Place{Part: diff.Header, Path: p.Path + "; " + key}
		if key == "" || slices.Contains(seen, at.Path) || len(seen) >= maxPerAnswer {
			continue
		}
		seen = append(seen, at.Path)
		without := slices.DeleteFunc(slices.Clone(list), func(a string) bool {
			other, _, _ := strings.Cut(a, "=")
			return strings.EqualFold(strings.TrimSpace(other), key)
		})
		m.line(at, Drop, i, strings.Join(append([]string{pair}, without...), ";"))
		m.attribute(at, i, pair, list, k)
	}
	return seen
}

// attribute changes the value of a cookie's k-th attribute.
func (m *maker) attribute(p diff.Place, i int, pair string, list []string, k int) {
	key, value, valued := strings.Cut(list[k], "=")
	changed := m.character([]byte(value), nil)
	if !valued || changed == nil {
		return
	}
	others := slices.Clone(list)
	others[k] = key + "=" + string(changed)
	m.line(p, Character, i, strings.Join(append([]string{pair}, others...), ";"))
}
