package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestADeploymentIsToldToAll(t *testing.T) {
	s := newGateStand(t)
	var told map[string]any
	grafana := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "Bearer grafana-hush-hush", r.Header.Get("Authorization"))
		assert.NoError(t, json.NewDecoder(r.Body).Decode(&told))
		answerJSON(w, http.StatusOK, map[string]any{"id": 17, "message": "Annotation added"})
	}))
	t.Cleanup(grafana.Close)
	variables := map[string]string{gateURLVariable: s.URL, gateTokenVariable: s.token, "G": "grafana-hush-hush", "CI_COMMIT_REF_NAME": "main", "CI_COMMIT_SHA": "abc"}
	r := releaseCommand(t.Context(), variables, of("annotate", "--environment", "production", "--grafana", grafana.URL, "--grafana-token", "env:G", "--format", "env")...)
	require.Zero(t, r.code, r.stderr)
	assert.Contains(t, r.stderr, "annotation 17")
	assert.Contains(t, r.stderr, "gate: release 1 of catalog")
	assert.Regexp(t, `^OTEL_RESOURCE_ATTRIBUTES=\S*service\.name=catalog,\S*deployment\.environment\.name=production\S*\n$`, r.stdout)
	assert.Contains(t, fmt.Sprint(told["tags"]), "service:catalog")
	current, err := s.store.Current(t.Context(), "catalog")
	require.NoError(t, err)
	assert.Equal(t, "main", current.Branch)
	assert.Equal(t, "alice", current.By)
	for _, secret := range []string{s.token, "hush-hush"} {
		assert.NotContains(t, r.stdout+r.stderr, secret)
	}
}

func TestADeploymentIsToldInEachForm(t *testing.T) {
	for form, want := range map[string]string{
		"text": "service.name", "json": `"service.name": "catalog"`, "patch": `"resource.opentelemetry.io/service.name":"catalog"`,
		"env": "vcs.ref.head.name=%7Eme/x",
	} {
		r := releaseCommand(t.Context(), nil, of("annotate", "--format", form, "--branch", "~me/x")...)
		require.Zero(t, r.code, r.stderr)
		assert.Contains(t, r.stdout, want)
		assert.Empty(t, r.stderr)
	}
}

func TestWhoIsAwayKeepsADeploymentFromNobodyElse(t *testing.T) {
	refuses := answersWith(t, http.StatusForbidden, "application/json", `{"message":"no"}`)
	r := releaseCommand(t.Context(), map[string]string{"G": "grafana-hush-hush"},
		of("annotate", "--server", noGate(), "--grafana", refuses, "--grafana-token", "env:G")...)
	assert.Equal(t, 3, r.code)
	assert.Contains(t, r.stderr, "the gate's server is away")
	assert.Contains(t, r.stderr, "annotations:create")
	assert.Contains(t, r.stdout, "service.name")
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"annotate"}, "digest"},
		{of("annotate", "--format", "xml"), "want text, env, json, patch"},
		{of("annotate", "--grafana-token", "env:G"), "--grafana URL"},
		{of("annotate", "--token", "env:G"), "--server URL"},
		{of("annotate", "--grafana", "grafana.example"), "whole"},
		{of("annotate", "--grafana", "http://grafana.example", "--grafana-token", "env:G"), "https"},
		{of("annotate", "--grafana", refuses), "token"},
		{of("annotate", "--grafana", refuses, "--grafana-token", "hush-hush"), "env:NAME"},
		{of("annotate", "--grafana", refuses, "--grafana-token", "env:G"), "403"},
	} {
		r := releaseCommand(t.Context(), map[string]string{"G": "grafana-hush-hush"}, test.args...)
		assert.Equal(t, 2, r.code, "%v: %s", test.args, r.stderr)
		assert.Contains(t, r.stderr, test.want, "%v", test.args)
		assert.NotContains(t, r.stdout+r.stderr, "hush-hush")
	}
}
