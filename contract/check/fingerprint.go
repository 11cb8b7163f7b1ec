package check

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"twinspect.dev/contract"
)

// fingerprint is what is alike in all answers that have one error as their reason.
type fingerprint struct {
	// cause tells it from others: form, text and the place in the program.
	cause string
	// text is what the answer says of it, without values, for people.
	text string
}

// maxErrorBody is how much of an error's body is read: stack traces of deep
// programs have some 20 KB, and their beginning and the last cause are enough.
const maxErrorBody = 64 << 10

// fingerprint reads the body of an answer that tells of an error.
func (j *judge) fingerprint(o *contract.Observation) fingerprint {
	body := j.conformer.Plain(&o.Exchange.Response)
	if len(bytes.TrimSpace(body)) == 0 {
		return fingerprint{cause: "(empty)"}
	}
	n := newNormal(&o.Request)
	body = body[:min(len(body), maxErrorBody)]
	if doc, ok := parse(body); ok {
		return ofTree(doc, n)
	}
	return ofText(string(body), n)
}

// parse reads JSON, numbers as they are written.
func parse(body []byte) (any, bool) {
	if body = bytes.TrimSpace(body); len(body) == 0 || !bytes.ContainsRune([]byte(`{["`), rune(body[0])) {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var doc any
	return doc, d.Decode(&doc) == nil
}

// ofText reads a plain text or a page of HTML.
func ofText(body string, n *normal) fingerprint {
	if strings.HasPrefix(strings.TrimSpace(body), "<") {
		body = visible(body)
	}
	frames := framesOf(body)
	head := n.text(firstLines(body, 3))
	if head == "" && frames == "" { // what looks like a frame is all that is said
		head = n.text(strings.TrimSpace(body))
	}
	return fingerprint{cause: spaced(head, frames), text: head}
}

func spaced(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " ")
}

// firstLines returns the first lines that are not empty and not of a stack.
func firstLines(body string, most int) string {
	var lines []string
	for line := range strings.Lines(body) {
		line = strings.TrimSpace(line)
		if line == "" || isFrame(line) {
			continue
		}
		if lines = append(lines, line); len(lines) == most {
			break
		}
	}
	return strings.Join(lines, " ")
}

// visible returns the text of a page of HTML, each element in a line of its own,
// without scripts and styles. It is for comparing, not for showing.
func visible(page string) string {
	var b strings.Builder
	for page != "" {
		text, rest, ok := strings.Cut(page, "<")
		if text = strings.TrimSpace(text); text != "" {
			b.WriteString(text)
			b.WriteByte('\n')
		}
		if !ok {
			break
		}
		page = afterTag(rest)
	}
	return b.String()
}

// afterTag returns what follows a tag, and for a script or a style its end.
func afterTag(rest string) string {
	for _, name := range [...]string{"script", "style"} {
		if len(rest) < len(name) || !strings.EqualFold(rest[:len(name)], name) {
			continue
		}
		end := strings.Index(strings.ToLower(rest), "</"+name)
		if end < 0 {
			return ""
		}
		rest = rest[end+2:]
	}
	_, rest, _ = strings.Cut(rest, ">")
	return rest
}

// told are the members that say what went wrong, by their names in small letters.
var toldBy = map[string]bool{
	"title": true, "error": true, "message": true, "exception": true, "detail": true, "details": true,
	"code": true, "type": true, "reason": true, "msg": true, "description": true, "error_description": true,
	"errors": true, "cause": true, "errorcode": true, "error_code": true, "field": true, "loc": true,
	"exceptionclass": true, "exceptiontype": true,
}

// stackBy are the members that hold a stack trace.
var stackBy = map[string]bool{
	"stack": true, "stacktrace": true, "trace": true, "traceback": true, "stack_trace": true, "backtrace": true,
}

// reading gathers what an error in JSON says.
type reading struct {
	normal *normal
	shape  strings.Builder
	texts  []string
	frames []string
}

// maxErrorDepth is how deep an error is read: problem details (RFC 9457) have
// three levels, the errors of JSON:API and GraphQL four.
const maxErrorDepth = 5

// ofTree reads an error in JSON: its form, what it tells by the usual names, and
// the stack in it.
func ofTree(doc any, n *normal) fingerprint {
	r := reading{normal: n}
	r.value(doc, "", true, maxErrorDepth)
	text := strings.Join(r.texts, "; ")
	return fingerprint{cause: spaced(r.shape.String(), text, strings.Join(r.frames, " ")), text: text}
}

func (r *reading) value(v any, name string, telling bool, levels int) {
	switch v := v.(type) {
	case map[string]any:
		r.object(v, telling, levels)
	case []any:
		r.array(v, name, telling, levels)
	case string:
		r.text(v, name, telling)
	}
}

func (r *reading) object(v map[string]any, telling bool, levels int) {
	if levels == 0 {
		return
	}
	r.shape.WriteByte('{')
	for i, name := range slices.Sorted(maps.Keys(v)) {
		if i == maxMembers {
			break
		}
		if i > 0 {
			r.shape.WriteByte(',')
		}
		r.shape.WriteString(r.normal.text(name))
		low := strings.ToLower(name)
		tells := telling && (toldBy[low] || stackBy[low]) || holds(v[name]) && !valued[low]
		if tells {
			r.value(v[name], low, true, levels-1)
		}
	}
	r.shape.WriteByte('}')
}

// maxMembers is how many members of an object are read, as many as elements.
const maxMembers = 32

// valued are the members that repeat the request.
var valued = map[string]bool{"input": true, "value": true, "request": true, "params": true, "data": true, "body": true, "ctx": true}

// holds reports whether a value may have more of the error in it.
func holds(v any) bool {
	k := kind(v)
	return k == 'o' || k == 'a'
}

// array reads the elements, each different one once.
func (r *reading) array(v []any, name string, telling bool, levels int) {
	if levels == 0 {
		return
	}
	if stackBy[name] {
		r.frames = append(r.frames, framesOf(lines(v)))
		return
	}
	for _, element := range v[:min(len(v), maxMembers)] {
		r.value(element, name, telling, levels-1)
	}
}

func lines(v []any) string {
	var b strings.Builder
	for _, element := range v {
		if s, ok := element.(string); ok {
			b.WriteString(s)
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func (r *reading) text(s, name string, telling bool) {
	switch {
	case stackBy[name]:
		if frames := framesOf(s); frames != "" {
			r.frames = append(r.frames, frames)
		}
	case telling && s != "":
		if frames := framesOf(s); frames != "" {
			r.frames = append(r.frames, frames)
			s = firstLines(s, 3)
		}
		if t := r.normal.text(s); !slices.Contains(r.texts, t) && len(r.texts) < maxMembers {
			r.texts = append(r.texts, t)
		}
	}
}
