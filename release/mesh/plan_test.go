package mesh

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	istio "istio.io/client-go/pkg/apis/networking/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

func TestRoutesThatNoClusterCouldAcceptAreRefused(t *testing.T) {
	cases := map[string]func(*Routes){
		"namespace":    func(r *Routes) { r.Namespace = "" },
		"host":         func(r *Routes) { r.Host = "*.shop" },
		"name":         func(r *Routes) { r.Name = "a.b" },
		"run":          func(r *Routes) { r.Run = "a/b" },
		"laneHeader":   func(r *Routes) { r.LaneHeader = "baggage" },
		"attestHeader": func(r *Routes) { r.AttestHeader = "a b" },
		"base":         func(r *Routes) { r.Base = nil },
		"branch":       func(r *Routes) { r.Branch = map[string]string{"version": "a b"} },
		"port":         func(r *Routes) { r.Port = 70000 },
		"could belong": func(r *Routes) { r.Branch = map[string]string{"version": "base", "track": "x"} },
	}
	for field, spoil := range cases {
		r := spec()
		spoil(&r)
		err := r.Validate()
		require.ErrorIs(t, err, ErrInvalid, field)
		assert.ErrorContains(t, err, field)
		_, err = snapshot(t, entry(t)).Plan(r)
		assert.ErrorIs(t, err, ErrInvalid, field)
	}
	assert.NoError(t, spec().Validate())
}

func TestThePlanIsTheYAMLThatItPrints(t *testing.T) {
	p, err := snapshot(t, entry(t)).Plan(spec())
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, p.Print(&b))
	assert.Equal(t, "create     DestinationRule shop/twinspect-catalog\ncreate     VirtualService shop/twinspect-catalog\n", b.String())
	doc, err := p.YAML()
	require.NoError(t, err)
	parts := strings.Split(string(doc), "---\n")
	require.Len(t, parts, 3)
	assert.Equal(t, `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  labels:
    app.kubernetes.io/managed-by: twinspect
    twinspect.dev/routes: twinspect-catalog
    twinspect.dev/run: r1
  name: twinspect-catalog
  namespace: shop
spec:
  host: catalog.shop.svc.cluster.local
  subsets:
  - labels:
      version: base
    name: twinspect-base
  - labels:
      version: branch
    name: twinspect-branch
`, parts[1])
	var read istio.VirtualService
	require.NoError(t, yaml.UnmarshalStrict([]byte(parts[2]), &read))
	assert.True(t, sameContent(p.Steps[1].want, &read), "it reads back as it was, empty conditions included")
}

func TestWhatIsAlreadyThereIsUnchangedOrUpdated(t *testing.T) {
	s := snapshot(t, entry(t))
	s = snapshot(t, append(applied(t, s, spec()), entry(t))...)
	actions := func(r Routes) []Action {
		p, err := s.Plan(r)
		require.NoError(t, err)
		return []Action{p.Steps[0].Action, p.Steps[1].Action}
	}
	assert.Equal(t, []Action{Unchanged, Unchanged}, actions(spec()))
	r := spec()
	r.Branch = map[string]string{"version": "next"}
	assert.Equal(t, []Action{Update, Unchanged}, actions(r))
	r = spec()
	r.Run = "r2"
	assert.Equal(t, []Action{Update, Update}, actions(r))
	s.DestinationRules[0].Labels["argocd.argoproj.io/instance"] = "x"
	assert.Equal(t, []Action{Unchanged, Unchanged}, actions(spec()), "labels of others are theirs")
}

func TestAForeignVirtualServiceOfTheHostIsRefusedWithWhatItsOwnerCanAdd(t *testing.T) {
	foreign := vs(t, "ops", "catalog", 9, `{hosts: [`+catalog+`], http: [{route: [{destination: {host: `+catalog+`}}]}]}`)
	p, err := snapshot(t, entry(t), foreign).Plan(spec())
	var conflict *ConflictError
	require.ErrorAs(t, err, &conflict)
	require.ErrorIs(t, err, ErrConflict)
	assert.Equal(t, []Ref{{kindVirtualService, "ops", "catalog"}}, conflict.Claims)
	assert.ErrorContains(t, err, "ops/catalog")
	assert.ErrorContains(t, err, "lane=branch")
	require.NotNil(t, p)
	assert.Equal(t, Refuse, p.Steps[1].Action)
	doc, yerr := p.YAML()
	require.NoError(t, yerr)
	assert.Contains(t, string(doc), "# refused: VirtualService shop/twinspect-catalog")

	_, stanzas, ok := strings.Cut(conflict.Do, "subsetsOnly:\n")
	require.True(t, ok)
	var add struct {
		HTTP []any `json:"http"`
	}
	require.NoError(t, yaml.Unmarshal([]byte(stanzas), &add))
	raw, merr := yaml.Marshal(add.HTTP)
	require.NoError(t, merr)
	more := decode[istio.VirtualService](t, "spec:\n  http:\n"+indentYAML(string(raw)))
	foreign.Spec.Http = append(more.Spec.Http, foreign.Spec.Http...)
	r := spec()
	r.SubsetsOnly = true
	s := snapshot(t, append(applied(t, snapshot(t, entry(t), foreign), r), entry(t), foreign)...)
	_, err = s.Lanes(r, []Request{ask("")})
	assert.NoError(t, err, "with the stanzas added, both lanes are routed")
}

func indentYAML(s string) string { return "  " + strings.ReplaceAll(s, "\n", "\n  ") }

func TestForeignObjectsInOurWayAreRefused(t *testing.T) {
	cases := map[string]struct {
		there runtime.Object
		edit  func(*Routes)
		kind  error
		says  string
	}{
		"a VirtualService of our name":  {vs(t, "shop", "twinspect-catalog", 1, `{hosts: [other]}`), nil, ErrForeign, "not made by twinspect"},
		"a DestinationRule of our name": {dr(t, "shop", "twinspect-catalog", 1, `{host: other}`), nil, ErrForeign, "not made by twinspect"},
		"our subset in another rule":    {dr(t, "shop", "x", 1, `{host: catalog, subsets: [{name: twinspect-base}]}`), nil, ErrForeign, "already defines"},
		"one on the same gateway": {vs(t, "ops", "x", 1, `{hosts: [`+catalog+`], gateways: [shop/edge], http: [{name: a}]}`),
			func(r *Routes) { r.Gateways = []string{"edge"} }, ErrConflict, "gateway shop/edge"},
		"no such port": {dr(t, "shop", "x", 1, `{host: other}`), func(r *Routes) { r.Port = 1 }, ErrInvalid, "only [8080]"},
		"no such host": {dr(t, "shop", "x", 1, `{host: other}`), func(r *Routes) { r.Host = "gone" }, ErrInvalid, "gone.shop.svc"},
	}
	for name, c := range cases {
		r := spec()
		if c.edit != nil {
			c.edit(&r)
		}
		_, err := snapshot(t, entry(t), c.there).Plan(r)
		require.ErrorIs(t, err, c.kind, name)
		assert.ErrorContains(t, err, c.says, name)
	}
	other := vs(t, "ops", "x", 1, `{hosts: [`+catalog+`], gateways: [edge], http: [{name: a}]}`)
	_, err := snapshot(t, entry(t), other).Plan(spec())
	assert.NoError(t, err, "a gateway's routes are no concern of the sidecars")
}

func TestTheRoutesOfAnotherRunAreNamedByTheirRun(t *testing.T) {
	r := spec()
	r.Name, r.Run = "theirs", "r0"
	s := snapshot(t, append(applied(t, snapshot(t, entry(t)), r), entry(t))...)
	s.DestinationRules = nil
	_, err := s.Plan(spec())
	require.ErrorIs(t, err, ErrConflict)
	assert.ErrorContains(t, err, `wait for the run "r0"`)
}

func TestOurRuleStaysBesideTheOthersOfTheHost(t *testing.T) {
	planned := func(rules ...runtime.Object) (*istio.DestinationRule, []string) {
		p, err := snapshot(t, append(rules, entry(t))...).Plan(spec())
		require.NoError(t, err)
		return p.Steps[0].want.(*istio.DestinationRule), p.Notes
	}
	got, notes := planned(dr(t, "shop", "x", 1, `{host: catalog, exportTo: [web, "."], trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}`))
	assert.Equal(t, []string{"web", "."}, got.Spec.ExportTo, "only so are both joined")
	assert.Nil(t, got.Spec.TrafficPolicy)
	assert.Empty(t, notes)

	for _, ns := range []string{"shop", "istio-system"} {
		got, notes = planned(dr(t, ns, "x", 1, `{host: "*.local", trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}`))
		assert.NotNil(t, got.Spec.TrafficPolicy.GetTls(), "what ours hides goes on holding")
		require.Len(t, notes, 1)
		assert.Contains(t, notes[0], ns+"/x no longer decides")
	}

	_, notes = planned(dr(t, "web", "x", 1, `{host: `+catalog+`}`), dr(t, "shop", "s", 1, `{host: catalog, workloadSelector: {matchLabels: {a: b}}}`))
	assert.Len(t, notes, 2)
}

func TestAWildcardThatNoLongerHoldsIsNoted(t *testing.T) {
	p, err := snapshot(t, entry(t), vs(t, "ops", "all", 1, `{hosts: ["*"], http: [{name: a}]}`)).Plan(spec())
	require.NoError(t, err)
	require.Len(t, p.Notes, 1)
	assert.Contains(t, p.Notes[0], "ops/all holds for "+catalog+" by a wildcard")
}
