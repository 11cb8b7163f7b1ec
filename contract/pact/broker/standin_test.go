package broker_test

import (
	"crypto/sha1" //nolint:gosec // what brokers name the versions of a pact by
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
)

// standIn is a broker that keeps what it is given, and speaks as the documentation of
// the Pact Broker says.
type standIn struct {
	*httptest.Server
	old        bool // before pb:publish-contracts and pb:provider-pacts-for-verification
	user, pass string
	token      string
	asked      []string

	mu       sync.Mutex
	failing  int // how many requests are answered 503
	versions map[string]*standVersion
	pacts    []*standPact
}

type standVersion struct {
	Branch, BuildURL string
	Tags             []string
}

type standPact struct {
	consumer, provider, version, sha string
	content                          map[string]any
	results                          []map[string]any
}

func newStandIn(t *testing.T, old bool) *standIn {
	t.Helper()
	b := &standIn{old: old, versions: map[string]*standVersion{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /broker", b.index)
	mux.HandleFunc("GET /broker/{$}", b.index)
	mux.HandleFunc("POST /broker/contracts/publish", b.publish)
	mux.HandleFunc("PUT /broker/pacts/provider/{provider}/consumer/{consumer}/version/{version}", b.putPact)
	mux.HandleFunc("GET /broker/pacts/provider/{provider}/consumer/{consumer}/version/{version}", b.getVersion)
	mux.HandleFunc("POST /broker/pacts/provider/{provider}/for-verification", b.forVerification)
	mux.HandleFunc("GET /broker/pacts/provider/{provider}/latest", b.latest)
	mux.HandleFunc("GET /broker/pacts/provider/{provider}/latest/{tag}", b.latest)
	mux.HandleFunc("GET /broker/pacts/provider/{provider}/consumer/{consumer}/pact-version/{sha}", b.getPact)
	mux.HandleFunc("POST /broker/results/{sha}", b.results)
	mux.HandleFunc("PUT /broker/pacticipants/{name}/branches/{branch}/versions/{version}", func(w http.ResponseWriter, r *http.Request) {
		b.version(r.PathValue("name"), r.PathValue("version")).Branch = r.PathValue("branch")
		reply(w, http.StatusCreated, map[string]any{})
	})
	mux.HandleFunc("PUT /broker/pacticipants/{name}/versions/{version}/tags/{tag}", func(w http.ResponseWriter, r *http.Request) {
		v := b.version(r.PathValue("name"), r.PathValue("version"))
		v.Tags = append(v.Tags, r.PathValue("tag"))
		reply(w, http.StatusCreated, map[string]any{})
	})
	mux.HandleFunc("PUT /broker/pacticipants/{name}/versions/{version}", func(w http.ResponseWriter, r *http.Request) {
		var body struct{ BuildURL string }
		_ = json.NewDecoder(r.Body).Decode(&body)
		b.version(r.PathValue("name"), r.PathValue("version")).BuildURL = body.BuildURL
		reply(w, http.StatusOK, map[string]any{})
	})
	mux.HandleFunc("GET /broker/can-i-deploy", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		b.deployable(w, q.Get("pacticipant"), q.Get("version"), q.Get("environment")+q.Get("to"))
	})
	// The matrix is what Pact's own client asks.
	mux.HandleFunc("GET /broker/matrix", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		b.deployable(w, q.Get("q[][pacticipant]"), q.Get("q[][version]"), q.Get("environment")+q.Get("tag"))
	})
	b.Server = httptest.NewServer(b.guard(mux))
	t.Cleanup(b.Close)
	return b
}

// guard authenticates, and fails as long as it is told to.
func (b *standIn) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.asked = append(b.asked, r.Method+" "+r.URL.EscapedPath())
		if b.failing > 0 {
			b.failing--
			http.Error(w, "restarting", http.StatusServiceUnavailable)
			return
		}
		user, pass, _ := r.BasicAuth()
		if user != b.user || pass != b.pass || b.token != "" && r.Header.Get("Authorization") != "Bearer "+b.token {
			w.Header().Set("WWW-Authenticate", `Basic realm="broker"`)
			reply(w, http.StatusUnauthorized, map[string]any{"error": map[string]any{"message": "not " + r.Header.Get("Authorization")}})
			return
		}
		next.ServeHTTP(w, r)
	})
}

func reply(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	sum := sha1.Sum(body) //nolint:gosec // an ETag
	w.Header().Set("Content-Type", "application/hal+json;charset=utf-8")
	w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:])+`"`)
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

func (b *standIn) url(format string, parts ...any) string {
	for i, p := range parts {
		parts[i] = url.PathEscape(fmt.Sprint(p))
	}
	return b.URL + "/broker" + fmt.Sprintf(format, parts...)
}

func (b *standIn) index(w http.ResponseWriter, _ *http.Request) {
	at := func(path string) map[string]any {
		return map[string]any{"href": b.URL + "/broker" + path, "templated": strings.Contains(path, "{")}
	}
	links := map[string]any{
		"self": at("/"), "pb:publish-pact": at("/pacts/provider/{provider}/consumer/{consumer}/version/{consumerApplicationVersion}"),
		"pb:latest-provider-pacts":                   at("/pacts/provider/{provider}/latest"),
		"pb:latest-provider-pacts-with-tag":          at("/pacts/provider/{provider}/latest/{tag}"),
		"pb:pacticipant-version-tag":                 at("/pacticipants/{pacticipant}/versions/{version}/tags/{tag}"),
		"pb:can-i-deploy-pacticipant-version-to-tag": at("/can-i-deploy?pacticipant={pacticipant}&version={version}&to={tag}"),
		"curies": []any{map[string]any{"name": "pb", "href": b.URL + "/broker/doc/{rel}?context=index", "templated": true}},
	}
	if !b.old {
		links["pb:publish-contracts"] = at("/contracts/publish")
		links["pb:provider-pacts-for-verification"] = at("/pacts/provider/{provider}/for-verification")
		links["pb:pacticipant-branch-version"] = at("/pacticipants/{pacticipant}/branches/{branch}/versions/{version}")
		links["pb:pacticipant-version"] = at("/pacticipants/{pacticipant}/versions/{version}")
		links["pb:can-i-deploy-pacticipant-version-to-environment"] = at("/can-i-deploy?pacticipant={pacticipant}&version={version}&environment={environment}")
	}
	reply(w, http.StatusOK, map[string]any{"_links": links})
}

func (b *standIn) version(name, number string) *standVersion {
	key := name + " " + number
	if b.versions[key] == nil {
		b.versions[key] = &standVersion{}
	}
	return b.versions[key]
}

// store keeps a pact; false is a conflict: the version has another one.
func (b *standIn) store(consumer, provider, version string, content []byte) (*standPact, bool) {
	sum := sha1.Sum(content) //nolint:gosec // a name
	p := &standPact{consumer: consumer, provider: provider, version: version, sha: hex.EncodeToString(sum[:])}
	if json.Unmarshal(content, &p.content) != nil {
		return nil, false
	}
	for _, old := range b.pacts {
		if old.consumer == consumer && old.provider == provider && old.version == version {
			return old, old.sha == p.sha
		}
	}
	b.pacts = append(b.pacts, p)
	return p, true
}

func (b *standIn) publish(w http.ResponseWriter, r *http.Request) {
	var body struct {
		PacticipantName, PacticipantVersionNumber, Branch, BuildURL string
		Tags                                                        []string
		Contracts                                                   []struct{ ConsumerName, ProviderName, Specification, ContentType, Content, WriteMode string }
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || len(body.Contracts) == 0 {
		reply(w, http.StatusBadRequest, map[string]any{"errors": map[string]any{"contracts": []string{"is missing"}}})
		return
	}
	var links []any
	for _, c := range body.Contracts {
		content, err := base64.StdEncoding.DecodeString(c.Content)
		if err != nil || c.ConsumerName != body.PacticipantName || c.Specification != "pact" || c.ContentType != "application/json" {
			reply(w, http.StatusBadRequest, map[string]any{"errors": map[string]any{"contracts": []string{"consumerName must match pacticipantName"}}})
			return
		}
		p, ok := b.store(c.ConsumerName, c.ProviderName, body.PacticipantVersionNumber, content)
		if !ok {
			reply(w, http.StatusConflict, map[string]any{"notices": []any{map[string]any{"type": "error",
				"text": "Cannot change the content of the pact for " + c.ConsumerName + " version " + body.PacticipantVersionNumber}}})
			return
		}
		links = append(links, map[string]any{"title": "Pact", "href": b.pactURL(p)})
	}
	v := b.version(body.PacticipantName, body.PacticipantVersionNumber)
	v.Branch, v.BuildURL, v.Tags = body.Branch, body.BuildURL, body.Tags
	reply(w, http.StatusOK, map[string]any{
		"notices": []any{map[string]any{"type": "success", "text": "Pact successfully published for " + body.PacticipantName}},
		"_links":  map[string]any{"pb:contracts": links},
	})
}

func (b *standIn) putPact(w http.ResponseWriter, r *http.Request) {
	var content json.RawMessage
	if json.NewDecoder(r.Body).Decode(&content) != nil {
		reply(w, http.StatusBadRequest, map[string]any{"error": "Error parsing JSON"})
		return
	}
	if _, ok := b.store(r.PathValue("consumer"), r.PathValue("provider"), r.PathValue("version"), content); !ok {
		http.Error(w, "Cannot change the content of the pact", http.StatusConflict)
		return
	}
	reply(w, http.StatusCreated, content)
}

// getVersion answers Pact's own client, which asks before it puts.
func (b *standIn) getVersion(w http.ResponseWriter, r *http.Request) {
	for _, p := range b.pacts {
		if p.consumer == r.PathValue("consumer") && p.provider == r.PathValue("provider") && p.version == r.PathValue("version") {
			reply(w, http.StatusOK, p.content)
			return
		}
	}
	reply(w, http.StatusNotFound, map[string]any{"error": "The requested document was not found"})
}

func (b *standIn) pactURL(p *standPact) string {
	return b.url("/pacts/provider/%s/consumer/%s/pact-version/%s", p.provider, p.consumer, p.sha)
}

func (p *standPact) name() string {
	return fmt.Sprintf("Pact between %s (%s) and %s", p.consumer, p.version, p.provider)
}

func (b *standIn) forVerification(w http.ResponseWriter, r *http.Request) {
	var body struct {
		ConsumerVersionSelectors []struct {
			Branch, Tag, Consumer string
			MainBranch, Latest    bool
		}
		IncludePendingStatus  bool
		IncludeWipPactsSince  string
		ProviderVersionBranch string
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		reply(w, http.StatusBadRequest, map[string]any{"error": "no JSON"})
		return
	}
	var list []any
	known := false
	for _, p := range b.pacts {
		known = known || p.provider == r.PathValue("provider")
		v := b.version(p.consumer, p.version)
		wanted := len(body.ConsumerVersionSelectors) == 0
		for _, s := range body.ConsumerVersionSelectors {
			fits := s.MainBranch && v.Branch == "main" || s.Branch != "" && s.Branch == v.Branch || s.Tag != "" && slices.Contains(v.Tags, s.Tag)
			wanted = wanted || fits && (s.Consumer == "" || s.Consumer == p.consumer)
		}
		wip := !wanted && body.IncludeWipPactsSince != ""
		if p.provider != r.PathValue("provider") || !wanted && !wip {
			continue
		}
		properties := map[string]any{"notices": []any{map[string]any{"text": "This pact is being verified", "when": "before_verification"}}}
		if body.IncludePendingStatus {
			properties["pending"] = !slices.ContainsFunc(p.results, func(r map[string]any) bool { return r["success"] == true })
		}
		if wip {
			properties["wip"] = true
		}
		list = append(list, map[string]any{"verificationProperties": properties,
			"_links": map[string]any{"self": map[string]any{"href": b.pactURL(p), "name": p.name()}}})
	}
	if !known {
		reply(w, http.StatusNotFound, map[string]any{"error": "No provider with name '" + r.PathValue("provider") + "' found"})
		return
	}
	reply(w, http.StatusOK, map[string]any{"_embedded": map[string]any{"pacts": list}})
}

func (b *standIn) latest(w http.ResponseWriter, r *http.Request) {
	newest := map[string]*standPact{}
	for _, p := range b.pacts {
		tag := r.PathValue("tag")
		if p.provider == r.PathValue("provider") && (tag == "" || slices.Contains(b.version(p.consumer, p.version).Tags, tag)) {
			newest[p.consumer] = p
		}
	}
	var list []any
	for _, p := range newest {
		list = append(list, map[string]any{"href": b.pactURL(p), "title": p.name(), "name": p.consumer})
	}
	reply(w, http.StatusOK, map[string]any{"_links": map[string]any{"pb:pacts": list}})
}

func (b *standIn) find(sha string) *standPact {
	i := slices.IndexFunc(b.pacts, func(p *standPact) bool { return p.sha == sha })
	if i < 0 {
		return nil
	}
	return b.pacts[i]
}

func (b *standIn) getPact(w http.ResponseWriter, r *http.Request) {
	p := b.find(r.PathValue("sha"))
	if p == nil {
		reply(w, http.StatusNotFound, map[string]any{"error": "The requested document was not found"})
		return
	}
	body := map[string]any{}
	for k, v := range p.content {
		body[k] = v
	}
	body["createdAt"] = "2026-01-01T00:00:00+00:00"
	body["_links"] = map[string]any{
		"self":                            map[string]any{"href": b.pactURL(p), "name": p.name()},
		"pb:publish-verification-results": map[string]any{"href": b.url("/results/%s", p.sha)},
		"curies":                          []any{map[string]any{"name": "pb", "href": b.URL + "/broker/doc/{rel}", "templated": true}},
	}
	reply(w, http.StatusOK, body)
}

func (b *standIn) results(w http.ResponseWriter, r *http.Request) {
	p := b.find(r.PathValue("sha"))
	var body map[string]any
	if p == nil || json.NewDecoder(r.Body).Decode(&body) != nil || body["providerApplicationVersion"] == nil {
		reply(w, http.StatusBadRequest, map[string]any{"errors": map[string]any{"providerApplicationVersion": []string{"can't be blank"}}})
		return
	}
	p.results = append(p.results, body)
	reply(w, http.StatusCreated, map[string]any{"verificationDate": "2026-01-01T00:00:00+00:00"})
}

func (b *standIn) deployable(w http.ResponseWriter, name, version, to string) {
	var good, bad, unknown int
	for _, p := range b.pacts {
		switch {
		case p.consumer != name || p.version != version:
		case len(p.results) == 0:
			unknown++
		case p.results[len(p.results)-1]["success"] == true:
			good++
		default:
			bad++
		}
	}
	summary := map[string]any{"deployable": nil, "reason": "There is no verified pact", "success": good, "failed": bad, "unknown": unknown}
	if good+bad > 0 && unknown == 0 {
		summary["deployable"], summary["reason"] = bad == 0, fmt.Sprintf("%d of %d verified", good, good+bad)
	}
	reply(w, http.StatusOK, map[string]any{"summary": summary, "notices": []any{map[string]any{"type": "info", "text": "to " + to}}})
}
