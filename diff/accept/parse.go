package accept

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"twinspect.dev/capture/rulefile"
	"twinspect.dev/diff"
)

// version is the version of the file's form.
const version = "1"

var (
	entryKeys = []string{"operation", "part", "path", "kind", "branch", "reason", "by", "expires"}
	partNames = []string{"status", "header", "trailer", "body", "latency", "call"}
	kindNames = []string{"changed", "retyped", "removed", "added", "reordered", "class", "malformed", "slower", "moved", "repeated"}
)

// reader reads a file of accepted differences.
type reader struct{ rulefile.Reader }

// Load reads the file at path. Mistakes in it are [rulefile.Errors].
func Load(path string) (*Set, error) {
	data, err := rulefile.Read(path)
	if err != nil {
		return nil, fmt.Errorf("read accepted differences: %w", err)
	}
	return Parse(path, data, time.Now())
}

// Parse reads a file of accepted differences. name is the file's name for
// messages, now the time that decides which entries have expired. Mistakes in it
// are [rulefile.Errors]: all of them, each with its place.
func Parse(name string, data []byte, now time.Time) (*Set, error) {
	r := &reader{rulefile.Reader{File: name}}
	set := &Set{file: name, now: now}
	if root := r.Tree(data); r.Mistakes() == 0 {
		if f, ok := r.Root(root, version, "accepted")["accepted"]; ok {
			for n := range r.Entries(f) {
				if e := r.entry(n); e != nil {
					set.entries = append(set.entries, e)
				}
			}
		}
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	return set, nil
}

func (r *reader) entry(n ast.Node) *entry {
	fields := r.Fields(n, "an entry", entryKeys...)
	if fields == nil {
		return nil
	}
	e := &entry{Entry: Entry{Line: rulefile.Line(n), Column: 1}}
	if at := rulefile.Start(n); at != nil && at.Position != nil {
		e.Column = at.Position.Column
	}
	before := r.Mistakes()
	e.Operation = r.required(n, fields, "operation", "name the operation, such as GET /products/{id}")
	e.Kind = diff.Kind(r.oneOf(fields, "kind", kindNames, r.required(n, fields, "kind", "say what differs, as the report does")))
	e.Part = r.part(fields)
	e.Reason = r.required(n, fields, "reason", "say why the difference is intended")
	e.Expires = r.expires(n, fields)
	if f, ok := fields["path"]; ok {
		e.Path, _ = r.Scalar(f.Value, "path is a place as the report names it")
	}
	if f, ok := fields["by"]; ok {
		e.By, _ = r.Scalar(f.Value, "by names who accepts it")
	}
	if f, ok := fields["branch"]; ok {
		if text, ok := r.Text(f); ok {
			e.Branch = &text
		}
	}
	if r.Mistakes() == before {
		r.narrow(n, fields, e)
	}
	return e
}

// required returns the text of a key that every entry has.
func (r *reader) required(n ast.Node, fields rulefile.Fields, key, want string) string {
	f, ok := fields[key]
	if !ok {
		r.Errorf(rulefile.Start(n), "%s is missing; %s", key, want)
		return ""
	}
	text, _ := r.Scalar(f.Value, want)
	return text
}

// oneOf returns the text if it is one of the words; an empty one was reported
// before.
func (r *reader) oneOf(fields rulefile.Fields, key string, words []string, text string) string {
	if text == "" || slices.Contains(words, text) {
		return text
	}
	r.Errorf(rulefile.Start(fields[key].Value), "no %s is called %q%s; they are %s", key, text, rulefile.DidYouMean(text, words), rulefile.OneOf(words))
	return ""
}

func (r *reader) part(fields rulefile.Fields) diff.Part {
	f, ok := fields["part"]
	if !ok {
		return diff.Body
	}
	text, _ := r.Scalar(f.Value, "part is the part of the answer")
	return diff.Part(r.oneOf(fields, "part", partNames, text))
}

func (r *reader) expires(n ast.Node, fields rulefile.Fields) time.Time {
	text := r.required(n, fields, "expires", "give the day from which on it does not hold, such as 2027-01-31")
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		r.Errorf(rulefile.Start(fields["expires"].Value), "expires is a date such as 2027-01-31, not %q", text)
	}
	return t
}

// narrow reports an entry that is missing its place, or would accept more than a
// person can have looked at.
func (r *reader) narrow(n ast.Node, fields rulefile.Fields, e *entry) {
	at := rulefile.Start(n)
	if f, ok := fields["path"]; ok {
		at = rulefile.Start(f.Value)
	}
	switch hasPath := e.Path != ""; {
	case hasPath && e.Part == diff.Status:
		r.Errorf(at, "a status has no path")
	case !hasPath && e.Part != diff.Status && !(e.Part == diff.Body && e.Kind == diff.Malformed):
		r.Errorf(at, "path is missing; name the place in the %s as the report does", e.Part)
	case isWild(e.Place):
		r.Errorf(at, "path %s is a wildcard; name one place as the report does", e.Path)
	case strings.Trim(e.Operation, "* ") == "" && !e.isSpecific():
		r.Errorf(rulefile.Start(fields["operation"].Value), "this accepts %s in every operation; name the operation, or the value of branch", e.Place)
	}
}

// isWild reports whether a path is meant for many places. The report's own paths
// have [*] for folded indexes alone.
func isWild(p diff.Place) bool {
	if p.Part == diff.Body {
		return p.Path == "*" || strings.HasPrefix(p.Path, "$..")
	}
	return strings.Contains(p.Path, "*")
}

// isSpecific reports whether the entry says enough to hold in all operations: a
// name within a body, a field, or the one value.
func (e *entry) isSpecific() bool {
	switch e.Part {
	case diff.Body:
		return e.Branch != nil || strings.ContainsAny(strings.TrimPrefix(e.Path, "$"), ".'")
	case diff.Status, diff.Latency:
		return e.Branch != nil
	}
	return true
}
