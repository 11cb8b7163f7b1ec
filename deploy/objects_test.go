package deploy

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/release/gate/dialect"
)

const (
	success = `result.verdict == "promote"`
	failure = `result.verdict == "rollback"`
	service = "twinspect-gate.twinspect.svc:8420"
)

// filled is a text with the variables of a deployment.
func filled(text any) string {
	return strings.NewReplacer("${CATALOG_DIGEST}", "sha256:"+strings.Repeat("a", 64), "${CATALOG_LIVE_DIGEST}", "sha256:"+strings.Repeat("b", 64),
		"${TWINSPECT_FLAGGER_TOKEN}", "TOKEN").Replace(text.(string))
}

func TestFlaggerAsksAtEveryHookThatItNeeds(t *testing.T) {
	canary := ofKind(t, "flagger/canary.yaml", "Canary", "catalog")
	asked := map[dialect.Hook]bool{}
	for _, w := range at(t, canary, "spec", "analysis", "webhooks").([]any) {
		hook, err := dialect.ParseHook(at(t, w, "type").(string))
		require.NoError(t, err)
		asked[hook] = true
		u, err := url.Parse(filled(at(t, w, "url")))
		require.NoError(t, err)
		assert.Equal(t, service, u.Host)
		assert.Equal(t, "/flagger/"+string(hook), u.Path, "the path names the hook")
		assert.Equal(t, "flagger", u.User.Username())

		weight, err := dialect.ParseWeight(at(t, w, "metadata", "weight").(string))
		require.NoError(t, err)
		assert.InDelta(t, at(t, canary, "spec", "analysis", "maxWeight"), 100*weight, 1e-9)
		assert.Equal(t, "catalog", at(t, w, "metadata", "service"))
	}
	for _, hook := range dialect.Hooks {
		// A hold fails pre-rollout; confirm-rollout waits.
		assert.Equal(t, hook != dialect.PreRollout, asked[hook], hook)
	}
}

func TestFlaggerMeasuresTheVerdict(t *testing.T) {
	metric := at(t, ofKind(t, "flagger/canary.yaml", "Canary", ""), "spec", "analysis", "metrics", 0).(object)
	assert.Equal(t, object{"min": uint64(0)}, metric["thresholdRange"], "a rollback is -1")
	template := ofKind(t, "flagger/canary.yaml", "MetricTemplate", at(t, metric, "templateRef", "name").(string))
	query := strings.NewReplacer("{{ target }}", "catalog", "{{ variables.digest }}", filled(at(t, metric, "templateVariables", "digest"))).
		Replace(at(t, template, "spec", "query").(string))
	s, err := dialect.ParseSelector(query)
	require.NoError(t, err)
	assert.Equal(t, dialect.VerdictMetric, s.Metric)
	assert.Equal(t, "catalog", s.Subject.Service)
	assert.NotEmpty(t, s.Subject.Digest)
	address := at(t, template, "spec", "provider", "address").(string)
	assert.Equal(t, "http://"+service+"/prometheus", address, "no token stands in it")
}

func TestArgoTellsAHoldFromBothOthers(t *testing.T) {
	for _, o := range documents(t, "argo/analysistemplate.yaml") {
		name := at(t, o, "metadata", "name")
		args := at(t, o, "spec", "args")
		metric := at(t, o, "spec", "metrics", 0).(object)
		assert.Equal(t, failure, metric["failureCondition"], name)
		assert.NotEmpty(t, metric["successCondition"], name)
		assert.EqualValues(t, 0, metric["failureLimit"], "one rollback is enough")
		web := at(t, metric, "provider", "web").(object)
		assert.Equal(t, "Bearer {{args.token}}", at(t, web, "headers", 0, "value"))
		assert.Equal(t, "token", at(t, named(t, args, "token"), "valueFrom", "secretKeyRef", "key"))
		for _, used := range regexp.MustCompile(`\{\{args\.(\w+)\}\}`).FindAllStringSubmatch(web["url"].(string), -1) {
			named(t, args, used[1])
		}
		u, err := url.Parse(regexp.MustCompile(`\{\{args\.\w+\}\}`).ReplaceAllString(web["url"].(string), "20"))
		require.NoError(t, err)
		assert.Equal(t, service+"/argo/verdict", u.Host+u.Path)
		_, err = dialect.ParseWeight(u.Query().Get("weight"))
		if name == "twinspect-admit" {
			require.NoError(t, err)
			assert.Equal(t, "20%", u.Query().Get("weight"))
		}
	}
	gate := at(t, ofKind(t, "argo/analysistemplate.yaml", "AnalysisTemplate", "twinspect-gate"), "spec", "metrics", 0).(object)
	assert.Equal(t, success, gate["successCondition"])
	assert.EqualValues(t, 1, gate["consecutiveSuccessLimit"], "it ends at the first promote")
}

func TestTheRolloutGivesItsTemplatesWhatTheyTake(t *testing.T) {
	canary := at(t, ofKind(t, "argo/rollout.yaml", "Rollout", ""), "spec", "strategy", "canary").(object)
	asks := []any{canary["analysis"]}
	for _, s := range canary["steps"].([]any) {
		if a := s.(object)["analysis"]; a != nil {
			asks = append(asks, a)
		}
	}
	require.Len(t, asks, 4)
	for _, a := range asks {
		template := ofKind(t, "argo/analysistemplate.yaml", "AnalysisTemplate", at(t, a, "templates", 0, "templateName").(string))
		for _, arg := range at(t, template, "spec", "args").([]any) {
			if o := arg.(object); o["value"] == nil && o["valueFrom"] == nil {
				named(t, at(t, a, "args"), o["name"].(string))
			}
		}
	}
	last := canary["steps"].([]any)
	assert.NotNil(t, last[len(last)-1].(object)["analysis"], "all of the traffic is given after a promote")
}

func TestKargoTellsAHoldFromBothOthers(t *testing.T) {
	stage := ofKind(t, "kargo/stage.yaml", "Stage", "")
	step := at(t, stage, "spec", "promotionTemplate", "spec", "steps", 0).(object)
	assert.Equal(t, "http", step["uses"])
	config := step["config"].(object)
	assert.Equal(t, "http://"+service+"/kargo/verdict", config["url"])
	assert.Equal(t, `response.body.verdict == "promote"`, config["successExpression"])
	assert.Equal(t, `response.body.verdict == "rollback"`, config["failureExpression"])
	assert.NotEmpty(t, at(t, step, "retry", "timeout"), "a hold is not asked about for ever")
	template := ofKind(t, "argo/analysistemplate.yaml", "AnalysisTemplate", at(t, stage, "spec", "verification", "analysisTemplates", 0, "name").(string))
	for _, arg := range at(t, stage, "spec", "verification", "args").([]any) {
		named(t, at(t, template, "spec", "args"), arg.(object)["name"].(string))
	}
}

// httpConfig are the keys of the http step and their types, after the schema of the step,
// pkg/promotion/runner/builtin/schemas/http-config.json of Kargo, main branch of 2026;
// others are refused there.
var httpConfig = map[string]any{
	"method": "", "url": "", "headers": []any{}, "queryParams": []any{}, "body": "", "insecureSkipTLSVerify": false, "proxy": "",
	"timeout": "", "pollInterval": "", "responseContentType": "", "outputs": []any{}, "successExpression": "", "failureExpression": "", "errorExpression": "",
}

func TestTheStepOfKargoHasNoKeyThatKargoRefuses(t *testing.T) {
	config := at(t, ofKind(t, "kargo/stage.yaml", "Stage", ""), "spec", "promotionTemplate", "spec", "steps", 0, "config").(object)
	for key, value := range config {
		if assert.Contains(t, httpConfig, key) {
			assert.IsType(t, httpConfig[key], value, key)
		}
	}
	for key, second := range map[string]string{"headers": "value", "queryParams": "value", "outputs": "fromExpression"} {
		for _, v := range config[key].([]any) {
			assert.Len(t, v, 2)
			assert.NotEmpty(t, at(t, v, "name"))
			assert.NotEmpty(t, at(t, v, second))
		}
	}
}
