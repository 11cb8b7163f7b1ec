package rewrite

import (
	"net/url"
	"slices"

	"github.com/goccy/go-yaml/ast"
	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/oauth2/clientcredentials"

	"twinspect.dev/capture/rulefile"
	"twinspect.dev/replay/token"
)

var (
	authKinds  = []string{"bearer", "command", "oauth2", "jwt"}
	authKeys   = slices.Concat(authKinds, scopeKeys, []string{"header", "prefix", "missing", "reason"})
	algorithms = []string{"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)

func (r *reader) auth(n ast.Node) *auth {
	fields := r.Fields(n, "an entry of auth", authKeys...)
	if fields == nil {
		return nil
	}
	out := &auth{line: rulefile.Line(n), scope: r.scope(fields), header: "Authorization", prefix: "Bearer "}
	if f, ok := fields["reason"]; ok {
		out.reason, _ = r.Scalar(f.Value, "reason is a sentence that says why the credentials are set")
	}
	if f, ok := fields["header"]; ok {
		out.header, out.prefix = r.fieldName(f), ""
	}
	if f, ok := fields["prefix"]; ok {
		if out.prefix, _ = r.Text(f); !isFieldValue(out.prefix) {
			r.Errorf(rulefile.Start(f.Value), "prefix is a text such as \"Bearer \", without line breaks")
		}
	}
	if f, ok := fields["missing"]; ok {
		text, _ := r.Scalar(f.Value, "missing is add or leave")
		if out.leave = text == "leave"; !out.leave && text != "add" {
			r.Errorf(rulefile.Start(f.Value), "missing is add, so that requests without credentials get some, or leave")
		}
	}
	out.kind = r.exactlyOne(rulefile.Start(n), fields, "an entry of auth", authKinds)
	r.credentials(out, fields[out.kind])
	return out
}

func (r *reader) credentials(out *auth, f rulefile.Field) {
	var s token.Source
	switch out.kind {
	case "bearer":
		s = r.bearer(f)
		_, fixed := s.(token.Static)
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
	out.keeper = &token.Keeper{Source: s}
}

func (r *reader) bearer(f rulefile.Field) token.Source {
	fields := r.Fields(f.Value, "bearer", "token", "token-file")
	if fields == nil {
		return nil
	}
	switch r.exactlyOne(f.Key, fields, "bearer", []string{"token", "token-file"}) {
	case "token":
		f := fields["token"]
		text := r.secretText(f)
		if text != "" && !token.IsValid(text) {
			r.Errorf(rulefile.Start(f.Value), "token is no credential: it is longer than 64 KiB or holds control characters")
		}
		return token.Static(text)
	case "token-file":
		path, _ := r.Scalar(fields["token-file"].Value, "token-file is the path of a file")
		return token.File(path)
	}
	return nil
}

// secretText reads a text in which variables are replaced.
func (r *reader) secretText(f rulefile.Field) string {
	text, ok := r.Scalar(f.Value, f.Key.Value+" is a text, such as \"${NAME}\" for a variable of the environment")
	if !ok {
		return ""
	}
	text, _ = r.expand(f, text)
	return text
}

func (r *reader) command(f rulefile.Field) token.Source {
	fields := r.Fields(f.Value, "command", "run", "refresh")
	var c token.Command
	if g, ok := fields["refresh"]; ok {
		c.Every = r.duration(g, "refresh is after how long the command is run again, such as 30m")
	}
	g, ok := fields["run"]
	if !ok {
		if fields != nil {
			r.Errorf(f.Key, "run is missing: the program and its arguments, as a list")
		}
		return c
	}
	c.Args = r.arguments(g)
	return c
}

// arguments reads a program and its arguments, which are as they are: one may be
// empty.
func (r *reader) arguments(f rulefile.Field) []string {
	const want = "run is a list of the program and its arguments, such as [gcloud, auth, print-access-token]"
	list, ok := f.Value.(*ast.SequenceNode)
	if !ok || len(list.Values) == 0 {
		r.Errorf(rulefile.Start(f.Value), "%s, not %s", want, r.Describe(f.Value))
		return nil
	}
	args := make([]string, 0, len(list.Values))
	for i, n := range list.Values {
		text, ok := rulefile.TextOf(n)
		if !ok || i == 0 && text == "" {
			r.Errorf(rulefile.Start(n), "%s; this is %s", want, r.Describe(n))
		}
		args = append(args, text)
	}
	return args
}

func (r *reader) oauth2(f rulefile.Field) token.Source {
	fields := r.Fields(f.Value, "oauth2", "token-url", "client-id", "client-secret", "scopes", "audience")
	read := func(key string, required bool) string {
		g, ok := fields[key]
		if ok {
			return r.secretText(g)
		}
		if required && fields != nil {
			r.Errorf(f.Key, "%s is missing in oauth2", key)
		}
		return ""
	}
	c := clientcredentials.Config{
		TokenURL: read("token-url", true), ClientID: read("client-id", true), ClientSecret: read("client-secret", true),
	}
	if u, err := url.Parse(c.TokenURL); c.TokenURL != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		r.Errorf(rulefile.Start(fields["token-url"].Value), "token-url is a URL such as https://login.example.com/token")
	}
	if g, ok := fields["scopes"]; ok {
		c.Scopes = r.Words(g, "scopes is a list of names")
	}
	if audience := read("audience", false); audience != "" {
		c.EndpointParams = url.Values{"audience": {audience}}
	}
	return token.NewClientCredentials(c)
}

func (r *reader) signer(f rulefile.Field) *signer {
	fields := r.Fields(f.Value, "jwt", "algorithm", "key-file", "key-id", "claims", "expires")
	if fields == nil {
		return nil
	}
	out := new(signer)
	if g, ok := fields["algorithm"]; ok {
		name, _ := r.Scalar(g.Value, "algorithm is one of "+rulefile.OneOf(algorithms))
		if out.method = jwt.GetSigningMethod(name); name != "" && !slices.Contains(algorithms, name) {
			r.Errorf(rulefile.Start(g.Value), "there is no algorithm %q; allowed are %s", name, rulefile.OneOf(algorithms))
		}
	} else {
		r.Errorf(f.Key, "algorithm is missing in jwt; it is one of %s", rulefile.OneOf(algorithms))
	}
	if g, ok := fields["key-file"]; ok {
		out.keyFile, _ = r.Scalar(g.Value, "key-file is the path of a private key in PEM, or of a secret for HS256")
	} else {
		r.Errorf(f.Key, "key-file is missing in jwt")
	}
	if g, ok := fields["key-id"]; ok {
		out.keyID, _ = r.Scalar(g.Value, "key-id is the kid of the token's header")
	}
	if g, ok := fields["expires"]; ok {
		out.life = r.duration(g, "expires is how long a token is valid, such as 10m")
	}
	r.claims(out, f, fields)
	return out
}

func (r *reader) claims(out *signer, owner rulefile.Field, fields rulefile.Fields) {
	g, ok := fields["claims"]
	if !ok {
		r.Errorf(owner.Key, "claims is missing in jwt: keep for those of the recorded token, or a mapping")
		return
	}
	if text, ok := rulefile.TextOf(g.Value); ok && text == "keep" {
		return
	}
	if _, ok := g.Value.(ast.MapNode); !ok {
		r.Errorf(rulefile.Start(g.Value), "claims is keep or a mapping, not %s", r.Describe(g.Value))
		return
	}
	out.claims = r.jsonValue(g)
	if out.life == 0 {
		out.life = defaultLife
	}
}
