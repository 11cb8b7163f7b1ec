package dashboard_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"twinspect.dev/diff/report/page"
	"twinspect.dev/release"
	"twinspect.dev/release/gate/access"
	"twinspect.dev/release/gate/dashboard"
)

// text returns what a page shows, white space folded.
func text(t *testing.T, page string) string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	require.NoError(t, err)
	var words []string
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.ElementNode && (n.Data == "style" || n.Data == "script") {
			return
		}
		if n.Type == html.TextNode {
			words = append(words, strings.Fields(n.Data)...)
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(root)
	return strings.Join(words, " ")
}

func TestThePagesShowWhatTheGateKnows(t *testing.T) {
	s := filled(t)
	id := as(t, all)
	r := s.releaseOf("catalog")
	for name, c := range map[string]struct {
		path string
		want []string
	}{
		"the releases": {"/", []string{"Incident: nothing is promoted of cart, check*", "INC-2071", "catalog", "feature/faster-search @ 7777777777", "Roll back", "Not asked yet", "Ended", "open"}},
		"a release": {fmt.Sprint("/releases/", r.ID), []string{"Roll back catalog", "Verdict over time", "verdicts as a table", "diff", "errors", "Proof that it is worse",
			"agreed in SHOP-412", "Revoked", "alice"}},
		"a comparison":              {"/evidence/" + s.ids["diff"], []string{"Operations", "Regressions", "Download the document", "Missed by the self-check", "nobody: whoever could push wrote it"}},
		"consumers":                 {"/evidence/" + s.ids["compat"], []string{"Who calls catalog", "checkout", "Breaks", "mobile-app"}},
		"a service":                 {"/services/catalog", []string{"Decided by the policy shop", "Who calls it", "checkout", "Overrides"}},
		"a service without callers": {"/services/checkout", []string{"No evidence says who calls this service"}},
		"a service without policy":  {"/services/other", []string{"No policy is for this service", "No release of it is known", "twinspect evidence push"}},
		"the audit log":             {"/audit", []string{"shop-pipeline", "override", "Refused", "announce"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := s.get(id, c.path)
			require.Equal(t, http.StatusOK, w.Code)
			got := text(t, w.Body.String())
			for _, want := range c.want {
				assert.Contains(t, got, want)
			}
			assert.NotContains(t, got, "ZgotmplZ", "a value was refused by the template")
		})
	}
}

func TestPagesLoadNothingAndSayWhatTheyMayDo(t *testing.T) {
	s := filled(t)
	id := as(t, all)
	outside := regexp.MustCompile(`(?:src|<link[^>]*href)="(?:https?:|//|/)`)
	for _, path := range []string{"/", fmt.Sprint("/releases/", s.releaseOf("catalog").ID), "/evidence/" + s.ids["diff"], "/services/catalog", "/audit", "/nowhere"} {
		w := s.get(id, path)
		policy := w.Header().Get("Content-Security-Policy")
		assert.Contains(t, policy, "default-src 'none'; script-src 'sha256-")
		assert.Contains(t, policy, "frame-ancestors 'none'")
		assert.NotContains(t, policy, "unsafe")
		assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
		page := w.Body.String()
		assert.Empty(t, outside.FindAllString(page, -1), path)
		assert.NotRegexp(t, ` (style|on[a-z]+)="`, page, path)
		assert.Equal(t, 1, strings.Count(page, "<script"), path)
	}
}

func TestWhoMayReadLessSeesLess(t *testing.T) {
	s := filled(t)
	id := as(t, `[{services: [cart, "pri*"], may: read}]`)
	page := text(t, s.get(id, "/").Body.String())
	assert.Contains(t, page, "cart")
	assert.Contains(t, page, "pricing")
	assert.NotContains(t, page, "catalog")
	assert.NotContains(t, page, "Audit")
	r := s.releaseOf("catalog")
	for path, status := range map[string]int{
		fmt.Sprint("/releases/", r.ID):   http.StatusNotFound,
		"/releases/99999":                http.StatusNotFound,
		"/evidence/" + s.ids["diff"]:     http.StatusNotFound,
		"/services/catalog":              http.StatusForbidden,
		"/?service=catalog":              http.StatusForbidden,
		"/audit":                         http.StatusForbidden,
		"/services/cart":                 http.StatusOK,
		"/nowhere":                       http.StatusNotFound,
		"/releases/x":                    http.StatusNotFound,
		"/releases/9223372036854775807":  http.StatusNotFound,
		"/evidence/sha256:0000":          http.StatusNotFound,
		"/?decision=maybe":               http.StatusBadRequest,
		"/?servise=x":                    http.StatusBadRequest,
		"/?before=-1":                    http.StatusBadRequest,
		"/?service=%00":                  http.StatusBadRequest,
		"/?service=%ff":                  http.StatusBadRequest,
		"/?service=a&service=b":          http.StatusBadRequest,
		"/?%zz":                          http.StatusBadRequest,
		"/audit?refused=maybe":           http.StatusBadRequest,
		"/services/" + long("x", 500):    http.StatusForbidden,
		"/services/" + long("pri-", 600): http.StatusBadRequest,
	} {
		w := s.get(id, path)
		assert.Equal(t, status, w.Code, path)
		assert.Contains(t, w.Header().Get("Content-Type"), "text/html")
		assert.Contains(t, text(t, w.Body.String()), "Skip to the content")
	}
	assert.Equal(t, http.StatusForbidden, s.get(access.Identity{}, "/audit").Code)
}

func long(s string, n int) string { return s + strings.Repeat("n", n-len(s)) }

func TestTheAuditLogShowsWhatIsTheReaders(t *testing.T) {
	s := filled(t)
	page := text(t, s.get(as(t, `[{services: cart, may: [read, audit]}]`), "/audit").Body.String())
	assert.Contains(t, page, "cart")
	assert.NotContains(t, page, "pricing")
	page = text(t, s.get(as(t, all), "/audit?refused=yes").Body.String())
	assert.Contains(t, page, "Refused")
	assert.NotContains(t, page, "announce 22")
	page = text(t, s.get(as(t, all), "/audit?who=alice&action=override").Body.String())
	assert.Contains(t, page, "alice")
	assert.NotContains(t, page, "deploy")
	assert.Contains(t, text(t, s.get(as(t, all), "/audit?who=nobody").Body.String()), "No entry fits the filter")
}

func TestFiltersChooseReleases(t *testing.T) {
	s := filled(t)
	id := as(t, all)
	for query, want := range map[string]struct{ with, without string }{
		"?service=cart":                {"feature/discounts", "feature/faster-search"},
		"?decision=none":               {"checkout", "feature/discounts"},
		"?decision=rollback&show=open": {"feature/discounts", "fix/rounding"},
		"?show=ended":                  {"pricing", "feature/faster-search"},
		"?service=nobody":              {"No open release fits the filter", "feature/discounts"},
	} {
		page := text(t, s.get(id, "/"+query).Body.String())
		assert.Contains(t, page, want.with, query)
		assert.NotContains(t, page, want.without, query)
	}
}

var olderLink = regexp.MustCompile(`class="button" href="([^"]+)"[^>]*>Older`)

func TestEveryReleaseIsOnOnePage(t *testing.T) {
	s := newShop(t)
	for i := range 133 {
		s.announce(fmt.Sprintf("service-%03d", i), i+1, "main", "production")
	}
	id, seen := as(t, all), map[string]int{}
	path := "/"
	for pages := 0; path != ""; pages++ {
		require.Less(t, pages, 10)
		page := s.get(id, path).Body.String()
		for _, name := range regexp.MustCompile(`href="/releases/(\d+)"`).FindAllStringSubmatch(page, -1) {
			seen[name[1]]++
		}
		path = ""
		if m := olderLink.FindStringSubmatch(page); m != nil {
			path = html.UnescapeString(m[1])
		}
	}
	assert.Len(t, seen, 133)
	for id, n := range seen {
		assert.Equal(t, 1, n, id)
	}
}

func TestWithoutAnythingThePagesSayWhatToDo(t *testing.T) {
	s := newShop(t)
	id := as(t, all)
	page := text(t, s.get(id, "/").Body.String())
	assert.Contains(t, page, "No release is open")
	assert.Contains(t, page, "twinspect evidence push --server http://example.com --service catalog")
	assert.Contains(t, text(t, s.get(id, "/audit").Body.String()), "Nothing was done yet")
	r := s.announce("catalog", 1, "main", "production")
	page = text(t, s.get(id, fmt.Sprint("/releases/", s.releaseOf("catalog").ID)).Body.String())
	for _, want := range []string{"Nobody asked for a verdict yet", "There is no evidence of this image", "No look at its metrics was filed", "Nobody set a verdict aside", r.Digest} {
		assert.Contains(t, page, want)
	}
}

func TestHostileTextsStayText(t *testing.T) {
	s := newShop(t)
	id := as(t, all)
	subject := release.Subject{Service: strings.ReplaceAll(hostile, "\x1b", "") + "/../?#", Digest: digest(1)}
	_, err := s.gate.Announce(t.Context(), hostile, release.Deployment{Subject: subject, Environment: hostile,
		Origin: release.Origin{Branch: strings.Repeat("n", 500), Commit: hostile, URL: "javascript:alert(1)"}})
	require.NoError(t, err)
	s.push(diffDocument, subject)
	s.ask(subject)
	_, err = s.gate.Stop(t.Context(), hostile, release.Stop{Services: []string{"*"}, Reason: hostile})
	require.NoError(t, err)
	list := s.get(id, "/").Body.String()
	m := regexp.MustCompile(`href="(/releases/\d+)"`).FindStringSubmatch(list)
	require.NotNil(t, m)
	for _, path := range []string{"/", m[1], "/services/" + url.PathEscape(subject.Service), "/audit", "/?service=" + url.QueryEscape(subject.Service)} {
		w := s.get(id, path)
		require.Equal(t, http.StatusOK, w.Code, path)
		page := w.Body.String()
		assert.NotContains(t, page, "<img")
		assert.NotContains(t, page, "javascript:")
		assert.NotContains(t, page, "\x1b")
		assert.Contains(t, text(t, page), `</script><img src=x onerror=alert(1)>\u202e`, path)
	}
}

func TestADatabaseThatIsAwayIsAPage(t *testing.T) {
	s := filled(t)
	id := as(t, all)
	require.NoError(t, s.store.Close())
	w := s.get(id, "/")
	assert.GreaterOrEqual(t, w.Code, 500)
	assert.Contains(t, text(t, w.Body.String()), "Load the page again")
	assert.NotContains(t, w.Body.String(), "sql")
}

func TestPagesAreReadAlone(t *testing.T) {
	s := newShop(t)
	for _, method := range []string{http.MethodPost, http.MethodDelete, "BREW"} {
		r := httptest.NewRequest(method, "/", nil)
		w := httptest.NewRecorder()
		s.pages.ServeHTTP(w, r)
		assert.Equal(t, http.StatusMethodNotAllowed, w.Code)
		assert.Equal(t, "GET, HEAD", w.Header().Get("Allow"))
	}
	_, err := dashboard.New(dashboard.Config{})
	assert.Error(t, err)
}

func TestAThousandReleasesAreListedInTime(t *testing.T) {
	s := newShop(t)
	for i := range 1000 {
		s.ask(release.Subject{Service: fmt.Sprintf("service-%04d", i), Digest: digest(i + 1)})
	}
	id := as(t, all)
	for _, path := range []string{"/", "/?decision=promote", "/?service=service-0001", "/releases/500"} {
		began := time.Now()
		w := s.get(id, path)
		took := time.Since(began)
		require.Equal(t, http.StatusOK, w.Code)
		t.Logf("%s: %d bytes in %s", path, w.Body.Len(), took.Round(100*time.Microsecond))
		assert.Less(t, took, 3*time.Second, "a page is waited for")
		assert.Less(t, w.Body.Len(), 500_000)
	}
}

func TestTheCheckedInBundlesAreFresh(t *testing.T) {
	files, err := page.Bundle("page")
	require.NoError(t, err)
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join("page", filepath.FromSlash(name)))
		require.NoError(t, err)
		require.True(t, string(want) == string(got), "%s is stale: run go generate in this folder", name)
	}
}
