package openapi

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// write puts files into a folder and returns the path of one of them.
func write(t *testing.T, files map[string]string, first string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	return filepath.Join(dir, first)
}

func parse(t *testing.T, text string) *Document {
	t.Helper()
	d, err := Parse("spec.yaml", []byte(text))
	require.NoError(t, err)
	return d
}

// messages returns the problems as "operation: message".
func messages(d *Document) []string {
	var list []string
	for _, p := range d.Problems {
		list = append(list, p.Operation+": "+p.Message)
	}
	return list
}

func TestParametersOfThePathItemAreMergedWithThoseOfTheOperation(t *testing.T) {
	d := load(t, "model.yaml")
	require.Empty(t, d.Problems)
	op := d.Operation("GET /orders/{id}")
	require.NotNil(t, op)
	type row struct {
		In, Name, Style    string
		Explode, Required  bool
		MediaType, Pointer string
	}
	var got []row
	for _, p := range op.Parameters {
		_, pointer := p.Schema.Split()
		got = append(got, row{p.In, p.Name, p.Style, p.Explode, p.Required, p.MediaType, pointer})
	}
	assert.Equal(t, []row{
		{"path", "id", "simple", false, true, "", "/components/parameters/Id/schema"},
		{"query", "tags", "pipeDelimited", false, false, "", "/paths/~1orders~1{id}/get/parameters/0/schema"},
		{"query", "filter", "form", true, false, "application/json", "/paths/~1orders~1{id}/get/parameters/1/content/application~1json/schema"},
		{"header", "x-trace", "simple", false, true, "", "/paths/~1orders~1{id}/get/parameters/2/schema"},
		{"cookie", "session", "form", true, false, "", "/paths/~1orders~1{id}/parameters/2/schema"},
	}, got)
	assert.Equal(t, "getOrder", op.ID)
	assert.Equal(t, []string{"/v1"}, op.BasePaths)
	assert.Equal(t, "GET /orders/{id}", d.Name("GET", "/v1/orders/7"))
	assert.Equal(t, []string{"DELETE", "GET"}, d.Methods("/orders/{id}"))
}

func TestBodiesResponsesHeadersAndLinks(t *testing.T) {
	d := load(t, "model.yaml")
	op := d.Operation("POST /orders")
	require.NotNil(t, op)
	require.NotNil(t, op.Body)
	assert.True(t, op.Body.Required)
	require.Len(t, op.Body.Media, 2)
	assert.Equal(t, "application/json", op.Body.Media[0].Type)
	assert.Equal(t, []Example{
		{Name: "big", Value: map[string]any{"total": json.Number("12345678901234567890.10")}, Place: d.Root().Join("components", "examples", "Big", "value")},
	}, op.Body.Media[0].Examples)
	assert.Equal(t, map[string]Encoding{"file": {ContentType: "image/png", Style: "form", Explode: true, Headers: []*Parameter{
		{Name: "X-Part", In: "header", Style: "simple", Schema: d.Root().Join("components", "headers", "Part", "schema"), Place: d.Root().Join("components", "headers", "Part")},
	}}}, op.Body.Media[1].Encoding)

	var statuses []string
	for _, r := range op.Responses {
		statuses = append(statuses, r.Status)
	}
	assert.Equal(t, []string{"201", "4XX", "default"}, statuses)
	created := op.Responses[0]
	require.Len(t, created.Headers, 1)
	assert.Equal(t, "Location", created.Headers[0].Name)
	var leads []string
	for _, l := range created.Links {
		leads = append(leads, l.Name+" "+l.Operation)
	}
	assert.Equal(t, []string{"cancel DELETE /orders/{id}", "read GET /orders/{id}"}, leads)
	assert.Equal(t, map[string]any{"id": "$response.body#/id"}, created.Links[1].Parameters)
}

func TestSecurityOfTheDocumentIsReplacedByTheOperation(t *testing.T) {
	d := load(t, "model.yaml")
	assert.Equal(t, []Requirement{{"token": {}}}, d.Operation("POST /orders").Security)
	assert.Nil(t, d.Operation("GET /orders/{id}").Security, "an empty list needs none")
	assert.Equal(t, []Requirement{{"oauth": {"orders:write"}}, {}}, d.Operation("DELETE /orders/{id}").Security)
	assert.Equal(t, "bearer", d.Schemes["token"].Scheme)
	assert.Equal(t, map[string]string{"clientCredentials": "https://example.com/token"}, d.Schemes["oauth"].Flows)
}

func TestNodeFollowsReferencesToTheirEnd(t *testing.T) {
	d := load(t, "model.yaml")
	v, at, err := d.Node(d.Root().Join("paths", "/orders/{id}", "parameters", "0"))
	require.NoError(t, err)
	assert.Equal(t, d.Root().Join("components", "parameters", "Id"), at)
	assert.Equal(t, "id", v.(map[string]any)["name"])
	_, _, err = d.Node(d.Root().Join("nowhere"))
	assert.ErrorContains(t, err, "leads nowhere")
	_, _, err = d.Node("file:///etc/passwd-not-there#/a")
	require.Error(t, err)
	assert.Equal(t, filepath.Join("testdata", "model.yaml")+":8 #/paths/~1orders~1{id}", d.Where(d.Root().Join("paths", "/orders/{id}")))
	assert.Len(t, d.Info().SHA256, 64)
	assert.Equal(t, "1.10", d.Info().Version, "as it is written")
}

func TestDocumentsOfSeveralFiles(t *testing.T) {
	path := write(t, map[string]string{
		"openapi.yaml": `
openapi: 3.0.3
info: {title: Split, version: '1'}
paths:
  /pets/{id}: {$ref: 'paths/pet.yaml'}
  /pets: {$ref: './paths/all.json#/pets'}
components:
  schemas:
    Pet: {$ref: 'schemas/pet.yaml#/Pet'}
`,
		"paths/pet.yaml": `
parameters: [{name: id, in: path, required: true, schema: {type: string}}]
get:
  responses:
    200: {description: A pet, content: {application/json: {schema: {$ref: '../openapi.yaml#/components/schemas/Pet'}}}}
delete: {responses: [wrong]}
`,
		"paths/all.json":   `{"pets": {"get": {"responses": {"200": {"$ref": "../schemas/pet.yaml#/Answer"}}}}}`,
		"schemas/pet.yaml": "Pet: {type: object, properties: {parent: {$ref: '#/Pet'}, owner: {$ref: 'nowhere.yaml'}}}\nAnswer: {description: Pets}\n",
	}, "openapi.yaml")
	d, err := Load(path)
	require.NoError(t, err)
	assert.Equal(t, []string{"GET /pets"}, names(d), "a pet needs a file that is not there")
	assert.Len(t, d.Files(), 4)
	assert.Equal(t, []string{"DELETE", "GET"}, d.Methods("/pets/{id}"))
	dir := filepath.Dir(path)
	told := make(map[string]string)
	for _, p := range d.Problems {
		place, _, _ := strings.Cut(p.Place, " ")
		told[p.Operation] = strings.TrimPrefix(place, dir)
	}
	assert.Equal(t, map[string]string{"": "/openapi.yaml:9", "GET /pets/{id}": "/paths/pet.yaml:3", "DELETE /pets/{id}": "/paths/pet.yaml:6"}, told)
}

func TestReferencesThatNeverEnd(t *testing.T) {
	d := parse(t, `
openapi: 3.1.0
info: {title: Cycles, version: '1'}
paths:
  /tree: {get: {responses: {200: {description: A tree, content: {application/json: {schema: {$ref: '#/components/schemas/Tree'}}}}}}}
  /self: {get: {responses: {200: {$ref: '#/components/responses/Self'}}}}
  /item: {$ref: '#/paths/~1item'}
  /ring: {get: {parameters: [{$ref: '#/components/parameters/A'}], responses: {200: {description: Fine}}}}
  /bottomless: {get: {responses: {200: {description: Fine, content: {a/b: {schema: {$ref: '#/components/schemas/Bottomless'}}}}}}}
  /anchor: {get: {responses: {200: {description: Fine, content: {a/b: {schema: {$ref: '#tree'}}}}}}}
components:
  responses: {Self: {$ref: '#/components/responses/Self'}}
  parameters: {A: {$ref: '#/components/parameters/B'}, B: {$ref: '#/components/parameters/A'}}
  schemas:
    Tree: {$anchor: tree, type: object, properties: {left: {$ref: '#/components/schemas/Tree'}, right: {$ref: '#/components/schemas/Tree'}}}
    Bottomless: {allOf: [{$ref: '#/components/schemas/Bottomless'}]}
`)
	assert.Equal(t, []string{"GET /anchor", "GET /bottomless", "GET /tree"}, names(d))
	all := strings.Join(messages(d), "\n")
	for _, want := range []string{"GET /self: the reference \"#/components/responses/Self\" leads to itself", "/item: the reference \"#/paths/~1item\" leads to itself", "GET /ring: the reference \"#/components/parameters/A\" leads to itself"} {
		assert.Contains(t, all, want)
	}
}

func TestURLsAreFollowedOnlyWhereTheyAreAllowed(t *testing.T) {
	var cookies int
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cookies += len(r.Cookies())
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
		switch r.URL.Path {
		case "/moved.yaml":
			http.Redirect(w, r, "/parts.yaml", http.StatusFound)
		case "/ftp.yaml":
			http.Redirect(w, r, "ftp://example.com/a", http.StatusFound)
		case "/file.yaml":
			_, _ = w.Write([]byte("Ok: {$ref: 'file:///etc/hostname'}"))
		case "/parts.yaml":
			_, _ = w.Write([]byte("Ok: {description: Fine}"))
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	text := "openapi: 3.0.0\ninfo: {title: a, version: '1'}\npaths:\n"
	for _, name := range []string{"parts", "moved", "ftp", "file", "none"} {
		text += "  /" + name + ": {get: {responses: {200: {$ref: '" + server.URL + "/" + name + ".yaml#/Ok'}}}}\n"
	}
	d, err := Loader{AllowURLs: true}.Parse("spec.yaml", []byte(text))
	require.NoError(t, err)
	assert.Equal(t, []string{"GET /moved", "GET /parts"}, names(d))
	assert.Zero(t, cookies)
	all := strings.Join(messages(d), "\n")
	assert.Contains(t, all, "GET /ftp: read "+server.URL+"/ftp.yaml: the redirect to ftp://example.com/a leads to another scheme")
	assert.Contains(t, all, "to a file of this machine is not followed")
	assert.Contains(t, all, "GET /none: read "+server.URL+"/none.yaml: it is answered 404 Not Found")

	d = parse(t, text)
	assert.Empty(t, d.Operations)
	for _, m := range messages(d) {
		assert.Contains(t, m, "--allow-urls")
	}
}

func TestVersion32(t *testing.T) {
	d := parse(t, `
openapi: 3.2.0
info: {title: Later, version: '1'}
paths:
  /a:
    query: {responses: {200: {description: Fine}}}
    additionalOperations: {LINK: {responses: {200: {description: Fine}}}}
    get: {parameters: [{name: all, in: querystring, content: {application/x-www-form-urlencoded: {schema: {type: object}}}}], responses: {200: {description: Fine}}}
`)
	assert.Equal(t, []string{"GET /a", "LINK /a", "QUERY /a"}, names(d))
	assert.Contains(t, strings.Join(messages(d), "\n"), `the parameter all is left out: a place "querystring" is not known`)
	assert.Equal(t, "LINK /a", d.Name("LINK", "/a"))
}

func TestVersion2SaysWhatVersion3WouldTakeOtherwise(t *testing.T) {
	path := write(t, map[string]string{
		"swagger.yaml": `
swagger: '2.0'
info: {title: Old, version: 2.0}
basePath: /v2
produces: [application/xml]
paths:
  /pets:
    get:
      parameters: [{name: ids, in: query, type: array, items: {type: string}}, {$ref: 'shared.yaml#/Limit'}]
      responses: {200: {description: Pets, schema: {$ref: '#/definitions/Pet'}}}
    post:
      parameters: [{name: photo, in: formData, type: file}]
      responses: {201: {$ref: 'shared.yaml#/Created'}}
    put:
      parameters: [{name: body, in: body, schema: {$ref: '#/definitions/Missing'}}]
      responses: {200: {description: Fine}}
definitions:
  Pet: {type: object, properties: {id: {type: integer}}}
  Broken: {type: {a: b}}
`,
		"shared.yaml": "Limit: {name: limit, in: query, type: integer, maximum: 9}\nCreated: {description: Made, schema: {$ref: 'swagger.yaml#/definitions/Pet'}}\n",
	}, "swagger.yaml")
	d, err := Load(path)
	require.NoError(t, err)
	assert.Equal(t, []string{"GET /pets", "POST /pets"}, names(d), messages(d))
	get := d.Operation("GET /pets")
	require.Len(t, get.Parameters, 2)
	assert.False(t, get.Parameters[0].Explode, "values with commas are the default")
	limit, _, err := d.Node(get.Parameters[1].Schema)
	require.NoError(t, err)
	assert.Equal(t, json.Number("9"), limit.(map[string]any)["maximum"])
	assert.Equal(t, "application/xml", get.Responses[0].Media[0].Type)
	post := d.Operation("POST /pets")
	assert.Equal(t, "multipart/form-data", post.Body.Media[0].Type)
	require.Len(t, post.Responses[0].Media, 1)
	assert.Equal(t, []string{"GET", "POST", "PUT"}, d.Methods("/pets"))
	assert.Equal(t, path+":18 #/components/schemas/Pet", d.Where(d.Root().Join("components", "schemas", "Pet")))
	assert.Contains(t, strings.Join(messages(d), "\n"), "PUT /pets: the reference to #/definitions/Missing leads nowhere")
	assert.Equal(t, "2.0", d.Info().Version)
}

func TestOverlappingTemplatesAreServed(t *testing.T) {
	d := parse(t, `
openapi: 3.0.0
info: {title: a, version: '1'}
paths:
  /a/{x}: {get: {parameters: [{name: x, in: path, required: true, schema: {}}], responses: {200: {description: a}}}}
  /a/{y}: {post: {parameters: [{name: y, in: path, required: true, schema: {}}], responses: {200: {description: a}}}}
  /a/me: {get: {responses: {200: {description: a}}}}
`)
	assert.Empty(t, d.Problems)
	assert.Equal(t, []string{"GET /a/me", "GET /a/{x}", "POST /a/{y}"}, names(d))
	assert.Equal(t, "POST /a/{y}", d.Name("POST", "/a/1"))
}

func TestHostileDocumentsAreRefused(t *testing.T) {
	bomb := "openapi: 3.0.0\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := 1; i < 20; i++ {
		n := string(rune('a' + i))
		before := string(rune('a' + i - 1))
		if i == 1 {
			before = "a0"
		}
		bomb += n + ": &" + n + " [" + strings.TrimSuffix(strings.Repeat("*"+before+", ", 10), ", ") + "]\n"
	}
	for name, c := range map[string]struct{ text, want string }{
		"aliases":       {bomb, "too large"},
		"own alias":     {"a: &a {b: *a}\n", "nested more than"},
		"no anchor":     {"a: *b\n", "has no anchor"},
		"deep JSON":     {strings.Repeat(`{"a":`, 100_000), "nested more than"},
		"deep YAML":     {"a: " + strings.Repeat("[", 100_000), "nested more than"},
		"deep items":    {strings.Repeat("- ", 100_000), "nested more than"},
		"two documents": {"openapi: 3.0.0\n---\nopenapi: 3.0.0\n", "more than one document"},
		"more JSON":     {`{"openapi": "3.0.0"} {}`, "more after the end"},
	} {
		_, err := Parse("spec", []byte(c.text))
		require.ErrorContains(t, err, c.want, name)
	}
}

func TestNamesThatAreThereTwiceAreTold(t *testing.T) {
	for _, text := range []string{
		"openapi: 3.0.0\ninfo: {title: a, version: '1', title: b}\npaths: {}\n",
		"{\"openapi\": \"3.0.0\",\n\"info\": {\"title\": \"a\", \"version\": \"1\", \"title\": \"b\"}, \"paths\": {}}",
	} {
		d := parse(t, text)
		require.Len(t, d.Problems, 1)
		assert.Equal(t, "spec.yaml:2 #/info/title", d.Problems[0].Place)
		assert.Equal(t, "b", d.Info().Title)
	}
}
