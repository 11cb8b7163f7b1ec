package access

import (
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/goccy/go-yaml/ast"

	"twinspect.dev/capture/rulefile"
)

// version is the version of the file's form.
const version = "1"

// maxIdentities bounds the tokens, and the clients, of a file. Each request compares
// with every token, so that its time does not tell; with 1,000 a request takes 40 µs.
const maxIdentities = 1000

// Config is a file of access as it was read. It is not changed.
type Config struct {
	tokens    []Identity
	hashes    []Hash // of the tokens at the same places
	clients   []Identity
	anonymous []origin
	limits    Limits
}

// origin is what may be done from some addresses without a name.
type origin struct {
	from  []netip.Prefix
	scope Scope
}

// Local is what holds where there is no file: from the machine itself all may be done
// but what a person answers for by name.
func Local() *Config {
	return &Config{
		limits: defaultLimits,
		anonymous: []origin{{
			from:  []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")},
			scope: Scope{Services: []string{"*"}, May: []Action{Ask, Push, Announce, Read, Policy}},
		}},
	}
}

// reader reads a file of access. No value of it stands in a message.
type reader struct {
	rulefile.Reader
	config *Config
	names  map[string]bool
}

// Parse reads a file of access. name is the file's name for messages. Mistakes are
// [rulefile.Errors]: all of them, each with its place, none with a value of the file.
func Parse(name string, data []byte) (*Config, error) {
	r := &reader{Reader: rulefile.Reader{File: name, Hidden: true}, config: &Config{limits: defaultLimits}, names: map[string]bool{anonymous: true}}
	if root := r.Tree(data); r.Mistakes() == 0 {
		fields := r.Root(root, version, "tokens", "clients", "anonymous", "limits")
		r.identities(fields, "tokens", r.token)
		r.identities(fields, "clients", r.client)
		if f, ok := fields["anonymous"]; ok {
			for n := range r.Entries(f) {
				r.origin(n)
			}
		}
		if f, ok := fields["limits"]; ok {
			r.limits(f)
		}
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	return r.config, nil
}

func (r *reader) identities(fields rulefile.Fields, key string, read func(ast.Node)) {
	f, ok := fields[key]
	if !ok {
		return
	}
	count := 0
	for n := range r.Entries(f) {
		if count++; count > maxIdentities {
			r.Errorf(rulefile.Start(n), "more than %d %s; give those that do the same one name", maxIdentities, key)
			return
		}
		read(n)
	}
}

func (r *reader) token(n ast.Node) {
	fields := r.Fields(n, "a token", "name", "hash", "scopes", "expires")
	if fields == nil {
		return
	}
	id := r.identity(n, fields, ByToken)
	text := r.required(n, fields, "hash", errHash.Error())
	if text == "" {
		return
	}
	hash, err := ParseHash(text)
	if err == nil && slices.Contains(r.config.hashes, hash) {
		err = errors.New("this hash is that of another token; every token has one name")
	}
	if err != nil {
		r.Errorf(rulefile.Start(fields["hash"].Value), "%v", err)
	}
	r.config.tokens, r.config.hashes = append(r.config.tokens, id), append(r.config.hashes, hash)
}

func (r *reader) client(n ast.Node) {
	if fields := r.Fields(n, "a client", "name", "scopes", "expires"); fields != nil {
		r.config.clients = append(r.config.clients, r.identity(n, fields, ByCertificate))
	}
}

// identity reads what tokens and clients have alike. A name is one identity's alone, as
// the audit tells them apart by it.
func (r *reader) identity(n ast.Node, fields rulefile.Fields, kind Kind) Identity {
	id := Identity{Kind: kind, Name: r.required(n, fields, "name", "name says in the audit who it was")}
	switch {
	case id.Name == "":
	case r.names[id.Name]:
		r.Errorf(rulefile.Start(fields["name"].Value), "this name is given twice, or is %q", anonymous)
	case clean(id.Name) != id.Name:
		r.Errorf(rulefile.Start(fields["name"].Value), "name is at most %d bytes that can be printed", maxClean)
	}
	r.names[id.Name] = true
	if f, ok := fields["expires"]; ok {
		id.expires = r.time(f)
	}
	f, ok := fields["scopes"]
	if !ok {
		r.Errorf(rulefile.Start(n), "scopes is missing: what it may do, and for which services")
		return id
	}
	for n := range r.Entries(f) {
		if scope := r.Fields(n, "a scope", "services", "may"); scope != nil {
			id.scopes = append(id.scopes, r.scope(n, scope))
		}
	}
	if f.Value.Type() == ast.NullType || len(id.scopes) == 0 && r.Mistakes() == 0 {
		r.Errorf(f.Key, "scopes is empty; what may nothing is left out")
	}
	return id
}

func (r *reader) scope(n ast.Node, fields rulefile.Fields) Scope {
	var s Scope
	if f, ok := fields["services"]; ok {
		s.Services = r.Words(f, "services is the names of services, with * for any text")
	} else {
		r.Errorf(rulefile.Start(n), `services is missing; write services: "*" for all`)
	}
	f, ok := fields["may"]
	if !ok {
		r.Errorf(rulefile.Start(n), "may is missing: %s", rulefile.OneOf(words()))
		return s
	}
	for _, word := range r.Words(f, "may is what can be done: "+rulefile.OneOf(words())) {
		if !slices.Contains(Actions, Action(word)) {
			r.Errorf(rulefile.Start(f.Value), "may holds what is no action%s; they are %s", rulefile.DidYouMean(word, words()), rulefile.OneOf(words()))
			continue
		}
		s.May = append(s.May, Action(word))
	}
	return s
}

func words() []string {
	list := make([]string, len(Actions))
	for i, a := range Actions {
		list[i] = string(a)
	}
	return list
}

// named are the actions that a person answers for: nobody does so without a name.
var named = []Action{Override, Stop, Audit}

func (r *reader) origin(n ast.Node) {
	fields := r.Fields(n, "an anonymous scope", "from", "services", "may")
	if fields == nil {
		return
	}
	o := origin{scope: r.scope(n, fields)}
	for _, a := range o.scope.May {
		if slices.Contains(named, a) {
			r.Errorf(rulefile.Start(fields["may"].Value), "%s takes a name; give a token or a client that scope", a)
		}
	}
	f, ok := fields["from"]
	if !ok {
		r.Errorf(rulefile.Start(n), "from is missing: the addresses that it is for, such as 127.0.0.0/8")
		return
	}
	for _, word := range r.Words(f, "from is addresses, such as 127.0.0.0/8") {
		p, err := prefixOf(word)
		if err != nil {
			r.Errorf(rulefile.Start(f.Value), "from holds what is no address; write such as 127.0.0.1 or 10.0.0.0/8")
			continue
		}
		o.from = append(o.from, p)
	}
	r.config.anonymous = append(r.config.anonymous, o)
}

func prefixOf(text string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(text); err == nil {
		a = a.Unmap().WithZone("")
		return a.Prefix(a.BitLen())
	}
	p, err := netip.ParsePrefix(text)
	if err == nil && p.Addr().Is4In6() {
		err = errors.New("write it as an IPv4 address")
	}
	return p.Masked(), err
}

func (r *reader) limits(f rulefile.Field) {
	fields := r.Fields(f.Value, "limits", "identity", "total", "body")
	l := &r.config.limits
	r.number(fields, "identity", &l.Identity, maxRate, "identity is how many requests a second one identity may make")
	r.number(fields, "total", &l.Total, maxRate, "total is how many requests a second all may make together")
	mib := l.Body >> 20
	r.number(fields, "body", &mib, maxBody>>20, "body is how many MiB a request may have")
	l.Body = mib << 20
}

func (r *reader) number(fields rulefile.Fields, key string, into *int64, most int64, want string) {
	f, ok := fields[key]
	if !ok {
		return
	}
	text, ok := r.Scalar(f.Value, want)
	if !ok {
		return
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 || n > most {
		r.Errorf(rulefile.Start(f.Value), "%s, a whole number from 1 to %d", want, most)
		return
	}
	*into = n
}

// required returns the text of a key that must be there.
func (r *reader) required(n ast.Node, fields rulefile.Fields, key, want string) string {
	f, ok := fields[key]
	if !ok {
		r.Errorf(rulefile.Start(n), "%s is missing; %s", key, want)
		return ""
	}
	text, _ := r.Scalar(f.Value, want)
	return text
}

func (r *reader) time(f rulefile.Field) time.Time {
	const want = "expires is a day such as 2027-01-31, or a time such as 2027-01-31T12:00:00Z"
	text, ok := r.Scalar(f.Value, want)
	if !ok {
		return time.Time{}
	}
	for _, form := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(form, text); err == nil && !t.IsZero() {
			return t
		}
	}
	r.Errorf(rulefile.Start(f.Value), "%s", want)
	return time.Time{}
}
