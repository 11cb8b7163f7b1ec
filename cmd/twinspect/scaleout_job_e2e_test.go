//go:build e2e

package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	kubestand "twinspect.dev/fixtures/stand/kube"
)

// apiServer asks an API server as its administrator.
type apiServer struct {
	*kubestand.Server
	client *http.Client
}

func withKube(t *testing.T) *apiServer {
	t.Helper()
	if err := kubestand.Available(); err != nil {
		t.Skipf("manifests are not tested with an API server: %v", err)
	}
	require.NoError(t, kubestand.Build(t.Context()))
	s, err := kubestand.Start(t.Context(), kubestand.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	ca, err := os.ReadFile(s.CAFile())
	require.NoError(t, err)
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(ca))
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	t.Cleanup(transport.CloseIdleConnections)
	return &apiServer{s, &http.Client{Transport: transport}}
}

func (s *apiServer) call(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, s.URL()+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+s.Token())
	req.Header.Set("Content-Type", "application/apply-patch+yaml")
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s: status %d: %s", method, path, resp.StatusCode, text)
	}
	return text, err
}

// strictly has the server check a document as it would be applied, down to
// fields that it does not know.
func (s *apiServer) strictly(ctx context.Context, path, document string) error {
	_, err := s.call(ctx, http.MethodPatch, path+"?fieldManager=test&force=true&fieldValidation=Strict&dryRun=All", []byte(document))
	return err
}

func (s *apiServer) get(t *testing.T, path string, into any) {
	t.Helper()
	text, err := s.call(t.Context(), http.MethodGet, path, nil)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, into))
}

func TestAnAPIServerTakesTheJobAndItsWorkersDoThePlan(t *testing.T) {
	server := withKube(t)
	topic, options, evidenceDir := topicOf(t, 300), shops(t), t.TempDir()
	file := filepath.Join(t.TempDir(), "plan.json")
	r := twinspect(t.Context(), args([]string{"plan", topic, "-o", file, "--run", "nightly", "--chunk", "40", "--image", "registry.example/twinspect:1.4",
		"--store", evidenceDir, "--job-workers", "3", "--volume", "evidence", "--mount", evidenceDir, "--service-account", "default",
		"--secret-env", "KAFKA_PASSWORD=kafka/password", "--env", "SEASON=0777"}, options...)...)
	require.Zero(t, r.code, r.stderr)
	documents := strings.Split(strings.TrimPrefix(r.stdout, "---\n"), "\n---\n")
	require.Len(t, documents, 2)
	const config, jobs = "/api/v1/namespaces/default/configmaps/nightly", "/apis/batch/v1/namespaces/default/jobs/nightly"
	require.NoError(t, server.strictly(t.Context(), config, documents[0]))
	require.NoError(t, server.strictly(t.Context(), jobs, documents[1]))
	require.ErrorContains(t, server.strictly(t.Context(), jobs, strings.Replace(documents[1], "parallelism:", "paralelism:", 1)),
		"paralelism", "the check is strict")
	require.NoError(t, server.Apply(t.Context(), r.stdout))

	var held corev1.ConfigMap
	server.get(t, config, &held)
	applied := filepath.Join(t.TempDir(), "plan.json")
	require.NoError(t, os.WriteFile(applied, []byte(held.Data["plan.json"]), 0o600))
	assert.Equal(t, planOf(t, file), planOf(t, applied))
	assert.True(t, *held.Immutable)
	var job batchv1.Job
	server.get(t, jobs, &job)
	checkJob(t, &job)
	workOn(t, &job, applied)
	r = twinspect(t.Context(), "merge", file, "--store", evidenceDir)
	assert.Equal(t, 1, r.code, r.stderr)
}

func checkJob(t *testing.T, job *batchv1.Job) {
	t.Helper()
	assert.Equal(t, batchv1.IndexedCompletion, *job.Spec.CompletionMode)
	assert.EqualValues(t, 3, *job.Spec.Completions)
	assert.EqualValues(t, 3, *job.Spec.Parallelism)
	rules := map[int32]batchv1.PodFailurePolicyAction{}
	for _, rule := range job.Spec.PodFailurePolicy.Rules {
		if rule.OnExitCodes != nil {
			for _, code := range rule.OnExitCodes.Values {
				rules[code] = rule.Action
			}
		}
	}
	assert.Equal(t, map[int32]batchv1.PodFailurePolicyAction{
		2: batchv1.PodFailurePolicyActionFailJob, 130: batchv1.PodFailurePolicyActionIgnore,
	}, rules, "3 counts for its index alone")
	env := job.Spec.Template.Spec.Containers[0].Env
	assert.Contains(t, env, corev1.EnvVar{Name: "SEASON", Value: "0777"})
}

// workOn runs a pod's container in this process, with the plan where the
// ConfigMap is mounted.
func workOn(t *testing.T, job *batchv1.Job, plan string) {
	t.Helper()
	c := job.Spec.Template.Spec.Containers[0]
	mounted := c.VolumeMounts[0].MountPath + "/plan.json"
	var args []string
	for _, arg := range c.Args {
		args = append(args, strings.Replace(arg, mounted, plan, 1))
	}
	r := twinspect(t.Context(), args...)
	assert.Zero(t, r.code, "%v: %s", args, r.stderr)
}
