//go:build e2e && linux

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"twinspect.dev/fixtures/shop"
	"twinspect.dev/release"
)

// gateSite is what the tests of the gate work with: the programs, keys, tokens and
// policies, and the recording of one traffic of the shop.
type gateSite struct {
	programs
	shopd, dir          string
	base, control       string // URLs of the shops that the recording is sent to
	recording, document string
	pact                string
	policies, access    string
	token               map[string]string // by name, the token itself
}

// gateScopes are those who talk to the gate. mallory may not do much.
var gateScopes = map[string]string{
	"ci":      "[ask, push, announce, read, audit]",
	"alice":   "[ask, read, override]",
	"bob":     "[ask, read, override]",
	"mallory": "[ask]",
	"oncall":  "[ask, read, stop]",
}

// storefrontPact is what a consumer of the shop needs.
const storefrontPact = `{"consumer": {"name": "storefront"}, "provider": {"name": "shop"},
"interactions": [
  {"description": "a product", "request": {"method": "GET", "path": "/products/1001"},
   "response": {"status": 200, "body": {"id": 1001, "price": 1.5},
     "matchingRules": {"body": {"$.price": {"matchers": [{"match": "type"}]}}}}},
  {"description": "the categories", "request": {"method": "GET", "path": "/categories"}, "response": {"status": 200}}],
"metadata": {"pactSpecification": {"version": "3.0.0"}}}`

func newGateSite(t *testing.T) *gateSite {
	t.Helper()
	dir := t.TempDir()
	g := &gateSite{dir: dir, shopd: filepath.Join(dir, "shopd"), token: make(map[string]string)}
	g.twinspect = built(t)
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", g.shopd, "twinspect.dev/fixtures/shopd").CombinedOutput()
	require.NoError(t, err, string(out))
	g.document = g.write(t, "openapi.yaml", string(shop.OpenAPI))
	g.pact = g.write(t, "pact.json", storefrontPact)
	g.run(t, 0, "evidence", "key", g.path("ci.key"))
	g.grant(t)
	g.policies = g.path("policies")
	require.NoError(t, os.Mkdir(g.policies, 0o700))
	for name, text := range gatePolicies() {
		g.write(t, filepath.Join("policies", name+".yaml"), text)
	}
	g.record(t)
	return g
}

func (g *gateSite) path(name string) string { return filepath.Join(g.dir, name) }

func (g *gateSite) write(t *testing.T, name, text string) string {
	t.Helper()
	require.NoError(t, os.WriteFile(g.path(name), []byte(text), 0o600))
	return g.path(name)
}

// grant makes a token for each of the scopes, and the file that knows them.
func (g *gateSite) grant(t *testing.T) {
	t.Helper()
	access := "version: 1\ntokens:\n"
	for name, may := range gateScopes {
		said := g.run(t, 0, "serve", "token")
		words := strings.Fields(said)
		require.Len(t, words, 4, said)
		g.token[name] = words[1]
		g.write(t, name+".token", words[1])
		access += fmt.Sprintf("  - {name: %s, hash: %q, scopes: [{services: \"*\", may: %s}]}\n", name, words[3], may)
	}
	g.access = g.write(t, "access.yaml", access)
}

// as says who asks a server by a command.
func (g *gateSite) as(name, server string) []string {
	return []string{"--server", server, "--token", "file:" + g.path(name+".token")}
}

// image is the digest of an image of some name.
func image(name string) string { return idOf([]byte(name)) }

// idOf is the ID of a document.
func idOf(document []byte) string {
	sum := sha256.Sum256(document)
	return "sha256:" + hex.EncodeToString(sum[:])
}

var baseImage = image("base")

func released(service, name string) release.Subject {
	return release.Subject{Service: service, Digest: image(name), BaseDigest: baseImage}
}

func subjectFlags(s release.Subject) []string {
	return []string{"--service", s.Service, "--digest", s.Digest, "--base-digest", s.BaseDigest}
}

// push files evidence signed by the pipeline, and returns its ID.
func (g *gateSite) push(t *testing.T, server string, s release.Subject, file string, args ...string) string {
	t.Helper()
	if args == nil {
		args = []string{"--sign", "file:" + g.path("ci.key")}
	}
	said := g.run(t, 0, slices.Concat([]string{"evidence", "push", file, "--json"}, g.as("ci", server), subjectFlags(s), args)...)
	var p struct{ Evidence release.Evidence }
	require.NoError(t, json.Unmarshal([]byte(said), &p), said)
	require.NotEmpty(t, p.Evidence.ID, said)
	return p.Evidence.ID
}

// pushAll files all evidence, and returns the IDs by kind.
func (g *gateSite) pushAll(t *testing.T, server string, s release.Subject, files gathered) map[release.Kind]string {
	t.Helper()
	ids := make(map[release.Kind]string)
	for kind, file := range files {
		ids[kind] = g.push(t, server, s, file)
	}
	return ids
}

// gateServed is a server of the gate.
type gateServed struct {
	*telling
	url string
}

func (g *gateSite) serve(t *testing.T, store string, args ...string) *gateServed {
	t.Helper()
	p := startTelling(t, "msg=serving address=", g.twinspect, slices.Concat([]string{"serve", "--listen", "127.0.0.1:0", "--store", store,
		"--policy", g.policies, "--access", g.access, "--key", g.path("ci.key.pub")}, args)...)
	address, _, _ := strings.Cut(p.rest, " ")
	s := &gateServed{p, "http://" + address}
	t.Cleanup(func() {
		<-p.read // the context of the test ended it, if not the test itself
		_ = p.cmd.Wait()
		if t.Failed() {
			t.Logf("%s:\n%s", s.url, p.said.String())
		}
	})
	return s
}

// call makes a request in somebody's name.
func (g *gateSite) call(t *testing.T, who, method, url, body string) (int, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+g.token[who])
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	status, answer, err := answered(r)
	require.NoError(t, err)
	return status, answer
}

func answered(r *http.Request) (int, []byte, error) {
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, body, err
}

// verdict asks the API.
func (g *gateSite) verdict(t *testing.T, server string, s release.Subject) *release.Verdict {
	t.Helper()
	v, err := g.ask(t.Context(), server, s)
	require.NoError(t, err)
	return v
}

func (g *gateSite) ask(ctx context.Context, server string, s release.Subject) (*release.Verdict, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server+"/api/v1/verdict?"+query(s), nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+g.token["ci"])
	status, body, err := answered(r)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("%d: %s", status, body)
	}
	if err != nil {
		return nil, err
	}
	var v release.Verdict
	err = json.Unmarshal(body, &v)
	if err == nil && len(v.Reasons) == 0 {
		err = fmt.Errorf("there is no reason: %s", body)
	}
	return &v, err
}

func query(s release.Subject) string {
	q := "service=" + s.Service + "&digest=" + s.Digest
	if s.BaseDigest != "" {
		q += "&base_digest=" + s.BaseDigest
	}
	return q
}

// becomes waits until the verdict is what is wanted.
func (g *gateSite) becomes(t *testing.T, server string, s release.Subject, want release.Decision, code release.Code) *release.Verdict {
	t.Helper()
	return g.until(t, server, s, func(v *release.Verdict) bool { return v.Decision == want && reasonOf(v, code) != nil })
}

// until waits for a verdict of which something is true.
func (g *gateSite) until(t *testing.T, server string, s release.Subject, is func(*release.Verdict) bool) *release.Verdict {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		v, err := g.ask(ctx, server, s)
		require.NoError(t, err)
		if is(v) {
			return v
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			require.FailNow(t, "the verdict did not come", verdictText(v))
		}
	}
}

// reasonOf is the first reason of a code, nil where there is none.
func reasonOf(v *release.Verdict, code release.Code) *release.Reason {
	i := slices.IndexFunc(v.Reasons, func(r release.Reason) bool { return r.Code == code })
	if i < 0 {
		return nil
	}
	return &v.Reasons[i]
}

// told is a verdict as a person reads it.
func verdictText(v *release.Verdict) string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %v\n", v.Decision, v.Subject)
	for _, r := range v.Reasons {
		fmt.Fprintf(&b, "  %s %s %s %s %s: %s (%s)\n", r.Decision, r.Code, r.Kind, r.Operation, r.Metric, r.Text, r.Change)
	}
	return b.String()
}
