package credentials

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"golang.org/x/oauth2/clientcredentials"

	"twinspect.dev/capture/rulefile"
	"twinspect.dev/replay/token"
)

// version is the version of the file's form.
const version = "1"

// kinds are the ways to give credentials.
var kinds = []string{"value", "env", "file", "command", "login", "oauth2"}

// reader reads a file of credentials.
type reader struct {
	rulefile.Reader
	config *Config
	store  *Store
}

// readFile reads the file of credentials where there is one.
func (s *Store) readFile(c *Config) error {
	if c.File == "" {
		return nil
	}
	data, err := rulefile.Read(c.File)
	if err != nil {
		return fmt.Errorf("read credentials: %w", err)
	}
	return s.parse(c, data)
}

// parse reads the text of a file of credentials. Mistakes are [rulefile.Errors],
// none of which holds a value.
func (s *Store) parse(c *Config, data []byte) error {
	r := &reader{Reader: rulefile.Reader{File: c.File, Hidden: true}, config: c, store: s}
	root := r.Tree(data)
	if r.Mistakes() > 0 {
		return r.Err()
	}
	fields := r.Root(root, version, "schemes")
	if f, ok := fields["schemes"]; ok {
		r.schemes(f)
	} else if fields != nil {
		r.Errorf(rulefile.Start(root), "schemes is missing: what there is for each security scheme of the document")
	}
	return r.Err()
}

func (r *reader) schemes(f rulefile.Field) {
	names := slices.Sorted(maps.Keys(r.store.schemes))
	if len(names) == 0 {
		r.Errorf(f.Key, "the document has no security schemes")
		return
	}
	fields := r.Fields(f.Value, "schemes", names...)
	for _, name := range fields.Given(names) {
		scheme, field := r.store.schemes[name], fields[name]
		if cannot := scheme.refuses(); cannot != "" {
			r.Errorf(field.Key, "%s", cannot)
		}
		scheme.given = r.given(scheme, field)
	}
}

func (r *reader) given(s *scheme, f rulefile.Field) *given {
	fields := r.Fields(f.Value, s.Name, kinds...)
	if fields == nil {
		return nil
	}
	present := fields.Given(kinds)
	if len(present) != 1 {
		r.Errorf(f.Key, "%s has exactly one of %s; this one has %d", s.Name, rulefile.OneOf(kinds), len(present))
		return nil
	}
	kind := present[0]
	f = fields[kind]
	switch kind {
	case "value":
		return r.value(f)
	case "command":
		return r.command(f)
	case "login":
		return r.login(f)
	case "oauth2":
		return r.oauth2(s, f)
	}
	what, ok := r.Scalar(f.Value, map[string]string{"env": "env is the name of a variable of the environment", "file": "file is the path of a file"}[kind])
	if !ok {
		return nil
	}
	g, err := fixed(r.config, kind, what)
	if err != nil {
		r.Errorf(rulefile.Start(f.Value), "%v", err)
	}
	return g
}

func (r *reader) value(f rulefile.Field) *given {
	text := r.text(f)
	if text != "" && !token.IsValid(text) {
		r.Errorf(rulefile.Start(f.Value), "value is no credential: it is longer than 64 KiB or holds control characters")
	}
	return &given{cost: costGiven, source: func([]string) token.Source { return token.Static(text) }}
}

func (r *reader) command(f rulefile.Field) *given {
	fields := r.Fields(f.Value, "command", "line", "timeout", "refresh")
	c := token.Command{
		Line:    r.required(f, fields, "line", r.plain),
		Timeout: r.duration(fields, "timeout", "timeout is how long the command may take, such as 10s, at most 30s"),
		Every:   r.duration(fields, "refresh", "refresh is after how long the command is run again, such as 10m"),
	}
	if c.Timeout > token.Timeout {
		r.Errorf(rulefile.Start(fields["timeout"].Value), "timeout is at most %s", token.Timeout)
	}
	return &given{cost: costCommand, renews: true, source: func([]string) token.Source { return c }}
}

func (r *reader) oauth2(s *scheme, f rulefile.Field) *given {
	fields := r.Fields(f.Value, "oauth2", "token-url", "client-id", "client-secret", "scopes", "audience")
	config := clientcredentials.Config{
		ClientID: r.required(f, fields, "client-id", r.text), ClientSecret: r.required(f, fields, "client-secret", r.text),
		TokenURL: s.Flows["clientCredentials"],
	}
	at := f.Key
	if g, ok := fields["token-url"]; ok {
		config.TokenURL, at = r.text(g), rulefile.Start(g.Value)
	}
	if u, err := url.Parse(config.TokenURL); fields != nil && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		r.Errorf(at, "token-url is a URL such as https://login.example.com/token; the document has none that is whole for client credentials")
	}
	given := &given{cost: costEndpoint, renews: true, scoped: true}
	if g, ok := fields["scopes"]; ok {
		config.Scopes, given.scoped = r.Words(g, "scopes is a list of names"), false
	}
	if g, ok := fields["audience"]; ok {
		config.EndpointParams = url.Values{"audience": {r.text(g)}}
	}
	given.source = func(scopes []string) token.Source {
		if given.scoped {
			config.Scopes = scopes
		}
		return token.NewClientCredentials(config)
	}
	return given
}

// required reads a member that has to be there.
func (r *reader) required(owner rulefile.Field, fields rulefile.Fields, key string, read func(rulefile.Field) string) string {
	f, ok := fields[key]
	if ok {
		return read(f)
	}
	if fields != nil {
		r.Errorf(owner.Key, "%s is missing in %s", key, owner.Key.Value)
	}
	return ""
}

// plain reads a text as it stands.
func (r *reader) plain(f rulefile.Field) string {
	text, _ := r.Scalar(f.Value, f.Key.Value+" is a text")
	return text
}

// text reads a text in which variables are replaced.
func (r *reader) text(f rulefile.Field) string {
	text, _ := r.Scalar(f.Value, f.Key.Value+" is a text, such as \"${NAME}\" for a variable of the environment")
	return r.expand(f.Value, text)
}

// duration reads a positive duration, 0 where there is none.
func (r *reader) duration(fields rulefile.Fields, key, want string) time.Duration {
	f, ok := fields[key]
	if !ok {
		return 0
	}
	text, ok := r.Scalar(f.Value, want)
	if d, err := time.ParseDuration(text); ok && (err != nil || d <= 0) {
		r.Errorf(rulefile.Start(f.Value), "%s, not %s", want, r.Describe(f.Value))
	} else if ok {
		return d
	}
	return 0
}

var variable = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// expand puts the environment in the place of each ${NAME}, and remembers that its
// value is a secret.
func (r *reader) expand(at ast.Node, text string) string {
	return variable.ReplaceAllStringFunc(text, func(match string) string {
		name := match[2 : len(match)-1]
		value, _ := r.config.Lookup(name)
		if value = strings.TrimSpace(value); value == "" {
			r.Errorf(rulefile.Start(at), "the environment variable %s is not set", name)
			return ""
		}
		if x := (secret{value, name}); !slices.Contains(r.store.secrets, x) {
			r.store.secrets = append(r.store.secrets, x)
		}
		return value
	})
}
