package notify

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture/rulefile"
	"twinspect.dev/release"
)

var variables = map[string]string{
	"SLACK_URL": "https://hooks.slack.example/services/T0/B0/hunter2secret", "HUSH": "hunter2secret", "TOKEN": "hunter2secret",
	"PLAIN": "http://hooks.example/hunter2secret", "LINES": "hunter2\nsecret", "LOCAL": "http://127.0.0.1:9/hunter2secret",
}

func getenv(name string) string { return variables[name] }

func TestAFileIsRead(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "hook"), []byte("https://feishu.example/hook/x\n"), 0o600))
	file := filepath.Join(dir, "notify.yaml")
	require.NoError(t, os.WriteFile(file, []byte(`
version: 1
to:
  - name: releases
    kind: slack
    url: "${SLACK_URL}"
    services: [catalog, "cart-*"]
    decisions: [hold, rollback]
    events: [verdict, stop]
  - {name: shop, kind: feishu, url_file: hook, secret: "${HUSH}"}
  - name: audit
    kind: webhook
    url: https://audit.example/notifications
    headers: {Authorization: "Bearer ${TOKEN}"}
  - {name: here, kind: wecom, url: "${LOCAL}"}
`), 0o600))
	c, err := Read(file, getenv)
	require.NoError(t, err)
	assert.Equal(t, &Config{To: []Destination{
		{Name: "releases", Kind: Slack, URL: Secret(variables["SLACK_URL"]), Services: []string{"catalog", "cart-*"},
			Decisions: []release.Decision{release.Hold, release.Rollback}, Events: []Event{VerdictEvent, StopEvent}},
		{Name: "shop", Kind: Feishu, URL: "https://feishu.example/hook/x", Sign: "hunter2secret"},
		{Name: "audit", Kind: Webhook, URL: "https://audit.example/notifications", Headers: []Header{{"Authorization", "Bearer hunter2secret"}}},
		{Name: "here", Kind: WeCom, URL: Secret(variables["LOCAL"])},
	}}, c)
	for _, form := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		assert.NotContains(t, fmt.Sprintf(form, c), "hunter2")
	}
	text, err := json.Marshal(c)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "hunter2")

	_, err = Read(filepath.Join(dir, "none.yaml"), getenv)
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestMistakesHaveTheirPlaceAndNoSecret(t *testing.T) {
	const webhook = "version: 1\nto:\n  - {name: a, kind: webhook, url: https://x.example, "
	for name, c := range map[string]struct{ file, want string }{
		"nothing":                    {"", "empty"},
		"no list":                    {"version: 1", "to is missing"},
		"another version":            {"version: 2\nto: []", "version 2 is not known"},
		"no name":                    {"version: 1\nto:\n  - {kind: slack, url: \"${SLACK_URL}\"}", "3:6: name is missing"},
		"a name twice":               {"version: 1\nto:\n  - {name: a, kind: slack, url: \"${SLACK_URL}\"}\n  - {name: a, kind: slack, url: \"${SLACK_URL}\"}", "4:12: this name is there twice"},
		"no kind":                    {"version: 1\nto:\n  - {name: a, url: \"${SLACK_URL}\"}", "kind is missing"},
		"another kind":               {"version: 1\nto:\n  - {name: a, kind: teams, url: \"${SLACK_URL}\"}", "3:21: kind is slack, feishu"},
		"no URL":                     {"version: 1\nto:\n  - {name: a, kind: slack}", "url is missing"},
		"two URLs":                   {"version: 1\nto:\n  - {name: a, kind: slack, url: \"${SLACK_URL}\", url_file: x}", "both url and url_file"},
		"a chat's URL in the file":   {"version: 1\nto:\n  - {name: a, kind: slack, url: https://hooks.example/hunter2}", "whoever knows the URL of a chat"},
		"a variable that is not set": {"version: 1\nto:\n  - {name: a, kind: slack, url: \"${NOPE}\"}", "the environment variable NOPE is not set"},
		"a file that is not there":   {"version: 1\nto:\n  - {name: a, kind: slack, url_file: /none/hunter2}", "the file cannot be read: no such file"},
		"a folder":                   {"version: 1\nto:\n  - {name: a, kind: slack, url_file: /}", "it is no regular file"},
		"a device":                   {"version: 1\nto:\n  - {name: a, kind: slack, url_file: /dev/zero}", "it is no regular file"},
		"http elsewhere":             {"version: 1\nto:\n  - {name: a, kind: slack, url: \"${PLAIN}\"}", "does not begin with https"},
		"a password in the URL":      {"version: 1\nto:\n  - {name: a, kind: webhook, url: \"https://u:hunter2@x.example\"}", "has a password in it"},
		"a fragment":                 {"version: 1\nto:\n  - {name: a, kind: webhook, url: \"https://x.example/#hunter2\"}", "fragment"},
		"half a URL":                 {"version: 1\nto:\n  - {name: a, kind: webhook, url: \"x.example/hunter2\"}", "is not whole"},
		"a secret in the file":       {webhook + "secret: hunter2}", "a secret does not stand in the file"},
		"a secret half in the file":  {webhook + "secret: \"hunter2${HUSH}\"}", "a secret does not stand in the file"},
		"a secret of Slack":          {"version: 1\nto:\n  - {name: a, kind: slack, url: \"${SLACK_URL}\", secret: \"${HUSH}\"}", "slack has no signatures"},
		"headers of a chat":          {"version: 1\nto:\n  - {name: a, kind: slack, url: \"${SLACK_URL}\", headers: {A: b}}", "headers are for a webhook"},
		"a header that is ours":      {webhook + "headers: {Content-Type: hunter2}}", "set already"},
		"a signature that is ours":   {webhook + "headers: {X-Twinspect-Signature: hunter2}}", "set already"},
		"a header twice":             {webhook + "headers: {A: b, a: c}}", "there twice"},
		"a header that is no name":   {webhook + "headers: {\"a b\": c}}", "no name of a header field"},
		"a header of lines":          {webhook + "headers: {A: \"${LINES}\"}}", "no value of a header field"},
		"headers in a list":          {webhook + "headers: [a]}", "headers is a mapping"},
		"another decision":           {webhook + "decisions: [promoted]}", "decisions has promote, hold or rollback"},
		"another event":              {webhook + "events: [all]}", "events has verdict, override or stop"},
		"decisions without verdicts": {webhook + "decisions: [hold], events: [stop]}", "which events leaves out"},
		"an empty list":              {webhook + "services: []}", "leave it out"},
		"a service of two words":     {webhook + "services: [\"a b\"]}", "this is neither"},
		"a key that is not known":    {webhook + "channel: x}", "unknown key"},
		"a name that is not seen":    {"version: 1\nto:\n  - {name: \"a\\u202eb\", kind: slack, url: \"${SLACK_URL}\"}", "not seen"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("notify.yaml", []byte(c.file), getenv)
			var mistakes rulefile.Errors
			require.ErrorAs(t, err, &mistakes)
			assert.Contains(t, err.Error(), c.want)
			assert.NotContains(t, err.Error(), "hunter2")
		})
	}
}

func TestPatternsOverlapWhereSomeTextHasBothForms(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"catalog", "catalog", true}, {"catalog", "cart", false}, {"*", "anything", true}, {"", "", true}, {"", "*", true}, {"*", "*", true},
		{"cart-*", "cart-api", true}, {"cart-api", "cart-*", true}, {"a*", "*b", true}, {"a*c", "*b*", true}, {"a*", "b*", false}, {"*a", "*b", false}, {"a", "a*a", false}, {"aa", "a*a", true},
	} {
		assert.Equal(t, c.want, overlap(c.a, c.b), "%s and %s", c.a, c.b)
		assert.Equal(t, c.want, overlap(c.b, c.a), "%s and %s", c.b, c.a)
	}
	rapid.Check(t, func(t *rapid.T) {
		pattern, name := rapid.StringMatching(`[ab*]{0,8}`).Draw(t, "pattern"), rapid.StringMatching(`[ab]{0,8}`).Draw(t, "name")
		assert.Equal(t, rulefile.Glob(pattern, name), overlap(pattern, name))
	})
}

func TestADestinationIsToldWhatItAskedFor(t *testing.T) {
	v := func(service string, d release.Decision) notice {
		return notice{event: VerdictEvent, record: verdict(service, d)}
	}
	stop := func(services ...string) notice {
		return notice{event: StopEvent, stop: release.Stop{Services: services}}
	}
	d := Destination{Services: []string{"cart-*"}, Decisions: []release.Decision{release.Rollback}}
	assert.True(t, d.wants(v("cart-api", release.Rollback)))
	assert.False(t, d.wants(v("cart-api", release.Hold)))
	assert.False(t, d.wants(v("catalog", release.Rollback)))
	assert.True(t, d.wants(stop("*")))
	assert.True(t, d.wants(stop("pay", "*-api")))
	assert.False(t, d.wants(stop("pay")))
	assert.True(t, d.wants(stop()))
	assert.True(t, d.wants(notice{event: OverrideEvent, override: release.Override{Service: "cart-api", Decision: release.Promote}}))
	d.Events = []Event{VerdictEvent}
	assert.False(t, d.wants(stop("*")))
	assert.True(t, (&Destination{}).wants(v("x", release.Promote)))
}

func FuzzParse(f *testing.F) {
	f.Add("version: 1\nto:\n  - {name: a, kind: webhook, url: https://x.example, headers: {A: \"${TOKEN}\"}, services: [a], events: [stop]}\n")
	f.Add("version: 1\nto:\n  - name: a\n    kind: feishu\n    url: \"${SLACK_URL}\"\n    secret: \"${HUSH}\"\n")
	f.Add("version: 1\nto: [{name: [], kind: {}, headers: 1}]")
	f.Fuzz(func(t *testing.T, file string) {
		if strings.Contains(file, "_file") || strings.Contains(file, "hunter2") {
			t.Skip("it is to read no files of this machine")
		}
		c, err := Parse("notify.yaml", []byte(file), getenv)
		if err != nil {
			assert.NotContains(t, err.Error(), "hunter2")
			return
		}
		assert.NotContains(t, fmt.Sprintf("%+v %#v", c, c), "hunter2")
		for _, d := range c.To {
			assert.Empty(t, refusesURL(string(d.URL)))
			assert.NotNil(t, forms[d.Kind])
			assert.NotEmpty(t, d.Name)
			assert.NotEmpty(t, compose(&d, letters()["verdict"], site, moment).body)
		}
	})
}
