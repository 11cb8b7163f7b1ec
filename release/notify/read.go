package notify

import (
	"cmp"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"golang.org/x/net/http/httpguts"

	"twinspect.dev/capture/rulefile"
	"twinspect.dev/release"
)

// version is the version of the file's form.
const version = "1"

const (
	// maxTo bounds the destinations: each verdict goes through all of them.
	maxTo = 100
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

var (
	variable = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)
	alone    = regexp.MustCompile(`^\$\{[A-Za-z_][A-Za-z0-9_]*\}$`)
)

// expand puts the environment in the place of each ${NAME}.
func (r *reader) expand(n ast.Node, text string) (Secret, bool) {
	whole := true
	text = variable.ReplaceAllStringFunc(text, func(match string) string {
		name := match[2 : len(match)-1]
		value := strings.TrimSpace(r.getenv(name))
		switch {
		case value == "":
			r.Errorf(rulefile.Start(n), "the environment variable %s is not set", name)
			whole = false
		case len(value) > maxSecret:
			r.Errorf(rulefile.Start(n), "the environment variable %s has more than %d bytes", name, maxSecret)
			whole = false
		}
		return value
	})
	if whole && len(text) > maxSecret {
		r.Errorf(rulefile.Start(n), "this has more than %d bytes with its variables", maxSecret)
		whole = false
	}
	return Secret(text), whole
}

// either reads a secret from where it is: key, in which there are variables, or
// key_file. at is where it stands, nil where there is neither.
func (r *reader) either(fields rulefile.Fields, key string) (s Secret, literal string, at ast.Node) {
	given := fields.Given([]string{key, key + "_file"})
	if len(given) == 2 {
		r.Errorf(fields[given[1]].Key, "there is both %s and %s_file; leave one out", key, key)
		return "", "", nil
	}
	if len(given) == 0 {
		return "", "", nil
	}
	text, f, ok := r.text(fields, given[0], maxSecret)
	if !ok {
		return "", "", nil
	}
	if given[0] != key {
		s, ok = r.file(f.Value, text)
	} else {
		literal = text
		s, ok = r.expand(f.Value, text)
	}
	if !ok {
		return "", "", nil
	}
	return s, literal, f.Value
}

// file reads a secret from a file.
func (r *reader) file(n ast.Node, path string) (Secret, bool) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(r.File), path)
	}
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("it is no file")
	}
	var data []byte
	if err == nil {
		data, err = os.ReadFile(path)
	}
	text := strings.TrimSpace(string(data))
	switch {
	case err != nil:
		r.Errorf(rulefile.Start(n), "the file cannot be read: %v", err)
	case text == "":
		r.Errorf(rulefile.Start(n), "the file is empty")
	case len(text) > maxSecret:
		r.Errorf(rulefile.Start(n), "the file has more than %d bytes", maxSecret)
	default:
		return Secret(text), true
	}
	return "", false
}

func (r *reader) url(n ast.Node, fields rulefile.Fields, kind Kind) Secret {
	s, literal, at := r.either(fields, "url")
	if at == nil {
		if len(fields.Given([]string{"url", "url_file"})) == 0 {
			r.Errorf(rulefile.Start(n), "url is missing in an entry of to; write \"${NAME}\" for a variable of the environment, or url_file")
		}
		return ""
	}
	if literal != "" && kind != Webhook && kind != "" && !variable.MatchString(literal) {
		r.Errorf(rulefile.Start(at), "whoever knows the URL of a chat can write to it; write \"${NAME}\" for a variable of the environment, or url_file")
		return ""
	}
	if why := refusesURL(string(s)); why != "" {
		r.Errorf(rulefile.Start(at), "the URL %s", why)
	}
	return s
}

// refusesURL says why messages are not sent to a URL, "" where they are.
func refusesURL(text string) string {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "":
		return "is not whole; it is such as https://host/path"
	case u.User != nil:
		return "has a password in it; a webhook has headers for that"
	case u.Fragment != "":
		return "has a fragment, which is never sent"
	case u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname()):
		return ""
	}
	return "does not begin with https; http is only for this machine"
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (r *reader) sign(fields rulefile.Fields, kind Kind) Secret {
	s, literal, at := r.either(fields, "secret")
	if at == nil {
		return ""
	}
	if kind == Slack || kind == WeCom {
		r.Errorf(rulefile.Start(at), "%s has no signatures; leave the secret out", kind)
	}
	if literal != "" && !alone.MatchString(literal) {
		r.Errorf(rulefile.Start(at), "a secret does not stand in the file; write \"${NAME}\" for a variable of the environment, or secret_file")
	}
	return s
}

// own are the fields that are set without being asked for.
var own = []string{"host", "content-length", "content-type", "user-agent", "connection", "transfer-encoding", "te", "trailer", "upgrade"}

func (r *reader) headers(fields rulefile.Fields, kind Kind) (headers []Header) {
	f, ok := fields["headers"]
	if !ok {
		return nil
	}
	if kind != Webhook && kind != "" {
		r.Errorf(f.Key, "headers are for a webhook")
	}
	m, ok := f.Value.(*ast.MappingNode)
	if !ok {
		r.Errorf(cmp.Or(rulefile.Start(f.Value), f.Key), "headers is a mapping of names to values")
		return nil
	}
	seen := make(map[string]bool)
	for _, v := range m.Values {
		if len(headers) == maxTo {
			r.Errorf(v.Key.GetToken(), "headers has more than %d entries", maxTo)
			break
		}
		if h, ok := r.header(v, seen); ok {
			headers = append(headers, h)
		}
	}
	return headers
}

func (r *reader) header(v *ast.MappingValueNode, seen map[string]bool) (Header, bool) {
	name := v.Key.GetToken().Value
	lower := strings.ToLower(name)
	at := v.Key.GetToken()
	switch {
	case !httpguts.ValidHeaderFieldName(name):
		r.Errorf(at, "this is no name of a header field")
		return Header{}, false
	case slices.Contains(own, lower) || strings.HasPrefix(lower, "x-twinspect-"):
		r.Errorf(at, "this header field is set already")
		return Header{}, false
	case seen[lower]:
		r.Errorf(at, "this header field is there twice")
		return Header{}, false
	}
	seen[lower] = true
	text, ok := r.plain(v.Value, "a header field", maxSecret)
	if !ok {
		return Header{}, false
	}
	value, ok := r.expand(v.Value, text)
	if ok && !httpguts.ValidHeaderFieldValue(string(value)) {
		r.Errorf(rulefile.Start(v.Value), "this is no value of a header field")
		ok = false
	}
	return Header{name, value}, ok
}
