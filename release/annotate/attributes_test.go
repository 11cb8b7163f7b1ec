package annotate

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	"pgregory.net/rapid"

	"twinspect.dev/release"
)

var deployment = release.Deployment{
	Subject: release.Subject{Service: "catalog", Digest: "sha256:" + strings.Repeat("a", 64), BaseDigest: "sha256:" + strings.Repeat("b", 64)},
	Origin: release.Origin{Branch: "feature/faster, cheaper", Commit: "0123abc", Pipeline: "1234", Job: "deploy to production",
		URL: "https://ci.example/run?id=1234&job=deploy#log"},
	Environment: "production", By: "ci", At: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC),
}

func TestAttributesHaveTheNamesOfTheConventions(t *testing.T) {
	got := map[string]string{}
	for _, a := range Attributes(deployment) {
		got[string(a.Key)] = a.Value.AsString()
	}
	assert.Equal(t, map[string]string{
		"service.name": "catalog", "service.version": "0123abc", "deployment.environment.name": "production",
		"vcs.ref.head.name": "feature/faster, cheaper", "vcs.ref.head.revision": "0123abc",
		"cicd.pipeline.run.id": "1234", "cicd.pipeline.task.name": "deploy to production",
		"cicd.pipeline.run.url.full": "https://ci.example/run?id=1234&job=deploy#log",
		"oci.manifest.digest":        deployment.Digest,
	}, got)
}

func TestAPipelineIsARunWhereItEndsInANumber(t *testing.T) {
	for given, want := range map[string]string{
		"1234": "cicd.pipeline.run.id", "jenkins-shop-17": "cicd.pipeline.run.id", "Build and deploy": "cicd.pipeline.name", "": "cicd.pipeline.name",
	} {
		assert.Equal(t, want, string(pipeline(given).Key), given)
	}
}

func TestWhatIsNotKnownIsLeftOut(t *testing.T) {
	assert.Empty(t, Attributes(release.Deployment{}))
	assert.Empty(t, Environment(release.Deployment{}))
	d := release.Deployment{Subject: release.Subject{Service: strings.Repeat("x", MaxValue+1)}, Environment: "  "}
	assert.Empty(t, Attributes(d), "a value that is too long, and one that is empty")
}

func TestTheEnvironmentIsReadBackByTheSDK(t *testing.T) {
	assertReadBack(t, deployment)
}

// assertReadBack asks the detector of the SDK what it makes of the variable.
func assertReadBack(t interface {
	require.TestingT
	Setenv(string, string)
	Helper()
}, d release.Deployment) {
	t.Helper()
	t.Setenv("OTEL_SERVICE_NAME", "")
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", Environment(d))
	got, err := resource.New(context.Background(), resource.WithFromEnv())
	require.NoError(t, err)
	want := attribute.NewSet(Attributes(d)...)
	assert.Equal(t, want.Encoded(attribute.DefaultEncoder()), got.Set().Encoded(attribute.DefaultEncoder()))
}

// env makes a rapid test one that sets variables, which are those of the test around.
type env struct {
	*rapid.T
	outer *testing.T
}

func (e env) Setenv(k, v string) { e.outer.Setenv(k, v) }

func TestAnyValueIsReadBackByTheSDK(t *testing.T) {
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "")
	rapid.Check(t, func(rt *rapid.T) {
		text := func(name string) string { return strings.ReplaceAll(rapid.String().Draw(rt, name), "\x00", "") }
		assertReadBack(env{rt, t}, release.Deployment{
			Subject: release.Subject{Service: text("service"), Digest: text("digest")},
			Origin:  release.Origin{Branch: text("branch"), Pipeline: text("pipeline"), URL: text("url")},
		})
	})
}

func TestTheEnvironmentHasNothingThatIsReadAsSomethingElse(t *testing.T) {
	d := release.Deployment{Subject: release.Subject{Service: `a,b=c;d"e\f g%h+ü`}}
	assert.Equal(t, "service.name=a%2Cb%3Dc%3Bd%22e%5Cf%20g%25h%2B%C3%BC", Environment(d))
}

func TestPodAnnotationsLeaveOutWhatIsReadInTwoWays(t *testing.T) {
	annotations, left := PodAnnotations(deployment)
	assert.Equal(t, []string{"vcs.ref.head.name"}, left)
	assert.Equal(t, "catalog", annotations["resource.opentelemetry.io/service.name"])
	assert.Len(t, annotations, len(Attributes(deployment))-1)
	for key := range annotations {
		_, name, _ := strings.Cut(key, "/")
		assert.LessOrEqual(t, len(name), 63, "Kubernetes has room for no longer names")
	}
}

func TestAPatchSetsTheAnnotationsOfThePods(t *testing.T) {
	text, err := Patch(deployment)
	require.NoError(t, err)
	var patch struct {
		Spec struct {
			Template struct {
				Metadata struct{ Annotations map[string]string }
			}
		}
	}
	require.NoError(t, json.Unmarshal(text, &patch))
	want, _ := PodAnnotations(deployment)
	assert.Equal(t, want, patch.Spec.Template.Metadata.Annotations)
}

func FuzzEnvironment(f *testing.F) {
	f.Add("catalog", "main", "12", "https://ci.example/1")
	f.Add("a,b", "x=y", "%41", "\xff\x00 ;")
	f.Fuzz(func(t *testing.T, service, branch, run, url string) {
		d := release.Deployment{Subject: release.Subject{Service: service}, Origin: release.Origin{Branch: branch, Pipeline: run, URL: url}}
		for pair := range strings.SplitSeq(Environment(d), ",") {
			assert.LessOrEqual(t, strings.Count(pair, "="), 1)
			for _, r := range pair {
				assert.True(t, r > ' ' && r <= '~', "%q", pair)
			}
		}
		_, err := Patch(d)
		assert.NoError(t, err)
		a := annotate(d)
		assert.LessOrEqual(t, sizeOf(a.Tags), maxTags)
		assert.NotContains(t, strings.ReplaceAll(strings.ReplaceAll(a.Text, "<b>", ""), "<br>", ""), "<script")
	})
}
