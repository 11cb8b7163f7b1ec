package rewrite

import (
	"net/url"
	"slices"

	"github.com/goccy/go-yaml/ast"
	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/oauth2/clientcredentials"
)

var (
	authKinds  = []string{"bearer", "command", "oauth2", "jwt"}
	authKeys   = slices.Concat(authKinds, scopeKeys, []string{"header", "prefix", "missing", "reason"})
	algorithms = []string{"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)

func (r *reader) auth(n ast.Node) *auth {
	fields := r.fields(n, "an entry of auth", authKeys...)
	if fields == nil {
		return nil
	}
	out := &auth{line: lineOf(n), scope: r.scope(fields), header: "Authorization", prefix: "Bearer "}
	if f, ok := fields["reason"]; ok {
		out.reason, _ = r.scalar(f.value, "reason is a sentence that says why the credentials are set")
	}
	if f, ok := fields["header"]; ok {
		out.header, out.prefix = r.fieldName(f), ""
	}
	if f, ok := fields["prefix"]; ok {
		if out.prefix, _ = r.text(f); !isFieldValue(out.prefix) {
			r.errorf(start(f.value), "prefix is a text such as \"Bearer \", without line breaks")
		}
	}
	if f, ok := fields["missing"]; ok {
		text, _ := r.scalar(f.value, "missing is add or leave")
		if out.leave = text == "leave"; !out.leave && text != "add" {
			r.errorf(start(f.value), "missing is add, so that requests without credentials get some, or leave")
		}
	}
	out.kind = r.exactlyOne(start(n), fields, "an entry of auth", authKinds)
	r.credentials(out, fields[out.kind])
	return out
}

func (r *reader) credentials(out *auth, f field) {
	var s source
	switch out.kind {
	case "bearer":
		s = r.bearer(f)
		_, fixed := s.(static)
		out.renews = !fixed
	case "command":
		s, out.renews = r.command(f), true
	case "oauth2":
		s, out.renews = r.oauth2(f), true
	case "jwt":
		signer := r.signer(f)
		if signer == nil || signer.claims == nil {
			out.resigns = signer
			return
		}
		s, out.renews = signer, true
	}
	out.keeper = &keeper{source: s}
}

func (r *reader) bearer(f field) source {
	fields := r.fields(f.value, "bearer", "token", "token-file")
	if fields == nil {
		return nil
	}
	switch r.exactlyOne(f.key, fields, "bearer", []string{"token", "token-file"}) {
	case "token":
		f := fields["token"]
		text := r.secretText(f)
		if text != "" && !isCredential(text) {
			r.errorf(start(f.value), "token is no credential: it is longer than 64 KiB or holds control characters")
		}
		return static(text)
	case "token-file":
		path, _ := r.scalar(fields["token-file"].value, "token-file is the path of a file")
		return tokenFile(path)
	}
	return nil
}

// secretText reads a text in which variables are replaced.
func (r *reader) secretText(f field) string {
	text, ok := r.scalar(f.value, f.key.Value+" is a text, such as \"${NAME}\" for a variable of the environment")
	if !ok {
		return ""
	}
	text, _ = r.expand(f, text)
	return text
}

func (r *reader) command(f field) source {
	fields := r.fields(f.value, "command", "run", "refresh")
	var c command
	if g, ok := fields["refresh"]; ok {
		c.every = r.duration(g, "refresh is after how long the command is run again, such as 30m")
	}
	g, ok := fields["run"]
	if !ok {
		if fields != nil {
			r.errorf(f.key, "run is missing: the program and its arguments, as a list")
		}
		return c
	}
	c.args = r.arguments(g)
	return c
}

// arguments reads a program and its arguments, which are as they are: one may be
// empty.
func (r *reader) arguments(f field) []string {
	const want = "run is a list of the program and its arguments, such as [gcloud, auth, print-access-token]"
	list, ok := f.value.(*ast.SequenceNode)
	if !ok || len(list.Values) == 0 {
		r.errorf(start(f.value), "%s, not %s", want, r.describe(f.value))
		return nil
	}
	args := make([]string, 0, len(list.Values))
	for i, n := range list.Values {
		text, ok := textOf(n)
		if !ok || i == 0 && text == "" {
			r.errorf(start(n), "%s; this is %s", want, r.describe(n))
		}
		args = append(args, text)
	}
	return args
}

func (r *reader) oauth2(f field) source {
	fields := r.fields(f.value, "oauth2", "token-url", "client-id", "client-secret", "scopes", "audience")
	read := func(key string, required bool) string {
		g, ok := fields[key]
		if ok {
			return r.secretText(g)
		}
		if required && fields != nil {
			r.errorf(f.key, "%s is missing in oauth2", key)
		}
		return ""
	}
	c := clientcredentials.Config{
		TokenURL: read("token-url", true), ClientID: read("client-id", true), ClientSecret: read("client-secret", true),
	}
	if u, err := url.Parse(c.TokenURL); c.TokenURL != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		r.errorf(start(fields["token-url"].value), "token-url is a URL such as https://login.example.com/token")
	}
	if g, ok := fields["scopes"]; ok {
		c.Scopes = r.words(g, "scopes is a list of names")
	}
	if audience := read("audience", false); audience != "" {
		c.EndpointParams = url.Values{"audience": {audience}}
	}
	return &clientCredentials{config: c, client: newTokenClient()}
}

func (r *reader) signer(f field) *signer {
	fields := r.fields(f.value, "jwt", "algorithm", "key-file", "key-id", "claims", "expires")
	if fields == nil {
		return nil
	}
	out := new(signer)
	if g, ok := fields["algorithm"]; ok {
		name, _ := r.scalar(g.value, "algorithm is one of "+oneOf(algorithms))
		if out.method = jwt.GetSigningMethod(name); name != "" && !contains(algorithms, name) {
			r.errorf(start(g.value), "there is no algorithm %q; allowed are %s", name, oneOf(algorithms))
		}
	} else {
		r.errorf(f.key, "algorithm is missing in jwt; it is one of %s", oneOf(algorithms))
	}
	if g, ok := fields["key-file"]; ok {
		out.keyFile, _ = r.scalar(g.value, "key-file is the path of a private key in PEM, or of a secret for HS256")
	} else {
		r.errorf(f.key, "key-file is missing in jwt")
	}
	if g, ok := fields["key-id"]; ok {
		out.keyID, _ = r.scalar(g.value, "key-id is the kid of the token's header")
	}
	if g, ok := fields["expires"]; ok {
		out.life = r.duration(g, "expires is how long a token is valid, such as 10m")
	}
	r.claims(out, f, fields)
	return out
}

func (r *reader) claims(out *signer, owner field, fields map[string]field) {
	g, ok := fields["claims"]
	if !ok {
		r.errorf(owner.key, "claims is missing in jwt: keep for those of the recorded token, or a mapping")
		return
	}
	if text, ok := textOf(g.value); ok && text == "keep" {
		return
	}
	if _, ok := g.value.(ast.MapNode); !ok {
		r.errorf(start(g.value), "claims is keep or a mapping, not %s", r.describe(g.value))
		return
	}
	out.claims = r.jsonValue(g)
	if out.life == 0 {
		out.life = defaultLife
	}
}
