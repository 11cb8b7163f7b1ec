package match_test

import (
	"encoding/json"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/contract/pact"
	"twinspect.dev/contract/pact/match"
)

// versions are the folders of the corpus, and how many cases each has.
var versions = []struct {
	folder  string
	version pact.Version
	files   int
}{{"v1", pact.V1, 76}, {"v1.1", pact.V11, 97}, {"v2", pact.V2, 178}, {"v3", pact.V3, 226}, {"v4", pact.V4, 226}}

// exceptions are the cases that are not answered as their file says, each with the
// reason.
var exceptions = map[string]string{}

func corpus(t *testing.T) string {
	dir := os.Getenv("TWINSPECT_CORPORA")
	if dir == "" {
		dir = "../../../../shared/corpora"
	}
	dir = filepath.Join(dir, "pact-specification")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("the cases of the Pact specification are not there: set TWINSPECT_CORPORA")
	}
	return dir
}

func TestEveryCaseOfTheSpecificationIsAnsweredAsItSays(t *testing.T) {
	dir := corpus(t)
	for _, v := range versions {
		files := 0
		top := filepath.Join(dir, v.folder, "testcases")
		require.NoError(t, filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(path) != ".json" {
				return err
			}
			files++
			name := v.folder + strings.TrimPrefix(path, top)
			t.Run(name, func(t *testing.T) { answersAsItSays(t, name, path, v.version) })
			return nil
		}))
		assert.Equal(t, v.files, files, v.folder)
	}
}

type specCase struct {
	Match            bool
	Comment          string
	Expected, Actual json.RawMessage
}

func answersAsItSays(t *testing.T, name, path string, version pact.Version) {
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	var c specCase
	require.NoError(t, json.Unmarshal([]byte(strings.TrimPrefix(string(data), "\ufeff")), &c))
	kind := strings.Split(name, string(filepath.Separator))[1]
	found := compare(t, kind, version, c)
	want := c.Match
	if _, ok := exceptions[name]; ok {
		want = !want
	}
	assert.Equal(t, want, len(found) == 0, "%s\nexpected %s\nactual %s\n%v", c.Comment, c.Expected, c.Actual, found)
}

func compare(t *testing.T, kind string, version pact.Version, c specCase) []match.Mismatch {
	expected, actual := part(t, kind, version, c.Expected), part(t, kind, version, c.Actual)
	switch kind {
	case "request":
		r := actual.Request
		target := r.Path
		if r.QueryText != "" {
			target += "?" + r.QueryText
		} else if len(r.Query) > 0 {
			target += "?" + url.Values(r.Query).Encode()
		}
		return match.Request(expected.Request, &capture.Request{Method: r.Method, Target: target, Message: message(r.Header, &r.Body)})
	case "response":
		r := actual.Response
		return match.Response(expected.Response, &capture.Response{Status: r.Status, Message: message(r.Header, &r.Body)})
	}
	m := actual.Messages[0]
	return match.Message(&expected.Messages[0], m.Metadata, m.Body.ContentType, m.Body.Bytes())
}

// message makes what is recorded out of what the file has: a content type that stands
// with the body is in the header.
func message(header map[string][]string, body *pact.Body) capture.Message {
	m := capture.Message{Body: body.Bytes()}
	for name, values := range header {
		for _, value := range values {
			m.Header = append(m.Header, capture.Field{Name: name, Value: value})
		}
	}
	if !m.Header.Has("Content-Type") && body.ContentType != "" {
		m.Header = append(m.Header, capture.Field{Name: "Content-Type", Value: body.ContentType})
	}
	return m
}

// part reads a part of an interaction by putting it into a file.
func part(t *testing.T, kind string, version pact.Version, raw json.RawMessage) pact.Interaction {
	text := `{"metadata": {"pactSpecification": {"version": "` + string(version) + `"}}, `
	switch kind {
	case "request":
		text += `"interactions": [{"type": "Synchronous/HTTP", "request": ` + string(raw) + `, "response": {}}]}`
	case "response":
		text += `"interactions": [{"type": "Synchronous/HTTP", "request": {}, "response": ` + string(raw) + `}]}`
	default:
		text += `"messages": [` + string(raw) + `]}`
	}
	p, err := pact.Read(strings.NewReader(text), "case")
	require.NoError(t, err)
	return p.Interactions[0]
}
