package rest_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/diff"
	"twinspect.dev/release"
)

const ofCatalog = "?service=catalog&digest=" + image + "&base_digest=" + base

func TestWhatIsAskedIsAnswered(t *testing.T) {
	s := serve(t)
	document := compared(t, 500, diff.Pass)
	var pushed struct {
		Added    bool
		Evidence release.Evidence
	}
	first := s.do("catalog", "POST", pushTo+"&branch=main", document)
	first.into(t, &pushed)
	id := pushed.Evidence.ID
	until := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	long := strings.Repeat("x", 70_000)
	for _, c := range []struct {
		token, method, target, body string
		status                      int
		says                        string
	}{
		{"all", "GET", "/api/v1/verdict" + ofCatalog, "", 200, `"verdict":"promote"`},
		{"all", "GET", "/api/v1/verdict?service=none", "", 200, `no policy says`},
		{"all", "GET", "/api/v1/verdict?service=catalog", "", 200, `names no image`},
		{"all", "GET", "/api/v1/verdict", "", 400, "it is required"},
		{"all", "GET", "/api/v1/verdict?servce=catalog", "", 400, `it is required`},
		{"all", "GET", "/api/v1/verdict?service=catalog&digst=x", "", 400, `did you mean`},
		{"all", "GET", "/api/v1/verdict?service=catalog&service=x", "", 400, `it once`},
		{"all", "GET", "/api/v1/verdict?service=%ff", "", 400, `of text`},
		{"all", "GET", "/api/v1/verdict?service=%zz", "", 400, `invalid URL escape`},
		{"all", "GET", "/api/v1/verdict?service=catalog&weight=2", "", 400, `from 0 to 1`},
		{"all", "GET", "/api/v1/verdict?service=catalog&weight=NaN", "", 400, `from 0 to 1`},
		{"reader", "GET", "/api/v1/verdict" + ofCatalog, "", 403, "reader may not ask"},
		{"all", "GET", "/api/v1/verdicts?service=catalog", "", 200, `"asked"`},
		{"all", "GET", "/api/v1/verdicts?service=catalog&limit=0", "", 400, "from 1 to 1000"},
		{"catalog", "POST", pushTo, document, 200, `"added":false`},
		{"catalog", "POST", "/api/v1/evidence", document, 403, "for all services"},
		{"catalog", "POST", strings.Replace(pushTo, "catalog", "cart-1", 1), document, 403, "cart-1"},
		{"catalog", "POST", "/api/v1/evidence?service=catalog", document, 422, "say which digest"},
		{"catalog", "POST", pushTo, document[:len(document)/2], 422, "invalid"},
		{"catalog", "POST", pushTo, `{"schema":"other"}`, 422, "no evidence"},
		{"catalog", "GET", "/api/v1/evidence?service=catalog", "", 200, id},
		{"catalog", "GET", "/api/v1/evidence?service=catalog&kind=canary", "", 200, `"items":[]`},
		{"catalog", "GET", "/api/v1/evidence?service=catalog&kind=x", "", 400, "diff"},
		{"catalog", "GET", "/api/v1/evidence?service=catalog&since=x", "", 400, "a time as in"},
		{"catalog", "GET", "/api/v1/evidence?service=catalog&before=gone", "", 200, `"items":[]`},
		{"reader", "GET", "/api/v1/evidence/" + id, "", 200, id},
		{"cart", "GET", "/api/v1/evidence/" + id, "", 404, "there is none"},
		{"cart", "GET", "/api/v1/evidence/" + id + "/document", "", 404, "there is none"},
		{"reader", "GET", "/api/v1/evidence/none", "", 404, "there is none"},
		{"reader", "GET", "/api/v1/evidence/" + id + "/document", "", 200, document},
		{"catalog", "POST", "/api/v1/deployments", `{"service":"catalog","digest":"` + image + `"}`, 201, `"since"`},
		{"catalog", "POST", "/api/v1/deployments", `{"service":"catalog"}`, 422, "needs a service and a digest"},
		{"catalog", "POST", "/api/v1/deployments", `{"service":"catalog","digest":"d","at":"9999-12-31T23:59:59-10:00"}`, 422, "year outside of range"},
		{"catalog", "POST", "/api/v1/deployments", `{"service":"catalog","digest":"d","by":"me"}`, 400, "by"},
		{"catalog", "POST", "/api/v1/deployments", `{"service":"catalog","Service":"cart-1","digest":"d"}`, 400, "body"},
		{"catalog", "POST", "/api/v1/deployments", `{"service":null}`, 400, "is null"},
		{"catalog", "POST", "/api/v1/deployments", `[]`, 400, "want a JSON object"},
		{"catalog", "POST", "/api/v1/deployments", `{} {}`, 400, "body"},
		{"catalog", "POST", "/api/v1/deployments", `{"service":"` + long + `"}`, 413, "longer than"},
		{"all", "GET", "/api/v1/releases", "", 200, `"items":[{`},
		{"catalog", "GET", "/api/v1/releases", "", 403, "for all services"},
		{"catalog", "GET", "/api/v1/releases?service=catalog", "", 200, image},
		{"catalog", "GET", "/api/v1/observations" + ofCatalog, "", 200, `"items":[]`},
		{"all", "POST", "/api/v1/overrides", `{"service":"catalog","digest":"` + image + `","decision":"promote","reason":"known","until":"` + until + `"}`, 201, `"by":"all"`},
		{"catalog", "POST", "/api/v1/overrides", `{"service":"catalog","digest":"` + image + `","decision":"promote","reason":"known","until":"` + until + `"}`, 422, "does not let this person"},
		{"all", "POST", "/api/v1/overrides", `{"service":"catalog","digest":"` + image + `","decision":"promote","until":"` + until + `"}`, 422, "needs a reason"},
		{"all", "POST", "/api/v1/overrides", `{"service":"catalog","digest":"` + image + `","decision":"promote","reason":"x","until":"2020-01-01T00:00:00Z"}`, 422, "later than now"},
		{"all", "POST", "/api/v1/overrides", `{"service":"nobody","digest":"d","decision":"hold","reason":"x","until":"` + until + `"}`, 422, "no policy"},
		{"reader", "POST", "/api/v1/overrides", `{"service":"catalog"}`, 403, "override"},
		{"catalog", "GET", "/api/v1/overrides?service=catalog", "", 200, `"known"`},
		{"catalog", "DELETE", "/api/v1/overrides/none", "", 404, "there is none"},
		{"catalog", "POST", "/api/v1/stops", `{"services":["catalog"],"reason":"fire"}`, 201, `"fire"`},
		{"catalog", "POST", "/api/v1/stops", `{"services":["*"],"reason":"fire"}`, 403, "stop"},
		{"all", "POST", "/api/v1/stops", `{"services":[],"reason":"fire"}`, 422, "needs the services"},
		{"all", "POST", "/api/v1/stops", `{"services":[""],"reason":"fire"}`, 422, "without a name"},
		{"all", "POST", "/api/v1/stops", `{"services":["*"],"reason":""}`, 422, "needs a reason"},
		{"reader", "GET", "/api/v1/stops", "", 200, "fire"},
		{"reader", "GET", "/api/v1/policies", "", 200, `"name":"shop"`},
		{"reader", "GET", "/api/v1/audit", "", 403, "audit"},
		{"all", "GET", "/api/v1/audit?action=push", "", 200, `"refused":true`},
		{"", "GET", "/api/v1/stops", "", 401, "is needed"},
		{"all", "GET", "/api/v1/openapi.yaml", "", 200, "Twinspect release gate"},
		{"all", "GET", "/argo/verdict" + ofCatalog, "", 200, `"verdict":"hold"`}, // it is stopped
		{"all", "GET", "/kargo/verdict" + ofCatalog, "", 409, `"hold":true`},
		{"all", "POST", "/flagger/confirm-promotion", `{"name":"catalog","namespace":"shop","phase":"Progressing","metadata":{"digest":"` + image + `"}}`, 403, "fire"},
		{"all", "POST", "/flagger/nothing", `{"name":"catalog","namespace":"shop"}`, 404, "hook"},
		{"all", "POST", "/flagger/rollout", `{`, 400, ""},
		{"reader", "POST", "/flagger/rollout", `{"name":"catalog","namespace":"shop"}`, 403, "may not ask"},
		{"all", "GET", "/prometheus/api/v1/query?query=1%2B1", "", 200, `"success"`},
		{"all", "GET", "/prometheus/api/v1/query?query=" + `twinspect_verdict%7Bservice="catalog",digest="` + image + `"%7D`, "", 200, `"0"`},
		{"all", "GET", "/prometheus/api/v1/query?query=up", "", 400, "bad_data"},
		{"all", "GET", "/prometheus/api/v1/status/buildinfo", "", 200, "test"},
	} {
		name := c.token + " " + c.method + " " + c.target[:min(len(c.target), 60)] + " " + c.body[:min(len(c.body), 60)]
		t.Run(name, func(t *testing.T) {
			at := s.t
			s.t = t
			defer func() { s.t = at }()
			a := s.do(c.token, c.method, c.target, c.body)
			require.Equal(t, c.status, a.status, a.body)
			if !strings.Contains(a.body, c.says) {
				text := strings.ReplaceAll(a.body, `\"`, `"`)
				require.Contains(t, text, c.says)
			}
			if strings.HasPrefix(c.target, "/api/") && c.status >= 400 {
				assert.Equal(t, "application/problem+json", a.header.Get("Content-Type"))
			}
			if c.status == 403 && strings.HasPrefix(c.target, "/api/") {
				assert.Contains(t, a.header.Get("WWW-Authenticate"), "insufficient_scope")
			}
		})
	}
}

func TestATokenIsTakenAsAPassword(t *testing.T) {
	s := serve(t)
	a := s.do("", "GET", "/argo/verdict"+ofCatalog, "", with("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("gate:"+tokenOf("all")))))
	assert.Equal(t, 200, a.status)
}

func TestABodyOfAnotherMediaTypeIsRefused(t *testing.T) {
	s := serve(t)
	for _, target := range []string{pushTo, "/api/v1/stops"} {
		assert.Equal(t, http.StatusUnsupportedMediaType, s.do("all", "POST", target, "{}", with("Content-Type", "text/plain")).status)
	}
}

func TestWhatIsRefusedIsAudited(t *testing.T) {
	s := serve(t)
	s.do("reader", "POST", "/api/v1/stops", `{"services":["catalog"],"reason":"x"}`)
	s.do("catalog", "POST", pushTo, "{")
	var got struct{ Items []release.AuditEntry }
	s.do("all", "GET", "/api/v1/audit", "").into(t, &got)
	require.Len(t, got.Items, 2)
	assert.Equal(t, []string{"push", "stop"}, []string{got.Items[0].Action, got.Items[1].Action})
	assert.Equal(t, []string{"catalog", "reader"}, []string{got.Items[0].Who, got.Items[1].Who})
	assert.True(t, got.Items[0].Refused && got.Items[1].Refused)
}

func TestPagesGoThroughAll(t *testing.T) {
	s := serve(t)
	const n = 250
	for i := range n {
		digest := fmt.Sprintf("sha256:%064x", i)
		a := s.do("all", "POST", "/api/v1/evidence?service=catalog&digest="+digest, compared(t, uint64(i+1), diff.Pass))
		require.Equal(t, 201, a.status, a.body)
		s.do("all", "GET", "/api/v1/verdict?service=catalog&digest="+digest, "")
	}
	for _, path := range []string{"evidence", "verdicts", "releases", "audit"} {
		seen, pages := map[string]bool{}, 0
		for target, next := "/api/v1/"+path+"?service=catalog&limit=60", ""; ; pages++ {
			var page struct {
				Items []json.RawMessage
				Next  string
			}
			s.do("all", "GET", target+next, "").into(t, &page)
			for _, item := range page.Items {
				var one struct{ ID any }
				require.NoError(t, json.Unmarshal(item, &one))
				seen[fmt.Sprint(one.ID)] = true
			}
			if page.Next == "" {
				break
			}
			next = "&before=" + page.Next
		}
		assert.Len(t, seen, n, path)
		assert.Equal(t, 4, pages, path)
	}
}

func TestADatabaseThatIsAwayHoldsAndIsSaid(t *testing.T) {
	s := serve(t)
	require.Equal(t, 201, s.do("all", "POST", pushTo, compared(t, 500, diff.Pass)).status)
	require.Contains(t, s.do("all", "GET", "/api/v1/verdict"+ofCatalog, "").body, `"verdict":"promote"`)
	require.NoError(t, s.store.Close())
	a := s.do("all", "GET", "/api/v1/verdict"+ofCatalog, "")
	assert.Equal(t, 200, a.status)
	assert.Contains(t, a.body, `"verdict":"hold"`)
	assert.Contains(t, a.body, "the database is away")
	assert.NotContains(t, a.body, `"missing"`)
	assert.Contains(t, a.body, `"max_weight":0`)
	a = s.do("all", "POST", pushTo, compared(t, 501, diff.Pass))
	assert.Equal(t, 503, a.status)
	assert.Equal(t, "5", a.header.Get("Retry-After"))
	assert.Equal(t, 503, s.do("all", "GET", "/api/v1/events", "").status)
	assert.Equal(t, 409, s.do("all", "GET", "/kargo/verdict"+ofCatalog, "").status)
}
