package broker_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract/pact/broker"
)

func client(t *testing.T, b *standIn, change ...func(*broker.Config)) *broker.Client {
	t.Helper()
	cfg := broker.Config{URL: b.URL + "/broker", Pause: time.Millisecond, Tool: "twinspect", ToolVersion: "1"}
	for _, f := range change {
		f(&cfg)
	}
	c, err := broker.New(cfg)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func file(consumer, provider, description string) broker.File {
	content := fmt.Sprintf(`{"consumer":{"name":%q},"provider":{"name":%q},"interactions":[{"description":%q,"request":{"method":"GET","path":"/"},"response":{"status":200}}],"metadata":{"pactSpecification":{"version":"3.0.0"}}}`,
		consumer, provider, description)
	return broker.File{Consumer: consumer, Provider: provider, Content: []byte(content)}
}

func TestAPactIsPublishedFetchedAndItsResultPublished(t *testing.T) {
	for _, old := range []bool{false, true} {
		t.Run(fmt.Sprintf("old=%v", old), func(t *testing.T) {
			b := newStandIn(t, old)
			c := client(t, b)
			published, err := c.Publish(t.Context(), broker.Publication{
				Version: "abc/1", Branch: "main", Tags: []string{"dev", "feat/x"}, BuildURL: "https://ci/1",
				Files: []broker.File{file("web shop", "catalog", "one"), file("admin", "catalog", "two"), file("web shop", "stock", "three")},
			})
			require.NoError(t, err)
			assert.Len(t, published.URLs, 3)
			assert.NotEmpty(t, published.Notices)
			assert.Equal(t, []string{"dev", "feat/x"}, b.versions["web shop abc/1"].Tags)

			fetched, err := c.Fetch(t.Context(), broker.Query{Provider: "catalog", Selectors: []broker.Selector{{Tag: "dev", Latest: true}}, Branch: "main", Pending: true})
			require.NoError(t, err)
			require.Len(t, fetched, 2)
			assert.Equal(t, "admin", fetched[0].Pact.Consumer)
			assert.Equal(t, "Pact between web shop (abc/1) and catalog", fetched[1].Name)
			assert.Equal(t, !old, fetched[1].Pending, "an old broker knows nothing of pending pacts")

			_, err = c.PublishResults(t.Context(), fetched[1], broker.Outcome{Success: true, Version: "p1", Branch: "main", Tags: []string{"main"}, BuildURL: "https://ci/2",
				Tests: []map[string]any{{"description": "one", "success": true}}})
			require.NoError(t, err)
			assert.Equal(t, []string{"main"}, b.versions["catalog p1"].Tags)
			if !old {
				assert.Equal(t, "main", b.versions["catalog p1"].Branch)
				assert.Equal(t, &standVersion{Branch: "main", BuildURL: "https://ci/1", Tags: []string{"dev", "feat/x"}}, b.versions["web shop abc/1"])
			}
			result := b.pacts[1].results
			if !assert.Len(t, result, 1) {
				return
			}
			assert.Equal(t, "p1", result[0]["providerApplicationVersion"])
			assert.Equal(t, "https://ci/2", result[0]["buildUrl"])
			assert.Equal(t, map[string]any{"implementation": "twinspect", "version": "1"}, result[0]["verifiedBy"])
		})
	}
}

func TestSelectorsBranchesAndWorkInProgressAreAskedFor(t *testing.T) {
	b := newStandIn(t, false)
	c := client(t, b)
	for branch, consumer := range map[string]string{"main": "a", "feat": "b"} {
		_, err := c.Publish(t.Context(), broker.Publication{Version: "1", Branch: branch, Files: []broker.File{file(consumer, "p", branch)}})
		require.NoError(t, err)
	}
	list, err := c.List(t.Context(), broker.Query{Provider: "p", Selectors: []broker.Selector{{MainBranch: true}}, Branch: "x", Pending: true, WIP: "2026-01-01"})
	require.NoError(t, err)
	require.Len(t, list, 2)
	assert.Equal(t, []bool{false, true}, []bool{list[0].WIP, list[1].WIP})
	assert.Equal(t, "This pact is being verified", list[0].Notices[0].Text)

	list, err = c.List(t.Context(), broker.Query{Provider: "p", Selectors: []broker.Selector{{Branch: "feat"}}})
	require.NoError(t, err)
	require.Len(t, list, 1)
	assert.False(t, list[0].Pending)
}

func TestAnOldBrokerRefusesSelectorsThatItCannotKnow(t *testing.T) {
	b := newStandIn(t, true)
	_, err := client(t, b).List(t.Context(), broker.Query{Provider: "p", Selectors: []broker.Selector{{DeployedOrReleased: true}}})
	assert.ErrorContains(t, err, "deployedOrReleased")
	assert.ErrorContains(t, err, "up to date")
}

func TestAnOldBrokerIsToldOfNoBranch(t *testing.T) {
	b := newStandIn(t, true)
	published, err := client(t, b).Publish(t.Context(), broker.Publication{Version: "1", Branch: "main", Files: []broker.File{file("a", "p", "")}})
	require.NoError(t, err)
	assert.Contains(t, published.Notices[0].Text, "too old to put version 1 on branch main")
}

func TestAConflictIsShownInTheBrokersWords(t *testing.T) {
	for _, old := range []bool{false, true} {
		c := client(t, newStandIn(t, old))
		_, err := c.Publish(t.Context(), broker.Publication{Version: "1", Files: []broker.File{file("a", "p", "one")}})
		require.NoError(t, err)
		_, err = c.Publish(t.Context(), broker.Publication{Version: "1", Files: []broker.File{file("a", "p", "two")}})
		assert.ErrorContains(t, err, "409 Conflict: Cannot change the content of the pact")
		assert.ErrorContains(t, err, "publish under a version that is new")
		assert.False(t, broker.Unreachable(err))
	}
}

func TestCredentialsAreSentAndNeverShown(t *testing.T) {
	b := newStandIn(t, false)
	b.user, b.pass = "ada", "s3cret+/x"
	right := client(t, b, func(c *broker.Config) {
		c.URL = strings.Replace(c.URL, "http://", "http://ada:s3cret+%2Fx@", 1)
	})
	_, err := right.Publish(t.Context(), broker.Publication{Version: "1", Files: []broker.File{file("a", "p", "")}})
	require.NoError(t, err)
	assert.NotContains(t, fmt.Sprintf("%v %+v %#v %s", right, right, right, right), "s3cret")

	b.user, b.pass, b.token = "", "", "tok3n"
	_, err = client(t, b, func(c *broker.Config) { c.Token = "tok3n" }).List(t.Context(), broker.Query{Provider: "p"})
	require.NoError(t, err)
	_, err = client(t, b, func(c *broker.Config) { c.Token = "wr0ng" }).List(t.Context(), broker.Query{Provider: "p"})
	assert.ErrorContains(t, err, "401 Unauthorized")
	assert.ErrorContains(t, err, "expired")
	assert.NotContains(t, err.Error(), "wr0ng", "which the broker has said in its answer")
	_, err = client(t, b).List(t.Context(), broker.Query{Provider: "p"})
	assert.ErrorContains(t, err, "give a token")
}

func TestWhatFailsForAWhileIsAskedAgain(t *testing.T) {
	b := newStandIn(t, false)
	b.failing = 3
	_, err := client(t, b).Publish(t.Context(), broker.Publication{Version: "1", Files: []broker.File{file("a", "p", "")}})
	require.NoError(t, err)

	b.failing, b.asked = 100, nil
	_, err = client(t, b, func(c *broker.Config) { c.Attempts = 2 }).List(t.Context(), broker.Query{Provider: "p"})
	assert.ErrorContains(t, err, "503 Service Unavailable: restarting")
	assert.True(t, broker.Unreachable(err))
	assert.Len(t, b.asked, 2)
}

func TestABrokerThatIsNotThereIsTheEnvironmentsFault(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	c, err := broker.New(broker.Config{URL: gone.URL, Attempts: 2, Pause: time.Millisecond})
	require.NoError(t, err)
	_, err = c.List(t.Context(), broker.Query{Provider: "p"})
	assert.True(t, broker.Unreachable(err))
	assert.ErrorContains(t, err, "is the broker there")
}

func TestWhatTheBrokerDoesNotHaveIsSaid(t *testing.T) {
	_, err := client(t, newStandIn(t, false)).List(t.Context(), broker.Query{Provider: "nobody"})
	assert.ErrorContains(t, err, "No provider with name 'nobody' found")
	assert.ErrorContains(t, err, "spelled")
}

func TestAVersionMayBeDeployedWhenItsPactsAreKept(t *testing.T) {
	for _, old := range []bool{false, true} {
		b := newStandIn(t, old)
		c := client(t, b)
		to := broker.Target{Environment: "prod"}
		if old {
			_, err := c.CanIDeploy(t.Context(), "a", "1", to)
			require.ErrorContains(t, err, "has no pb:can-i-deploy")
			to = broker.Target{Tag: "prod"}
		}
		d, err := c.CanIDeploy(t.Context(), "a", "1", to)
		require.NoError(t, err)
		assert.Equal(t, broker.Unknown, d.Answer)

		_, err = c.Publish(t.Context(), broker.Publication{Version: "1", Files: []broker.File{file("a", "p", "")}})
		require.NoError(t, err)
		d, err = c.CanIDeploy(t.Context(), "a", "1", to)
		require.NoError(t, err)
		assert.Equal(t, broker.Unknown, d.Answer, "it is not verified")
		fetched, err := c.Fetch(t.Context(), broker.Query{Provider: "p"})
		require.NoError(t, err)
		_, err = c.PublishResults(t.Context(), fetched[0], broker.Outcome{Success: true, Version: "9"})
		require.NoError(t, err)
		d, err = c.CanIDeploy(t.Context(), "a", "1", to)
		require.NoError(t, err)
		assert.Equal(t, broker.Yes, d.Answer)
		assert.Equal(t, "1 of 1 verified", d.Reason)
		assert.Equal(t, "to prod", d.Notices[0].Text)
		_, err = c.Publish(t.Context(), broker.Publication{Version: "1", Files: []broker.File{file("a", "q", "")}})
		require.NoError(t, err)
		_, err = c.PublishResults(t.Context(), fetched[0], broker.Outcome{Version: "10"})
		require.NoError(t, err)
		d, err = c.CanIDeploy(t.Context(), "a", "1", to)
		require.NoError(t, err)
		assert.Equal(t, broker.No, d.Answer, "what failed counts, whatever is missing beside it")
	}
}

// answering is a server that gives one answer to everything.
func answering(t *testing.T, h http.HandlerFunc) *broker.Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	c, err := broker.New(broker.Config{URL: s.URL, Token: "tok3n", Pause: time.Millisecond, Attempts: 2, MaxBody: 1 << 10})
	require.NoError(t, err)
	return c
}

func TestHostileAnswersAreErrors(t *testing.T) {
	var leaked bool
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { leaked = true }))
	defer other.Close()
	for name, c := range map[string]struct {
		status int
		body   string
		header string
		want   string
	}{
		"a page":             {200, "<html>log in</html>", "", "A login page may stand"},
		"nothing":            {200, "", "", "no links"},
		"no links":           {200, `{"_links":{}}`, "", "no links"},
		"too long":           {200, `{"x":"` + strings.Repeat("x", 2<<10) + `"}`, "", "more than 1024 bytes"},
		"another host":       {200, `{"_links":{"pb:provider-pacts-for-verification":{"href":"` + other.URL + `/{provider}"}}}`, "", "PACT_BROKER_BASE_URL"},
		"another scheme":     {200, `{"_links":{"pb:provider-pacts-for-verification":{"href":"file:///etc/{provider}"}}}`, "", "links to file"},
		"credentials":        {200, `{"_links":{"pb:provider-pacts-for-verification":{"href":"http://a:b@x/"}}}`, "", "holds credentials"},
		"an unknown name":    {200, `{"_links":{"pb:provider-pacts-for-verification":{"href":"/{thing}"}}}`, "", `asks for "thing"`},
		"an open template":   {200, `{"_links":{"pb:provider-pacts-for-verification":{"href":"/{provider"}}}`, "", "does not end"},
		"a strange template": {200, `{"_links":{"pb:provider-pacts-for-verification":{"href":"/{+provider}"}}}`, "", "not supported"},
		"a redirect away":    {307, "", other.URL, "PACT_BROKER_BASE_URL"},
		"problem details":    {422, `{"type":"about:blank","title":"Unprocessable","detail":"the tok3n is\u001b[2J odd","errors":{"a":["is b"]}}`, "", "422 Unprocessable Entity: a is b\nUnprocessable\nthe [secret] is[2J odd"},
	} {
		t.Run(name, func(t *testing.T) {
			b := answering(t, func(w http.ResponseWriter, _ *http.Request) {
				if c.header != "" {
					w.Header().Set("Location", c.header)
				}
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			})
			_, err := b.List(t.Context(), broker.Query{Provider: "p"})
			assert.ErrorContains(t, err, c.want)
			assert.NotContains(t, fmt.Sprint(err), "tok3n")
		})
	}
	assert.False(t, leaked, "the token went to another host")
}

func TestAPostIsNotRedirectedIntoAGet(t *testing.T) {
	b := answering(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
			return
		}
		_, _ = w.Write([]byte(`{"_links":{"pb:publish-contracts":{"href":"publish"}}}`))
	})
	_, err := b.Publish(t.Context(), broker.Publication{Version: "1", Files: []broker.File{{Consumer: "a", Provider: "b", Content: []byte("{}")}}})
	assert.ErrorContains(t, err, "turn a POST into a GET")
}

func TestInterruptingEndsTheWaiting(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	b := answering(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "30")
		w.WriteHeader(http.StatusServiceUnavailable)
		cancel()
	})
	_, err := b.List(ctx, broker.Query{Provider: "p"})
	assert.ErrorIs(t, err, context.Canceled)
}

func TestWhatIsNotGivenIsAskedFor(t *testing.T) {
	for _, cfg := range []broker.Config{{}, {URL: "ftp://x"}, {URL: "http://u:p@x y"}, {URL: "http://x", Token: "a", Username: "b"}} {
		_, err := broker.New(cfg)
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "u:p")
	}
	c := client(t, newStandIn(t, false))
	_, err := c.Publish(t.Context(), broker.Publication{Files: []broker.File{{}}})
	assert.ErrorContains(t, err, "give the version")
	_, err = c.Publish(t.Context(), broker.Publication{Version: "1"})
	assert.ErrorContains(t, err, "there are none")
	_, err = c.List(t.Context(), broker.Query{})
	assert.ErrorContains(t, err, "give the provider's name")
}
