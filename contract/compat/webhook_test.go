package compat

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract/openapi"
)

// webhookCases hold two versions of a webhook's operation, and what is told of it.
var webhookCases = []struct {
	a, b string
	want []string
}{
	{`"requestBody":` + bodyOf(`{"type":"string"}`), `"requestBody":` + bodyOf(`{"type":"string","maxLength":3}`), []string{"safe response webhook-request-max-length-decreased body"}},
	{`"requestBody":` + bodyOf(`{"type":"string","maxLength":3}`), `"requestBody":` + bodyOf(`{"type":"string"}`), []string{"breaking response webhook-request-max-length-increased body"}},
	{
		`"requestBody":` + bodyOf(`{"type":"object","properties":{"a":{}},"required":["a"]}`), `"requestBody":` + bodyOf(`{"type":"object"}`),
		[]string{"breaking response webhook-request-property-removed body /a"},
	},
	{``, `"requestBody":` + bodyOf(`{}`), []string{"safe response webhook-request-body-added body"}},
	{`"requestBody":` + bodyOf(`{}`), ``, []string{"breaking response webhook-request-body-removed body"}},
	{`"requestBody":{"content":{"a/b":{}}}`, `"requestBody":{"required":true,"content":{"a/b":{}}}`, []string{"safe response webhook-request-body-became-required body"}},
	{`"requestBody":{"required":true,"content":{"a/b":{}}}`, `"requestBody":{"content":{"a/b":{}}}`, []string{"breaking response webhook-request-body-became-optional body"}},
	{`"requestBody":{"content":{"a/b":{}}}`, `"requestBody":{"content":{"a/b":{},"c/d":{}}}`, []string{"breaking response webhook-request-media-type-added body"}},
	{`"requestBody":{"content":{"a/b":{},"c/d":{}}}`, `"requestBody":{"content":{"a/b":{}}}`, []string{"safe response webhook-request-media-type-removed body"}},
	{`"parameters":[{"in":"header","name":"X","required":true}]`, ``, []string{"breaking response webhook-request-parameter-removed header X"}},
	{`"parameters":[{"in":"header","name":"X"}]`, ``, []string{"risky response webhook-request-optional-parameter-removed header X"}},
	{``, `"parameters":[{"in":"header","name":"X","required":true}]`, []string{"safe response webhook-request-parameter-added header X"}},
	{`"parameters":[{"in":"header","name":"X","required":true}]`, `"parameters":[{"in":"header","name":"x"}]`, []string{"breaking response webhook-request-parameter-became-optional header X"}},
	{`"parameters":[{"in":"query","name":"q"}]`, `"parameters":[{"in":"query","name":"q","required":true,"schema":{"type":"string"}}]`, []string{"safe response webhook-request-parameter-became-required query q", "safe response webhook-request-type-narrowed query q"}},
	{`"parameters":[{"in":"query","name":"q"}]`, `"parameters":[{"in":"query","name":"q","style":"deepObject"}]`, []string{"breaking response webhook-request-parameter-style-changed query q"}},
	{`"responses":{"200":{},"204":{}}`, `"responses":{"200":{}}`, []string{"breaking request webhook-response-success-status-removed"}},
	{`"responses":{"200":{},"404":{}}`, `"responses":{"200":{}}`, []string{"risky request webhook-response-error-status-removed"}},
	{`"responses":{"200":{}}`, `"responses":{"200":{},"204":{}}`, []string{"safe request webhook-response-status-added"}},
	{`"responses":{"200":{}}`, `"responses":{"200":` + bodyOf(`{}`) + `}`, []string{"risky request webhook-response-body-added body"}},
	{`"responses":{"200":` + bodyOf(`{}`) + `}`, `"responses":{"200":{}}`, []string{"risky request webhook-response-body-removed body"}},
	{
		`"responses":{"200":` + bodyOf(`{"type":"object"}`) + `}`, `"responses":{"200":` + bodyOf(`{"type":"object","required":["a"]}`) + `}`,
		[]string{"breaking request webhook-response-property-became-required body /a"},
	},
	{`"responses":{"200":{"content":{"a/b":{},"c/d":{}}}}`, `"responses":{"200":{"content":{"a/b":{}}}}`, []string{"breaking request webhook-response-media-type-removed body"}},
	{`"responses":{"200":{"content":{"a/b":{}}}}`, `"responses":{"200":{"content":{"a/b":{},"c/d":{}}}}`, []string{"safe request webhook-response-media-type-added body"}},
	{`"responses":{"200":{}}`, `"responses":{"200":{"headers":{"X":{"required":true},"Y":{}}}}`, []string{"breaking request webhook-response-required-header-added header X", "safe request webhook-response-optional-header-added header Y"}},
	{`"responses":{"200":{"headers":{"X":{"required":true},"Y":{}}}}`, `"responses":{"200":{"headers":{"X":{}}}}`, []string{"safe request webhook-response-header-became-optional header X", "risky request webhook-response-header-removed header Y"}},
	{`"responses":{"200":{"headers":{"X":{}}}}`, `"responses":{"200":{"headers":{"X":{"required":true}}}}`, []string{"breaking request webhook-response-header-became-required header X"}},
	{``, `"deprecated":true`, []string{"safe operation webhook-deprecated"}},
	{`"operationId":"a"`, `"operationId":"b"`, []string{"risky operation webhook-id-changed"}},
	{`"security":[]`, `"security":[{"k":[]}]`, []string{}},
}

func bodyOf(schema string) string {
	return `{"content":{"application/json":{"schema":` + schema + `}}}`
}

// sentDocument makes a document with those webhooks, and the callbacks of "POST /a".
func sentDocument(tb testing.TB, webhooks, callbacks string) *openapi.Document {
	tb.Helper()
	text := `{"openapi":"3.1.0","info":{"title":"t","version":"1"},"webhooks":` + webhooks +
		`,"paths":{"/a":{"post":{"responses":{"200":{}},"callbacks":` + callbacks + `}}}}`
	d, err := openapi.Loader{Plain: true}.Parse("d.json", []byte(text))
	require.NoError(tb, err)
	require.Len(tb, d.Operations, 1, "webhooks are no operations")
	return d
}

func told(tb testing.TB, old, next *openapi.Document, operation string) []string {
	tb.Helper()
	changes, err := Compare(old, next)
	require.NoError(tb, err)
	list := []string{}
	for _, c := range changes {
		assert.Equal(tb, operation, c.Operation)
		assert.Equal(tb, level(tb, c.ID), c.Level, c.ID)
		list = append(list, strings.TrimSpace(strings.Join([]string{string(c.Level), string(c.Direction), c.ID, string(c.At)}, " ")))
	}
	return list
}

func TestOfARequestThatTheProviderSendsTheDirectionsAreReversed(t *testing.T) {
	for _, c := range webhookCases {
		hook := func(op string) string { return `{"newPet":{"post":{` + op + `}}}` }
		assert.Equal(t, c.want, told(t, sentDocument(t, hook(c.a), `{}`), sentDocument(t, hook(c.b), `{}`), "webhook newPet POST"), "%s to %s", c.a, c.b)
		call := func(op string) string { return `{"onEvent":{"{$request.body#/url}":{"post":{` + op + `}}}}` }
		name := "callback POST /a onEvent {$request.body#/url} POST"
		assert.Equal(t, c.want, told(t, sentDocument(t, `{}`, call(c.a)), sentDocument(t, `{}`, call(c.b)), name), "%s to %s", c.a, c.b)
	}
}

func TestWebhooksAreAddedAndRemoved(t *testing.T) {
	none, one := sentDocument(t, `{}`, `{}`), sentDocument(t, `{"newPet":{"post":{}}}`, `{}`)
	assert.Equal(t, []string{"breaking operation webhook-removed"}, told(t, one, none, "webhook newPet POST"))
	assert.Equal(t, []string{"safe operation webhook-added"}, told(t, none, one, "webhook newPet POST"))
	broken := sentDocument(t, `{"newPet":{"post":{"requestBody":{"$ref":"#/none"}}}}`, `{}`)
	assert.Equal(t, []string{"risky operation webhook-not-compared"}, told(t, one, broken, "webhook newPet POST"))
	assert.Contains(t, broken.Problems[0].Operation, "webhook newPet POST")
	away := sentDocument(t, `{}`, `{"onEvent":{"$ref":"#/none"}}`)
	assert.Empty(t, told(t, none, away, ""))
	assert.Contains(t, away.Problems[0].Message, "the callback is left out")
}
