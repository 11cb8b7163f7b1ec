package notify

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"twinspect.dev/capture/rulefile"
	"twinspect.dev/release"
)

// version is the version of the file's form.
const version = "1"

const (
	// maxTo bounds the destinations: each verdict goes through all of them.
	maxTo = 100
	// maxHeaders bounds the header fields of a webhook.
	maxHeaders = 20
	// maxList bounds lists and names: they are written by people.
	maxList = 1000
	maxName = 200
	// maxSecret bounds a secret; tokens have some hundred bytes, signed ones some
	// thousand.
	maxSecret = 16 << 10
)

// Read reads the file at path; see [Parse].
func Read(path string, getenv func(string) string) (*Config, error) {
	data, err := rulefile.Read(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, data, getenv)
}

// Parse reads who is told. name is the file's name, to which its paths are relative;
// getenv finds variables of the environment. Mistakes are [rulefile.Errors]: all of
// them, each with its place, and none with a value of the file or of a secret.
func Parse(name string, data []byte, getenv func(string) string) (*Config, error) {
	r := &reader{Reader: rulefile.Reader{File: name, Hidden: true}, getenv: getenv, names: map[string]bool{}}
	c := &Config{}
	if root := r.Tree(data); r.Mistakes() == 0 {
		r.config(c, root)
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	return c, nil
}

// reader reads the file.
type reader struct {
	rulefile.Reader
	getenv func(string) string
	names  map[string]bool
}

func (r *reader) config(c *Config, root ast.Node) {
	fields := r.Root(root, version, "to")
	f, ok := fields["to"]
	if !ok {
		if fields != nil {
			r.Errorf(rulefile.Start(root), "to is missing: the list of those who are told")
		}
		return
	}
	for n := range r.Entries(f) {
		if len(c.To) == maxTo {
			r.Errorf(rulefile.Start(n), "to has more than %d entries", maxTo)
			return
		}
		c.To = append(c.To, r.destination(n))
	}
}

func (r *reader) destination(n ast.Node) (d Destination) {
	fields := r.Fields(n, "an entry of to", "name", "kind", "url", "url_file", "secret", "secret_file", "services", "decisions", "events", "headers")
	if fields == nil {
		return d
	}
	d.Name = r.name(n, fields)
	d.Kind = r.kind(n, fields)
	d.URL = r.url(n, fields, d.Kind)
	d.Sign = r.sign(fields, d.Kind)
	d.Services = r.services(fields)
	d.Events = chosen[Event](r, fields, "events", events)
	d.Decisions = chosen[release.Decision](r, fields, "decisions", decisions)
	if f, ok := fields["decisions"]; ok && len(d.Events) > 0 && !slices.Contains(d.Events, VerdictEvent) {
		r.Errorf(f.Key, "decisions are those of verdicts, which events leaves out")
	}
	d.Headers = r.headers(fields, d.Kind)
	return d
}

// name reads what an entry is called: once in the file, as the account goes by it.
func (r *reader) name(n ast.Node, fields rulefile.Fields) string {
	text, f, ok := r.text(fields, "name", maxName)
	switch {
	case f.Key == nil:
		r.Errorf(rulefile.Start(n), "name is missing in an entry of to")
	case !ok:
	case clean(text, maxName) != text:
		r.Errorf(rulefile.Start(f.Value), "name has characters that are not seen")
	case r.names[text]:
		r.Errorf(rulefile.Start(f.Value), "this name is there twice")
	}
	r.names[text] = true
	return text
}

func (r *reader) kind(n ast.Node, fields rulefile.Fields) Kind {
	text, f, ok := r.text(fields, "kind", maxName)
	switch {
	case f.Key == nil:
		r.Errorf(rulefile.Start(n), "kind is missing in an entry of to; it is %s", rulefile.OneOf(kinds))
	case ok && !slices.Contains(kinds, text):
		r.Errorf(rulefile.Start(f.Value), "kind is %s", rulefile.OneOf(kinds))
	case ok:
		return Kind(text)
	}
	return ""
}

// text reads a text where the key is given; f is empty where it is not.
func (r *reader) text(fields rulefile.Fields, key string, most int) (text string, f rulefile.Field, ok bool) {
	if f, ok = fields[key]; !ok {
		return "", f, false
	}
	text, ok = r.plain(f.Value, key, most)
	return text, f, ok
}

func (r *reader) plain(n ast.Node, key string, most int) (string, bool) {
	text, ok := r.Scalar(n, key+" is a text")
	switch text = strings.TrimSpace(text); {
	case !ok:
		return "", false
	case text == "":
		r.Errorf(rulefile.Start(n), "%s is empty", key)
		return "", false
	case len(text) > most:
		r.Errorf(rulefile.Start(n), "%s has more than %d bytes", key, most)
		return "", false
	}
	return text, true
}

// words reads a list of texts.
func (r *reader) words(fields rulefile.Fields, key string, each func(ast.Node, string)) {
	f, ok := fields[key]
	if !ok {
		return
	}
	seen := make(map[string]bool)
	for _, n := range r.OneOrMore(f, rulefile.ToMeanAll) {
		text, ok := r.plain(n, key, maxName)
		switch {
		case !ok:
		case seen[text]:
			r.Errorf(rulefile.Start(n), "this is twice in %s", key)
		case len(seen) == maxList:
			r.Errorf(rulefile.Start(n), "%s has more than %d entries", key, maxList)
			return
		default:
			seen[text] = true
			each(n, text)
		}
	}
}

func (r *reader) services(fields rulefile.Fields) (patterns []string) {
	r.words(fields, "services", func(n ast.Node, text string) {
		if strings.ContainsAny(text, " \t\n,") {
			r.Errorf(rulefile.Start(n), "services has the names of services, or patterns with *; this is neither")
			return
		}
		patterns = append(patterns, text)
	})
	return patterns
}

// chosen reads some of the known words.
func chosen[T ~string](r *reader, fields rulefile.Fields, key string, known []string) (some []T) {
	r.words(fields, key, func(n ast.Node, text string) {
		if !slices.Contains(known, text) {
			r.Errorf(rulefile.Start(n), "%s has %s, and %s", key, rulefile.OneOf(known), rulefile.ToMeanAll)
			return
		}
		some = append(some, T(text))
	})
	return some
}
