//go:build e2e && linux

package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/release"
)

// holds goes through evidence that is not what the policy asks for.
func (g *gateSite) holds(t *testing.T, server string, good gathered) {
	unsigned := []string{"--branch", "main"}
	lossy := g.lossy(t, good[release.Diff])
	for _, tt := range []struct {
		service string
		file    string // "" files nothing
		args    []string
		ask     func(*release.Subject)
		code    release.Code
	}{
		{service: "plain", code: release.Missing},
		{service: "plain", file: good[release.Diff], code: release.Foreign, ask: func(s *release.Subject) { s.Digest = image("other") }},
		{service: "plain", file: good[release.Diff], code: release.Foreign, ask: func(s *release.Subject) { s.BaseDigest = image("other base") }},
		{service: "aged", file: good[release.Diff], code: release.Stale},
		{service: "thin", file: good[release.Diff], code: release.Thin},
		{service: "blind", file: good[release.Diff], code: release.Blind},
		{service: "lossy", file: lossy, code: release.Lossy},
		{service: "signed", file: good[release.Diff], args: unsigned, code: release.Unsigned},
		{service: "frozen", file: good[release.Diff], code: release.Frozen},
		{service: "nobody", file: good[release.Diff], code: release.Unknown},
	} {
		t.Run(tt.service+" "+string(tt.code), func(t *testing.T) {
			s := released(tt.service, "good")
			id := ""
			if tt.file != "" {
				id = g.push(t, server, s, tt.file, tt.args...)
			}
			if tt.ask != nil {
				tt.ask(&s)
			}
			v := g.becomes(t, server, s, release.Hold, tt.code)
			r := reasonOf(v, tt.code)
			assert.Equal(t, release.Hold, r.Decision, verdictText(v))
			assert.NotEmpty(t, r.Change)
			if id != "" && tt.code != release.Frozen && tt.code != release.Unknown {
				assert.Equal(t, id, r.Evidence, verdictText(v))
			}
			g.everywhere(t, server, s, release.Hold)
			g.byCommand(t, server, s, release.Hold)
		})
	}
	s := released("plain", "good")
	g.everywhere(t, server, s, release.Promote)
}

// lossy is evidence with more lost on the way than its policy lets pass.
func (g *gateSite) lossy(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	var d map[string]any
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	require.NoError(t, dec.Decode(&d))
	stage := d["account"].([]any)[0].(map[string]any)
	seen, err := stage["seen"].(json.Number).Int64()
	require.NoError(t, err)
	stage["seen"], stage["dropped"] = seen+20, map[string]int{"gap": 20}
	data, err = json.Marshal(d)
	require.NoError(t, err)
	return g.write(t, "lossy.json", string(data))
}

// words are those of people against verdicts.
func (g *gateSite) words(t *testing.T, server, other string, good gathered) {
	s := released("words", "good")
	g.push(t, server, s, good[release.Diff])
	g.everywhere(t, other, s, release.Hold, "consumer")
	override := func(code int, who string) string {
		return g.run(t, code, slices.Concat([]string{"gate", "override", "--service", s.Service, "--digest", s.Digest,
			"--verdict", "promote", "--reason", "SHOP-412: agreed", "--for", "8s"}, g.as(who, server))...)
	}
	override(2, "mallory") // has no right to
	override(2, "bob")     // whom the policy does not name
	assert.Equal(t, release.Hold, g.verdict(t, other, s).Decision)
	override(0, "alice")
	v := g.verdict(t, other, s)
	require.Equal(t, release.Promote, v.Decision, verdictText(v))
	require.NotNil(t, v.Override)
	assert.Equal(t, "alice", v.Override.By)
	_, a := g.inJSON(t, other+"/argo/verdict?"+query(s))
	assert.Equal(t, "alice", a.Override)

	stop := strings.TrimSpace(g.run(t, 0, slices.Concat([]string{"gate", "stop", "--services", "words", "--reason", "INC-204"}, g.as("oncall", server))...))
	v = g.becomes(t, other, s, release.Hold, release.Stopped)
	assert.Contains(t, reasonOf(v, release.Stopped).Text, "INC-204")
	g.everywhere(t, other, s, release.Hold, "INC-204")
	g.run(t, 0, slices.Concat([]string{"gate", "resume", stop}, g.as("oncall", server))...)

	g.until(t, other, s, func(v *release.Verdict) bool { // the override expires
		return v.Decision == release.Hold && v.Override == nil && reasonOf(v, release.Stopped) == nil
	})
	g.push(t, server, s, good[release.Consumer])
	g.everywhere(t, other, s, release.Promote)
	g.audited(t, server, s.Service, "override", "alice", "bob", "mallory")
}

// audited sees to it that the audit log tells who tried something.
func (g *gateSite) audited(t *testing.T, server, service, action string, who ...string) {
	t.Helper()
	status, body := g.call(t, "ci", http.MethodGet, server+"/api/v1/audit?service="+service+"&action="+action, "")
	require.Equal(t, http.StatusOK, status, string(body))
	for _, name := range who {
		assert.Contains(t, string(body), `"who":"`+name+`"`)
	}
}
