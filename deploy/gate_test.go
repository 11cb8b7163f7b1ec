package deploy

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the policy names a zone

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/release/gate/access"
	"twinspect.dev/release/policyfile"
)

func config(t *testing.T, name, file string) string {
	t.Helper()
	return at(t, ofKind(t, "gate/common.yaml", "ConfigMap", name), "data", file).(string)
}

func TestThePolicyAndTheAccessOfTheManifestsAreRead(t *testing.T) {
	policy, err := policyfile.Parse("shop.yaml", []byte(config(t, "twinspect-gate-policies", "shop.yaml")))
	require.NoError(t, err)
	assert.Equal(t, 2*time.Hour, policy.Budget.MaxHold, "Argo and Kargo wait as long")
	assert.InDelta(t, 0.5, policy.Budget.MaxTraffic, 1e-9, "the canary of Flagger takes as much")
	text := config(t, "twinspect-gate-access", "access.yaml")
	_, err = access.Parse("access.yaml", []byte(text))
	require.NoError(t, err)
	assert.Contains(t, text, "scopes: [{services: catalog, may: [ask, announce]}]", "the token in Flagger's URLs may do no more")
}

var gates = []string{"gate/replicated.yaml", "gate/single.yaml"}

func TestTheGateRunsWithTheLeastThatItNeeds(t *testing.T) {
	for _, path := range gates {
		deployment := ofKind(t, path, "Deployment", "twinspect-gate")
		pod := at(t, deployment, "spec", "template", "spec").(object)
		assert.Equal(t, false, pod["automountServiceAccountToken"])
		assert.Equal(t, true, at(t, pod, "securityContext", "runAsNonRoot"))
		assert.GreaterOrEqual(t, pod["terminationGracePeriodSeconds"], uint64(30))
		gate := at(t, pod, "containers", 0).(object)
		assert.Equal(t, true, at(t, gate, "securityContext", "readOnlyRootFilesystem"))
		assert.Equal(t, []any{"ALL"}, at(t, gate, "securityContext", "capabilities", "drop"))
		assert.Equal(t, "/readyz", at(t, gate, "readinessProbe", "httpGet", "path"))
		assert.Equal(t, "/healthz", at(t, gate, "livenessProbe", "httpGet", "path"))
		assert.NotEmpty(t, at(t, gate, "resources", "limits", "memory"))
		for _, m := range gate["volumeMounts"].([]any) {
			named(t, pod["volumes"], at(t, m, "name").(string))
		}
	}
}

func TestSQLiteHasOneWriter(t *testing.T) {
	single := ofKind(t, "gate/single.yaml", "Deployment", "")
	assert.EqualValues(t, 1, at(t, single, "spec", "replicas"))
	assert.Equal(t, "Recreate", at(t, single, "spec", "strategy", "type"))
	many := ofKind(t, "gate/replicated.yaml", "Deployment", "")
	assert.GreaterOrEqual(t, at(t, many, "spec", "replicas"), uint64(2))
	assert.NotContains(t, read(t, "gate/replicated.yaml"), "sqlite:")
}

func TestBothImagesRunAsNobody(t *testing.T) {
	for _, part := range strings.Split(read(t, "gate/Dockerfile"), "\nFROM ")[2:] {
		assert.Contains(t, part, "USER 65532:65532")
		assert.Contains(t, part, "ca-certificates.crt")
	}
}
