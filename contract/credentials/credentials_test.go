package credentials

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/curl"
	"twinspect.dev/contract"
	"twinspect.dev/contract/message"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/run"
	"twinspect.dev/contract/schema"
	"twinspect.dev/replay"
)

var _ run.Credentials = (*Store)(nil)

const shop = `
openapi: 3.0.3
info: {title: shop, version: "1"}
paths:
  /bearer: {get: {security: [{bearer: []}], responses: {"200": {description: ok}}}}
  /basic: {get: {security: [{basic: []}], responses: {"200": {description: ok}}}}
  /header: {get: {security: [{header: []}], responses: {"200": {description: ok}}}}
  /query: {get: {security: [{query: []}], responses: {"200": {description: ok}}}}
  /cookie: {get: {security: [{cookie: []}], responses: {"200": {description: ok}}}}
  /oauth: {get: {security: [{oauth: [read, list]}], responses: {"200": {description: ok}}}}
  /oauth2: {get: {security: [{oauth: [write]}], responses: {"200": {description: ok}}}}
  /digest: {get: {security: [{digest: []}], responses: {"200": {description: ok}}}}
  /both: {get: {security: [{header: [], query: []}], responses: {"200": {description: ok}}}}
  /either: {get: {security: [{oauth: []}, {query: []}, {header: []}], responses: {"200": {description: ok}}}}
  /optional: {get: {security: [{}, {bearer: []}], responses: {"200": {description: ok}}}}
  /cert: {get: {security: [{cert: []}, {header: []}], responses: {"200": {description: ok}}}}
  /open: {get: {responses: {"200": {description: ok}}}}
  /login:
    post:
      requestBody: {content: {application/json: {schema: {type: object}}}}
      responses: {"200": {description: ok}}
components:
  securitySchemes:
    bearer: {type: http, scheme: bearer}
    basic: {type: http, scheme: basic}
    digest: {type: http, scheme: digest}
    header: {type: apiKey, in: header, name: X-Key}
    query: {type: apiKey, in: query, name: key}
    cookie: {type: apiKey, in: cookie, name: sid}
    cert: {type: mutualTLS}
    oauth: {type: oauth2, flows: {clientCredentials: {tokenUrl: "TOKENURL", scopes: {read: r, list: l, write: w}}}}
`

func document(t testing.TB, tokenURL string) *openapi.Document {
	t.Helper()
	doc, err := openapi.Parse("shop.yaml", []byte(strings.ReplaceAll(shop, "TOKENURL", tokenURL)))
	require.NoError(t, err)
	return doc
}

var environment = map[string]string{
	"TOKEN": "s3cret-Token-0123456789", "PASS": "ada:hunter2-secret", "KEY": "0a1b2c3d-4e5f", "SECRET": "cl1ent-s3cret", "SHORT": "abc",
}

func lookup(name string) (string, bool) {
	v, ok := environment[name]
	return v, ok
}

func config(t testing.TB, flags ...string) Config {
	return Config{Document: document(t, "http://127.0.0.1:1/token"), Flags: flags, Lookup: lookup}
}

func store(t testing.TB, c Config) *Store {
	t.Helper()
	s, err := New(t.Context(), c)
	require.NoError(t, err)
	return s
}

func withFile(t testing.TB, c Config, text string) Config {
	t.Helper()
	c.File = filepath.Join(t.TempDir(), "auth.yaml")
	require.NoError(t, os.WriteFile(c.File, []byte(text), 0o600))
	return c
}

// applied returns the request to a path with credentials, target first.
func applied(t testing.TB, s *Store, c Config, path string, which contract.Credentials, fields ...string) []string {
	t.Helper()
	req := capture.Request{Method: "GET", Target: path}
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ": ")
		req.Header = append(req.Header, capture.Field{Name: name, Value: value})
	}
	plain, _, _ := strings.Cut(path, "?")
	require.NoError(t, s.Apply(t.Context(), c.Document.Operation("GET "+plain), which, &req))
	return lines(&req)
}

func lines(req *capture.Request) []string {
	out := []string{req.Target}
	for _, f := range req.Header {
		out = append(out, f.Name+": "+f.Value)
	}
	return out
}

func basic(text string) string {
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(text))
}

func TestEachSchemeHasItsPlace(t *testing.T) {
	c := config(t, "bearer=env:TOKEN", "basic=env:PASS", "header=env:KEY", "query=env:KEY", "cookie=env:KEY")
	s := store(t, c)
	for path, want := range map[string][]string{
		"/bearer":        {"/bearer", "Authorization: Bearer s3cret-Token-0123456789"},
		"/basic":         {"/basic", basic("ada:hunter2-secret")},
		"/header":        {"/header", "X-Key: 0a1b2c3d-4e5f"},
		"/query":         {"/query?key=0a1b2c3d-4e5f"},
		"/query?a=1":     {"/query?a=1&key=0a1b2c3d-4e5f"},
		"/query?key=x&a": {"/query?a&key=0a1b2c3d-4e5f"},
		"/cookie":        {"/cookie", "Cookie: sid=0a1b2c3d-4e5f"},
		"/both":          {"/both?key=0a1b2c3d-4e5f", "X-Key: 0a1b2c3d-4e5f"},
		"/either":        {"/either?key=0a1b2c3d-4e5f"},
		"/optional":      {"/optional", "Authorization: Bearer s3cret-Token-0123456789"},
		"/cert":          {"/cert", "X-Key: 0a1b2c3d-4e5f"},
		"/open":          {"/open"},
	} {
		assert.Equal(t, want, applied(t, s, c, path, ""), path)
	}
	assert.Equal(t, []string{"/cookie", "A: 1", "Cookie: b=2; c=3; sid=0a1b2c3d-4e5f"},
		applied(t, s, c, "/cookie", "", "A: 1", "Cookie: b=2; sid=old", "cookie: c=3"))
}

func TestWithoutCredentialsNoneAreLeft(t *testing.T) {
	for _, flags := range [][]string{nil, {"bearer=env:TOKEN", "header=env:KEY", "query=env:KEY", "cookie=env:KEY"}} {
		c := config(t, flags...)
		s := store(t, c)
		assert.Equal(t, []string{"/bearer", "A: 1"}, applied(t, s, c, "/bearer", contract.NoCredentials, "authorization: x", "A: 1"))
		assert.Equal(t, []string{"/both?a=1"}, applied(t, s, c, "/both?key=x&a=1", contract.NoCredentials, "x-key: x"))
		assert.Equal(t, []string{"/cookie", "Cookie: a=1"}, applied(t, s, c, "/cookie", contract.NoCredentials, "Cookie: sid=x; a=1"))
		assert.Equal(t, []string{"/open", "Authorization: x"}, applied(t, s, c, "/open", contract.NoCredentials, "Authorization: x"))
	}
}

func TestWrongCredentialsHaveTheFormOfTheRightOnes(t *testing.T) {
	c := config(t, "bearer=env:TOKEN", "basic=env:PASS", "header=env:KEY")
	s := store(t, c)
	wrong := applied(t, s, c, "/bearer", contract.WrongCredentials)
	assert.Regexp(t, `^Authorization: Bearer [A-Za-z0-9]{6}-[A-Za-z0-9]{5}-[A-Za-z0-9]{10}$`, wrong[1])
	assert.NotContains(t, wrong[1], environment["TOKEN"])
	assert.Equal(t, wrong, applied(t, store(t, c), c, "/bearer", contract.WrongCredentials), "they are the same in each run")
	assert.Equal(t, []string{"/basic", basic("ada:wrong-Vq7mT2xZk9")}, applied(t, s, c, "/basic", contract.WrongCredentials))
	assert.Regexp(t, `^X-Key: [0-9a-f]{8}-[0-9a-f]{4}$`, applied(t, s, c, "/header", contract.WrongCredentials)[1])
	assert.Equal(t, []string{"/open"}, applied(t, s, c, "/open", contract.WrongCredentials))
}

func TestWrongCredentialsAreMadeUpWhereThereAreNone(t *testing.T) {
	c := config(t)
	s := store(t, c)
	assert.Equal(t, []string{"/bearer"}, applied(t, s, c, "/bearer", ""))
	assert.Regexp(t, `^Authorization: Bearer [0-9a-f]{32}$`, applied(t, s, c, "/bearer", contract.WrongCredentials)[1])
	assert.Equal(t, []string{"/basic", basic("nobody:wrong-Vq7mT2xZk9")}, applied(t, s, c, "/basic", contract.WrongCredentials))
}

func TestAWrongJSONWebTokenHasItsClaimsAndAnotherSignature(t *testing.T) {
	right := "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ." + base64.RawURLEncoding.EncodeToString(make([]byte, 32))
	wrong := (&scheme{Scheme: &openapi.Scheme{Name: "bearer", Type: "http", Scheme: "bearer"}}).wrong(right)
	assert.Equal(t, right[:37], wrong[:37])
	assert.NotEqual(t, right, wrong)
	signature, err := base64.RawURLEncoding.Strict().DecodeString(wrong[strings.LastIndexByte(wrong, '.')+1:])
	require.NoError(t, err)
	assert.Len(t, signature, 32)
}

func TestWrongIsNeverRight(t *testing.T) {
	s := &scheme{Scheme: &openapi.Scheme{Name: "k", Type: "apiKey"}}
	for c := range 128 {
		for _, right := range []string{string(rune(c)), "Token " + string(rune(c)), strings.Repeat(string(rune(c)), 3)} {
			assert.NotEqual(t, right, s.wrong(right))
		}
	}
}

func TestOperationsWhoseCredentialsAreMissingAreToldAndNotAsked(t *testing.T) {
	c := config(t, "header=env:KEY")
	s := store(t, c)
	gaps := map[string]contract.Gap{}
	for _, g := range s.Missing() {
		gaps[g.Operation] = g
	}
	assert.Equal(t, contract.Gap{
		Operation: "GET /bearer", At: "header Authorization", Rule: contract.RuleCredentials,
		Why: "no credentials for bearer (HTTP bearer); give bearer=env:NAME, a file or a command",
	}, gaps["GET /bearer"])
	assert.Contains(t, gaps["GET /digest"].Why, `HTTP authentication "digest" of digest is not supported`)
	assert.Contains(t, gaps["GET /both"].Why, "no credentials for query (key in query key)")
	for _, op := range []string{"GET /header", "GET /either", "GET /cert", "GET /open", "GET /optional"} {
		assert.NotContains(t, gaps, op)
	}
	err := s.Apply(t.Context(), c.Document.Operation("GET /bearer"), "", &capture.Request{Target: "/"})
	require.EqualError(t, err, "no credentials for bearer (HTTP bearer)")
	assert.Len(t, store(t, config(t)).Missing(), 10)
}

func TestANilStoreLeavesRequestsAlone(t *testing.T) {
	var s *Store
	req := capture.Request{Target: "/bearer"}
	require.NoError(t, s.Apply(t.Context(), document(t, "").Operation("GET /bearer"), contract.WrongCredentials, &req))
	assert.False(t, s.Renew(t.Context(), nil))
	masked, names := s.Mask(&req)
	assert.Equal(t, req, masked)
	assert.Empty(t, names)
	assert.Empty(t, s.Missing())
	assert.Equal(t, "no credentials", fmt.Sprint(s))
}

func TestFlagsThatAreWrongAreAllTold(t *testing.T) {
	_, err := New(t.Context(), config(t, "bearer=s3cret", "s3cret=", "s3cret", "baerer=env:TOKEN", "bearer=env:NONE", "basic=file:", "digest=env:TOKEN", "cert=env:TOKEN"))
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "s3cret")
	assert.Equal(t, 3, strings.Count(err.Error(), "a secret on a command line is seen by all who list the processes"))
	assert.Contains(t, err.Error(), `the document has no security scheme "baerer" (did you mean "bearer"?); it has basic, bearer, cert, cookie, digest, header, oauth, query`)
	assert.Contains(t, err.Error(), "credentials bearer=env: the environment variable NONE is not set")
	assert.Contains(t, err.Error(), "credentials basic=file: nothing stands after the colon of file")
	assert.Contains(t, err.Error(), `"digest" of digest is not supported`)
	assert.Contains(t, err.Error(), "cert wants a client's certificate")
}

func TestNoMistakeInTheFileRepeatsWhatStandsThere(t *testing.T) {
	for _, text := range []string{
		"s3cret", "version: 1\nschemes: {bearer: {value: s3cret", "version: 1\nschemes: {bearer: s3cret}", "version: 1\nschemes: s3cret",
		"version: 1\nschemes: {bearer: {value: [s3cret]}}", "version: 1\nschemes: {bearer: {value: &s3cret x}}", "version: 1\nschemes:\n  bearer: {value: \"s3cret\\x01s\"}",
		"version: 1\nschemes:\n\tbearer: s3cret", "version: 1\nschemes:\n  bearer: {value: \"s3cret}", "version: 1\nschemes:\n  bearer: {value: !!int s3cret}",
		"version: 1\nschemes:\n  bearer: {login: {method: s3cret, path: 's3cret', form: s3cret, headers: {a: [s3cret]}, every: s3cret, token-cookie: a}}",
	} {
		_, err := New(t.Context(), withFile(t, config(t), text))
		require.Error(t, err, text)
		assert.NotContains(t, err.Error(), "s3cret", text)
	}
}

func TestCredentialsThatCannotBeHadEndTheRunBeforeItBegins(t *testing.T) {
	for flag, want := range map[string]string{
		"bearer=file:/nonexistent":             "credentials for bearer: read token file: open /nonexistent",
		"bearer=command:echo s3cret; exit 3":   "credentials for bearer: run command: exit status 3",
		"basic=command:echo s3cret":            "credentials for basic: there is no colon in it; it is user:password",
		"cookie=command:echo 's3cret; Path=/'": "credentials for cookie: it cannot be the value of a cookie",
	} {
		_, err := New(t.Context(), config(t, flag))
		require.ErrorContains(t, err, want)
		assert.NotContains(t, err.Error(), "s3cret")
	}
}

func TestMistakesInTheFileAreAllToldWithTheirPlacesAndWithoutValues(t *testing.T) {
	c := withFile(t, config(t), `version: 1
schemes:
  bearer: {value: s3cret, env: TOKEN}
  baerer: {env: TOKEN}
  basic: {env: NONE}
  header: {value: "s3cret${NONE}"}
  query: {command: {timeout: 5m, refresh: s3cret}}
  cookie: {login: {operation: POST /s3cret, token: "s3cret[", token-header: X}}
  oauth: {oauth2: {client-id: a, token-url: "s3cret", client-secert: s3cret}}
  cert: {value: s3cret}
  digest: {value: s3cret}
`)
	_, err := New(t.Context(), c)
	require.Error(t, err)
	text := strings.ReplaceAll(err.Error(), c.File, "auth.yaml")
	for _, want := range []string{
		"auth.yaml:3:3: bearer has exactly one of", `auth.yaml:4:3: unknown key "baerer"`, "auth.yaml:5:16: the environment variable NONE is not set",
		"auth.yaml:6:19: the environment variable NONE is not set", "auth.yaml:7:11: line is missing in command",
		"auth.yaml:7:30: timeout is at most 30s", "auth.yaml:7:43: refresh is", "auth.yaml:8:12: a login needs a provider",
		"auth.yaml:8:31: the document has no such operation", "auth.yaml:8:12: login has exactly one of",
		`unknown key "client-secert" in oauth2 (did you mean "client-secret"?)`, "client-secret is missing in oauth2", "token-url is a URL",
		"auth.yaml:10:3: cert wants a client's certificate", `auth.yaml:11:3: HTTP authentication "digest"`,
	} {
		assert.Contains(t, text, want)
	}
	assert.NotContains(t, text, "s3cret")
}

// provider answers by a handler.
type provider struct{ http.Handler }

func (p provider) Send(_ context.Context, ask *replay.Ask) replay.Answer {
	r := httptest.NewRequest(ask.Request.Method, ask.Request.Target, strings.NewReader(string(ask.Request.Body)))
	for _, f := range ask.Request.Header {
		r.Header.Add(f.Name, f.Value)
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	a := replay.Answer{Request: ask.Request, Response: capture.Response{Status: w.Code}}
	for name, values := range w.Header() {
		for _, v := range values {
			a.Response.Header = append(a.Response.Header, capture.Field{Name: name, Value: v})
		}
	}
	a.Response.Body = w.Body.Bytes()
	return a
}

func loginConfig(t *testing.T, text string, handler http.HandlerFunc) Config {
	c := config(t)
	schemas := schema.New(c.Document)
	c.Sender, c.Codec = provider{handler}, message.New(c.Document, schemas)
	return withFile(t, c, "version: 1\nschemes:\n"+text)
}

func TestALoginGivesTheTokenThatTheAnswerHas(t *testing.T) {
	for text, want := range map[string][]string{
		`  bearer: {login: {operation: POST /login, body: {user: ada, password: "${SECRET}", n: 1}, token: $.data.token}}`:                                  {"/bearer", "Authorization: Bearer in-the-body"},
		`  header: {login: {method: post, path: /login, body: {user: ada, password: "${SECRET}", n: 1}, token-header: X-Token, headers: {X-Tenant: shop}}}`: {"/header", "X-Key: in-a-header"},
		`  cookie: {login: {method: POST, path: /login, form: {user: ada, password: "${SECRET}", n: 1}, token-cookie: session}}`:                            {"/cookie", "Cookie: sid=in-a-cookie"},
	} {
		c := loginConfig(t, text+"\n", func(w http.ResponseWriter, r *http.Request) {
			got := map[string]any{}
			if r.Header.Get("Content-Type") == "application/json" {
				assert.NoError(t, json.NewDecoder(r.Body).Decode(&got))
			} else {
				got["user"], got["password"], got["n"] = r.PostFormValue("user"), r.PostFormValue("password"), 1.0
			}
			assert.Equal(t, map[string]any{"user": "ada", "password": "cl1ent-s3cret", "n": 1.0}, got)
			assert.Equal(t, "POST /login", r.Method+" "+r.URL.Path)
			w.Header().Add("Set-Cookie", "a=b")
			w.Header().Add("Set-Cookie", "session=in-a-cookie; HttpOnly; Path=/")
			w.Header().Set("X-Token", "in-a-header")
			fmt.Fprint(w, `{"data":{"token":"in-the-body"}}`)
		})
		assert.Equal(t, want, applied(t, store(t, c), c, want[0], ""), text)
	}
}

func TestAFailingLoginTellsNothingOfItsAnswer(t *testing.T) {
	for body, want := range map[string]string{
		"s3cret": "is not JSON", `{"tok":"s3cret"}`: `has no text at $["token"]`, `{"token":{"a":"s3cret"}}`: "has no text",
		`{"token":"s3cret\n"}`: "it is no credential", "401 s3cret": "log in: answered 401",
	} {
		c := loginConfig(t, "  bearer: {login: {operation: POST /login, token: $.token}}\n", func(w http.ResponseWriter, _ *http.Request) {
			if strings.HasPrefix(body, "401") {
				w.WriteHeader(http.StatusUnauthorized)
			}
			fmt.Fprint(w, body)
		})
		_, err := New(t.Context(), c)
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "s3cret")
		if !strings.Contains(want, "credential") {
			assert.ErrorContains(t, err, want)
		}
	}
}

func TestManyRequestsShareOneLoginAndOneRenewal(t *testing.T) {
	var logins atomic.Int64
	c := loginConfig(t, "  bearer: {login: {operation: POST /login, token: $.token}}\n", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"token":"token-%d"}`, logins.Add(1))
	})
	s := store(t, c)
	var clock atomic.Int64
	s.now = func() time.Time { return time.Now().Add(time.Duration(clock.Load())) }
	op := c.Document.Operation("GET /bearer")
	assert.False(t, s.Renew(t.Context(), op), "a token of less than a second is not to blame")
	clock.Store(int64(2 * time.Second))
	var wait sync.WaitGroup
	for range 16 {
		wait.Go(func() { assert.True(t, s.Renew(t.Context(), op)) })
	}
	wait.Wait()
	assert.Equal(t, int64(2), logins.Load())
	assert.Equal(t, "Authorization: Bearer token-2", applied(t, s, c, "/bearer", "")[1])
	clock.Store(int64(time.Minute))
	assert.False(t, s.Renew(t.Context(), c.Document.Operation("GET /open")))
	assert.True(t, s.Renew(t.Context(), op))
	assert.Equal(t, int64(3), logins.Load())
}

func TestWhatIsGivenByTheEnvironmentIsNotRenewed(t *testing.T) {
	c := config(t, "bearer=env:TOKEN")
	assert.False(t, store(t, c).Renew(t.Context(), c.Document.Operation("GET /bearer")))
}

func TestOAuthAsksForTheScopesOfTheOperationOnceEach(t *testing.T) {
	var mu sync.Mutex
	var asked []string
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, secret, _ := r.BasicAuth()
		assert.Equal(t, "ci cl1ent-s3cret", id+" "+secret)
		mu.Lock()
		asked = append(asked, r.FormValue("scope"))
		mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"access_token":"for-%s","token_type":"Bearer","expires_in":3600}`, strings.ReplaceAll(r.FormValue("scope"), " ", "-"))
	}))
	defer endpoint.Close()
	c := config(t)
	c.Document = document(t, endpoint.URL)
	c = withFile(t, c, "version: 1\nschemes:\n  oauth: {oauth2: {client-id: ci, client-secret: '${SECRET}'}}\n")
	s := store(t, c)
	for range 3 {
		assert.Equal(t, "Authorization: Bearer for-list-read", applied(t, s, c, "/oauth", "")[1])
		assert.Equal(t, "Authorization: Bearer for-write", applied(t, s, c, "/oauth2", "")[1])
	}
	assert.ElementsMatch(t, []string{"", "list read", "write"}, asked)
}

func TestSecretsAreMaskedByVariablesAndWrongCredentialsAreNot(t *testing.T) {
	c := config(t, "bearer=env:TOKEN", "basic=env:PASS", "header=env:SHORT", "query=env:KEY", "cookie=env:SHORT")
	s := store(t, c)
	for path, want := range map[string][]string{
		"/bearer": {"/bearer", "Authorization: Bearer $BEARER"},
		"/basic":  {"/basic", "Authorization: Basic $BASIC"},
		"/both":   {"/both?key=$QUERY", "X-Key: $HEADER"},
		"/cookie": {"/cookie", "Cookie: abcd=abc; sid=$COOKIE"},
	} {
		req := capture.Request{Method: "GET", Target: path, Message: capture.Message{Header: capture.Header{{Name: "Cookie", Value: "abcd=abc"}}}}
		if path != "/cookie" {
			req.Header = nil
		}
		op := c.Document.Operation("GET " + path)
		require.NoError(t, s.Apply(t.Context(), op, "", &req))
		before := lines(&req)
		masked, names := s.Mask(&req)
		assert.Equal(t, want, lines(&masked))
		assert.Equal(t, before, lines(&req), "the request stays as it is")
		assert.Len(t, names, len(want)-1+strings.Count(want[0], "$"))
		require.NoError(t, s.Apply(t.Context(), op, contract.WrongCredentials, &req))
		masked, names = s.Mask(&req)
		assert.Equal(t, lines(&req), lines(&masked))
		assert.Empty(t, names)
	}
	elsewhere := capture.Request{Method: "GET", Target: "/?a=x" + environment["KEY"], Message: capture.Message{Header: capture.Header{{Name: "X", Value: "abc " + environment["TOKEN"]}}}}
	elsewhere.Body = []byte(`{"token":"` + environment["TOKEN"] + `"}`)
	masked, names := s.Mask(&elsewhere)
	assert.Equal(t, []string{"/?a=x$QUERY", "X: abc $BEARER"}, lines(&masked))
	assert.Equal(t, `{"token":"$BEARER"}`, string(masked.Body))
	assert.Equal(t, []string{"BEARER", "QUERY"}, names)
	assert.Contains(t, curl.Line(&url.URL{Scheme: "http", Host: "h"}, &masked, names...), `"$BEARER"`)
}

func TestVariablesAreNamesOfAShellAndUnique(t *testing.T) {
	taken := make(map[string]bool)
	for _, x := range [][2]string{{"bearer-auth", "BEARER_AUTH"}, {"bearer.auth", "BEARER_AUTH_2"}, {"path", "PATH_SECRET"}, {"1st", "_1ST"}, {"ключ", "_____SECRET"}, {"", "__SECRET"}} {
		assert.Equal(t, x[1], variableOf(x[0], taken), x[0])
	}
}

func TestNoWayOfPrintingShowsASecret(t *testing.T) {
	c := withFile(t, config(t, "header=command:echo s3cret-of-command"), "version: 1\nschemes: {bearer: {env: TOKEN}, basic: {value: '${PASS}'}}\n")
	s := store(t, c)
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "s", s, "in", []any{s})
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "s", s, "in", []any{s})
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&log, verb, s)
		fmt.Fprintf(&log, verb, struct{ S any }{s})
	}
	text, err := json.Marshal(map[string]any{"s": s})
	require.NoError(t, err)
	log.Write(text)
	for _, secret := range []string{environment["TOKEN"], "hunter2", "s3cret-of-command"} {
		assert.NotContains(t, log.String(), secret)
	}
	assert.Contains(t, log.String(), "credentials for basic, bearer, header")
}

func BenchmarkApply(b *testing.B) {
	c := config(b, "bearer=env:TOKEN", "query=env:KEY")
	s := store(b, c)
	for _, path := range []string{"/bearer", "/query"} {
		op := c.Document.Operation("GET " + path)
		b.Run(path[1:], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				req := capture.Request{Target: path}
				if err := s.Apply(b.Context(), op, "", &req); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func FuzzFile(f *testing.F) {
	for _, seed := range []string{
		"version: 1\nschemes: {bearer: {env: TOKEN}, basic: {value: '${PASS}'}}\n",
		"version: 1\nschemes:\n  oauth: {oauth2: {client-id: a, client-secret: b, scopes: [a], audience: c, token-url: 'http://h/'}}\n",
		"version: 1\nschemes:\n  cookie: {login: {operation: POST /login, body: {a: [1, null, true, x]}, headers: {A: b}, token: '$.a[0]', every: 1m}}\n",
		"version: 1\nschemes:\n  query: {login: {method: POST, path: /login, form: {a: b}, token-cookie: c}}\n  header: {command: {line: x, timeout: 1s}}\n",
	} {
		f.Add(seed)
	}
	doc := document(f, "http://127.0.0.1:1/token")
	codec := message.New(doc, schema.New(doc))
	f.Fuzz(func(_ *testing.T, text string) {
		c := Config{Document: doc, File: "auth.yaml", Lookup: lookup, Codec: codec, Sender: provider{http.NotFoundHandler()}}
		s := &Store{schemes: schemesOf(doc), holders: make(map[string]*holder), now: time.Now}
		if s.parse(&c, []byte(text)) != nil {
			return
		}
		for _, op := range doc.Operations {
			s.plan(op)
		}
	})
}

func FuzzRequest(f *testing.F) {
	f.Add("/a?key=x&key", "sid=1; a=b", "s3cret-Token")
	f.Add("/?", ";;=;sid", "eyJ.e.x")
	doc := document(f, "http://127.0.0.1:1/token")
	f.Fuzz(func(t *testing.T, target, cookie, value string) {
		for _, s := range schemesOf(doc) {
			req := capture.Request{Target: target, Message: capture.Message{Header: capture.Header{{Name: "Cookie", Value: cookie}}}}
			wrong := s.wrong(value)
			assert.NotEqual(t, value, wrong)
			s.place.put(&req, wrong)
			s.place.strip(&req)
			again := req
			s.place.strip(&again)
			assert.Equal(t, lines(&req), lines(&again))
		}
	})
}
