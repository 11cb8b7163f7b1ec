package export

// goImports are those of the runner, which uses them all.
const goImports = `
import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/stretchr/testify/require"
)
`

// goRunner runs the tables of the tests. It is formatted, as the test of the golden
// file holds it against gofmt.
const goRunner = `
type contractCase struct {
	id    string
	steps []contractStep
}

// contractStep is one request and what is right of its answer.
type contractStep struct {
	method, target, path string
	header               [][2]string
	body                 string
	credentials          []contractSecret
	allow, want, refuse  []string // statuses; those allowed go before those refused
	uses                 []string // the values of earlier answers in it
	gives                []contractValue
}

// contractSecret is a field whose value is in the environment.
type contractSecret struct {
	in, name, prefix, env, wrong string
}

// contractValue is a value that an answer gives to later requests.
type contractValue struct {
	name, from, as string
}

const contractTimeout = 30 * time.Second

var contractClient = &http.Client{
	Timeout:       contractTimeout,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

var contractDocument = sync.OnceValues(func() (*openapi3.T, error) {
	loader := openapi3.NewLoader()
	loader.IsExternalRefsAllowed = true
	return loader.LoadFromFile(document)
})

func runContract(t *testing.T, cases []contractCase) {
	t.Helper()
	provider := os.Getenv("PROVIDER_URL")
	if provider == "" {
		t.Skip("PROVIDER_URL is not set to the URL of the provider")
	}
	base, err := url.Parse(strings.TrimSuffix(provider, "/"))
	require.NoError(t, err)
	for _, c := range cases {
		t.Run(c.id, func(t *testing.T) {
			values := map[string]string{}
			for i := range c.steps {
				c.steps[i].run(t, base, values)
			}
		})
	}
}

func (s *contractStep) run(t *testing.T, base *url.URL, values map[string]string) {
	t.Helper()
	req := s.request(t, base, values)
	res, err := contractClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	status := strconv.Itoa(res.StatusCode)
	right := statusFits(s.allow, status) || (len(s.want) == 0 || statusFits(s.want, status)) && !statusFits(s.refuse, status)
	require.True(t, right, "%s %s is answered %s, want %v, not %v: %.500s", s.method, s.target, status, s.want, s.refuse, body)
	require.NoError(t, s.conforms(t, req, res, body))
	for _, v := range s.gives {
		v.take(t, res, body, values)
	}
}

// statusFits reports whether a status fits one of the patterns, such as "4XX".
func statusFits(patterns []string, status string) bool {
	for _, p := range patterns {
		if p == "default" || p == status || len(p) == 3 && strings.EqualFold(p[1:], "XX") && p[0] == status[0] {
			return true
		}
	}
	return false
}

func (s *contractStep) request(t *testing.T, base *url.URL, values map[string]string) *http.Request {
	t.Helper()
	var pairs []string
	for _, name := range s.uses {
		for _, form := range []string{"", "_uri", "_json"} {
			pairs = append(pairs, "{{"+name+form+"}}", values[name+form])
		}
	}
	fill := strings.NewReplacer(pairs...).Replace
	req, err := http.NewRequestWithContext(t.Context(), s.method, base.String(), strings.NewReader(fill(s.body)))
	require.NoError(t, err)
	for _, field := range s.header {
		if strings.EqualFold(field[0], "Host") {
			req.Host = fill(field[1])
			continue
		}
		req.Header[field[0]] = append(req.Header[field[0]], fill(field[1]))
	}
	target := fill(s.target)
	for _, secret := range s.credentials {
		target = secret.add(t, req, target)
	}
	// Opaque is sent as it is, escapes that are wrong too.
	req.URL.Opaque = base.EscapedPath() + target
	if strings.HasPrefix(req.URL.Opaque, "//") {
		req.URL, err = url.Parse(base.String() + target)
		require.NoError(t, err)
	}
	return req
}

func (c *contractSecret) add(t *testing.T, req *http.Request, target string) string {
	t.Helper()
	secret := c.wrong
	if secret == "" {
		secret = os.Getenv(c.env)
	}
	if secret == "" {
		t.Skipf("%s is not set to credentials", c.env)
	}
	switch c.in {
	case "query":
		sign := "?"
		if strings.Contains(target, "?") {
			sign = "&"
		}
		return target + sign + url.QueryEscape(c.name) + "=" + url.QueryEscape(secret)
	case "cookie":
		req.AddCookie(&http.Cookie{Name: c.name, Value: secret})
	default:
		req.Header.Set(c.name, c.prefix+secret)
	}
	return target
}

// conforms holds an answer against the document, its body where it is JSON.
func (s *contractStep) conforms(t *testing.T, req *http.Request, res *http.Response, body []byte) error {
	t.Helper()
	if s.path == "" {
		return nil // a method that the document does not declare
	}
	spec, err := contractDocument()
	require.NoError(t, err)
	item := spec.Paths.Value(s.path)
	require.NotNil(t, item, "the document has no path %s", s.path)
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{
			Request: req,
			Route:   &routers.Route{Spec: spec, Path: s.path, PathItem: item, Method: s.method, Operation: item.GetOperation(s.method)},
		},
		Status: res.StatusCode, Header: res.Header,
		Options: &openapi3filter.Options{
			MultiError:          true,
			ExcludeResponseBody: s.method == http.MethodHead || !strings.Contains(res.Header.Get("Content-Type"), "json"),
		},
	}
	return openapi3filter.ValidateResponse(t.Context(), input.SetBodyBytes(body))
}

// take keeps a value as it is, as it stands in a target, and as JSON.
func (v *contractValue) take(t *testing.T, res *http.Response, body []byte, values map[string]string) {
	t.Helper()
	part, name, _ := strings.Cut(v.from, " ")
	var found any
	switch part {
	case "header":
		found = res.Header.Get(name)
	case "status":
		found = json.Number(strconv.Itoa(res.StatusCode))
	default:
		decoder := json.NewDecoder(strings.NewReader(string(body)))
		decoder.UseNumber()
		require.NoError(t, decoder.Decode(&found))
		found = lookUp(found, name)
	}
	text := fmt.Sprint(found)
	require.False(t, found == nil || text == "", "the answer has nothing at %s", v.from)
	escaped := url.PathEscape(text)
	switch v.as {
	case "segment":
		text, _, _ = strings.Cut(text, "?")
		text = strings.TrimRight(text, "/")
		text = text[strings.LastIndexByte(text, '/')+1:]
		found, escaped = text, text
	case "target":
		u, err := url.Parse(text)
		require.NoError(t, err)
		text = u.RequestURI()
		found, escaped = text, text
	}
	encoded, err := json.Marshal(found)
	require.NoError(t, err)
	values[v.name], values[v.name+"_uri"], values[v.name+"_json"] = text, escaped, string(encoded)
}

// lookUp returns what a JSON pointer (RFC 6901) leads to, nil where there is
// nothing.
func lookUp(tree any, pointer string) any {
	for _, token := range strings.Split(pointer, "/")[1:] {
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		switch node := tree.(type) {
		case map[string]any:
			tree = node[token]
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(node) {
				return nil
			}
			tree = node[i]
		default:
			return nil
		}
	}
	return tree
}
`
