package consumer

// goHead and goProvider are what a written test has besides its interactions.
const goHead = `
import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"
)
`

const goProvider = `
// pactInteraction is a request that is expected, and the answer to it.
type pactInteraction struct {
	method, path string
	// pathPattern is a regular expression of the paths that will do, "" for path alone.
	pathPattern string
	query       map[string][]string
	// body is JSON: its members must be there with values of the same type.
	body   string
	status int
	header map[string][]string
	answer string
}

// runPact lets the client ask a provider that answers as the interaction says.
func runPact(t *testing.T, call func(baseURL string) error, want pactInteraction) {
	t.Helper()
	if call == nil {
		t.Skip("the client is not called yet: set the variable of this test")
	}
	asked := 0
	var faults []error
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if err := want.check(r); err != nil {
			faults = append(faults, err)
			http.Error(w, err.Error(), http.StatusNotImplemented)
			return
		}
		for name, values := range want.header {
			w.Header()[http.CanonicalHeaderKey(name)] = values
		}
		w.WriteHeader(want.status)
		_, _ = io.WriteString(w, want.answer)
	}))
	err := call(provider.URL)
	provider.Close() // waits for the requests that are under way
	for _, fault := range faults {
		t.Error(fault)
	}
	if err != nil {
		t.Errorf("the client: %v", err)
	}
	if asked == 0 {
		t.Error("the client did not send the request")
	}
}

// check says what is not as expected of a request.
func (want pactInteraction) check(r *http.Request) error {
	if r.Method != want.method {
		return fmt.Errorf("the method is %s, not %s", r.Method, want.method)
	}
	path := r.URL.EscapedPath()
	fits := path == want.path
	if want.pathPattern != "" {
		var err error
		if fits, err = regexp.MatchString(want.pathPattern, path); err != nil {
			return err
		}
	}
	if !fits {
		return fmt.Errorf("the path is %s, and should be as %s", path, want.path)
	}
	query := r.URL.Query()
	for name, values := range want.query {
		if len(query[name]) != len(values) {
			return fmt.Errorf("the query has %q %d times, not %d times", name, len(query[name]), len(values))
		}
	}
	for name := range query {
		if want.query[name] == nil {
			return fmt.Errorf("the query has %q, which is not expected", name)
		}
	}
	if want.body == "" {
		return nil
	}
	var expected, got any
	if err := json.Unmarshal([]byte(want.body), &expected); err != nil {
		return err
	}
	if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
		return fmt.Errorf("the body is no JSON: %w", err)
	}
	return pactLike("$", expected, got)
}

// pactLike says where a value lacks a member, or has another type than expected.
func pactLike(at string, expected, got any) error {
	if fmt.Sprintf("%T", expected) != fmt.Sprintf("%T", got) {
		return fmt.Errorf("body %s is %T, not %T", at, got, expected)
	}
	switch expected := expected.(type) {
	case map[string]any:
		got := got.(map[string]any)
		for name, v := range expected {
			if _, ok := got[name]; !ok {
				return fmt.Errorf("body %s.%s is missing", at, name)
			}
			if err := pactLike(at+"."+name, v, got[name]); err != nil {
				return err
			}
		}
	case []any:
		if len(expected) == 0 {
			return nil
		}
		for i, v := range got.([]any) {
			if err := pactLike(fmt.Sprintf("%s[%d]", at, i), expected[0], v); err != nil {
				return err
			}
		}
	}
	return nil
}
`
