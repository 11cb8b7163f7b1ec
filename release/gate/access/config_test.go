package access

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture/rulefile"
)

const secret = "twg_this-is-the-secret-that-nobody-may-ever-see"

func hashText() string { return HashOf(secret).String() }

// file is a whole file of access.
func file() string {
	return `version: 1
tokens:
  - name: shop-pipeline
    hash: ` + hashText() + `
    expires: 2027-01-31
    scopes:
      - services: [catalog, "shop-*"]
        may: [ask, push]
      - {services: "*", may: read}
clients:
  - name: spiffe://cluster.local/ns/flagger-system/sa/flagger
    scopes: [{services: "*", may: [ask, stop]}]
  - name: ops.example.com
    expires: 2026-01-01T12:00:00+01:00
    scopes: [{services: "*", may: [override]}]
anonymous:
  - from: [127.0.0.0/8, "::1", 10.1.2.3]
    services: "*"
    may: [ask]
limits: {identity: 10, total: 50, body: 1}
`
}

func TestAFileIsRead(t *testing.T) {
	c, err := Parse("access.yaml", []byte(file()))
	require.NoError(t, err)
	require.Len(t, c.tokens, 1)
	assert.Equal(t, "shop-pipeline", c.tokens[0].Name)
	assert.Equal(t, ByToken, c.tokens[0].Kind)
	assert.Equal(t, []string{"catalog", "shop-*"}, c.tokens[0].Services(Push))
	assert.Equal(t, "2027-01-31 00:00:00 +0000 UTC", c.tokens[0].expires.String())
	assert.Equal(t, []Hash{HashOf(secret)}, c.hashes)
	assert.Len(t, c.clients, 2)
	assert.Equal(t, "[127.0.0.0/8 ::1/128 10.1.2.3/32]", fmt.Sprint(c.anonymous[0].from))
	assert.Equal(t, Limits{Identity: 10, Total: 50, Body: 1 << 20}, c.limits)
}

func TestAFileOfNobodyLetsNobodyIn(t *testing.T) {
	c, err := Parse("access.yaml", []byte("version: 1\n"))
	require.NoError(t, err)
	assert.Equal(t, &Config{limits: defaultLimits}, c)
}

func TestMistakesAreToldWithTheirPlaceAndWithoutValues(t *testing.T) {
	token := func(lines string) string { return "version: 1\ntokens:\n  - " + lines }
	hash, scopes := "hash: "+hashText(), `scopes: [{services: "*", may: ask}]`
	tests := map[string]struct{ text, want string }{
		"empty":              {"", "access.yaml:1:1: the file is empty"},
		"unknown key":        {"version: 1\ntoken: []\n", `did you mean "tokens"?`},
		"another version":    {"version: 2\n", "version 2 is not known"},
		"no name":            {token("{" + hash + ", " + scopes + "}"), "access.yaml:3:6: name is missing"},
		"no hash":            {token("{name: a, " + scopes + "}"), "hash is missing"},
		"the token itself":   {token("{name: a, hash: " + secret + ", " + scopes + "}"), "never the token itself"},
		"a short hash":       {token("{name: a, hash: 'sha256:aa', " + scopes + "}"), "64 hexadecimal digits"},
		"an empty token":     {token("{name: a, hash: '" + HashOf("").String() + "', " + scopes + "}"), "hash is that of an empty token"},
		"no scopes":          {token("{name: a, " + hash + "}"), "scopes is missing"},
		"empty scopes":       {token("{name: a, " + hash + ", scopes: []}"), "scopes is empty"},
		"no services":        {token("{name: a, " + hash + ", scopes: [{may: ask}]}"), "services is missing"},
		"empty services":     {token("{name: a, " + hash + ", scopes: [{services: [], may: ask}]}"), "services"},
		"no actions":         {token("{name: a, " + hash + ", scopes: [{services: a}]}"), "may is missing"},
		"unknown action":     {token("{name: a, " + hash + ", scopes: [{services: a, may: pusch}]}"), `did you mean "push"?`},
		"a day that is none": {token("{name: a, " + hash + ", expires: 2027-02-30, " + scopes + "}"), "expires is a day such as 2027-01-31"},
		"the same name":      {token("{name: a, " + hash + ", " + scopes + "}\nclients:\n  - {name: a, " + scopes + "}"), "access.yaml:5:12: this name is given twice"},
		"a name for nobody":  {token("{name: anonymous, " + hash + ", " + scopes + "}"), `or is "anonymous"`},
		"the same token":     {token("{name: a, " + hash + ", " + scopes + "}\n  - {name: b, " + hash + ", " + scopes + "}"), "is that of another token"},
		"a name with a line": {token(`{name: "a\nb", ` + hash + ", " + scopes + "}"), "can be printed"},
		"no from":            {"version: 1\nanonymous:\n  - {services: a, may: ask}\n", "from is missing"},
		"no address":         {"version: 1\nanonymous:\n  - {from: localhost, services: a, may: ask}\n", "no address"},
		"a mapped network":   {"version: 1\nanonymous:\n  - {from: '::ffff:10.0.0.0/104', services: a, may: ask}\n", "no address"},
		"nobody overrides":   {"version: 1\nanonymous:\n  - {from: 127.0.0.1, services: a, may: override}\n", "override takes a name"},
		"nobody stops":       {"version: 1\nanonymous:\n  - {from: 127.0.0.1, services: a, may: [ask, stop]}\n", "stop takes a name"},
		"no limit":           {"version: 1\nlimits: {identity: 0}\n", "a whole number from 1 to 1000000"},
		"a great body":       {"version: 1\nlimits: {body: 4096}\n", "a whole number from 1 to 1024"},
		"half a request":     {"version: 1\nlimits: {total: 0.5}\n", "a whole number"},
		"a list for a file":  {"- a\n", "a mapping"},
		"not YAML":           {"version: 1\n  tokens: [", "access.yaml:"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c, err := Parse("access.yaml", []byte(test.text))
			assert.Nil(t, c)
			assert.ErrorContains(t, err, test.want)
			assert.NotContains(t, err.Error(), secret)
			assert.NotContains(t, err.Error(), hashText())
			var mistakes rulefile.Errors
			assert.ErrorAs(t, err, &mistakes)
		})
	}
}

func TestMoreTokensThanCanBeComparedAreRefused(t *testing.T) {
	var b strings.Builder
	b.WriteString("version: 1\ntokens:\n")
	for i := range maxIdentities + 1 {
		fmt.Fprintf(&b, "  - {name: a%d, hash: '%s', scopes: [{services: a, may: ask}]}\n", i, HashOf(fmt.Sprint(i)))
	}
	_, err := Parse("access.yaml", []byte(b.String()))
	assert.ErrorContains(t, err, "access.yaml:1003:6: more than 1000 tokens")
}

func FuzzParse(f *testing.F) {
	f.Add(file())
	f.Add("version: 1\nanonymous: [{from: '::1', services: '*', may: [ask, read]}]\n")
	f.Add("version: 1\nlimits: {identity: 1, total: 1, body: 1}\n")
	f.Add("version: 1\ntokens:\n  - scopes:\n    -\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse("access.yaml", []byte(text))
		if err != nil {
			require.Nil(t, c)
			return
		}
		require.Len(t, c.hashes, len(c.tokens))
		for _, id := range append(c.tokens, c.clients...) {
			require.NotEmpty(t, id.Name)
			require.NotEmpty(t, id.scopes)
		}
		for _, o := range c.anonymous {
			for _, a := range named {
				require.NotContains(t, o.scope.May, a)
			}
		}
		require.True(t, c.limits.Identity > 0 && c.limits.Total > 0 && c.limits.Body > 0)
		newMeters(c, nil)
	})
}
