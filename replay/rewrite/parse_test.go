package rewrite

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture/rulefile"
	"twinspect.dev/replay"
)

func TestMistakesHaveTheirPlaceAndSayWhatIsAllowed(t *testing.T) {
	for text, want := range map[string]string{
		"":                                      "f:1:1: the file is empty; it begins with version: 1",
		"rewrite: []":                           "f:1:1: version is missing; this program reads version: 1",
		"version: 2":                            "f:1:10: version 2 is not known; this program reads version: 1",
		"version: 1\nrules: []":                 `f:2:1: unknown key "rules" in the rule file; allowed are version, rewrite, auth, dates or correlate`,
		"version: 1\nrewrite: {host: {set: a}}": "f:2:11: rewrite is a list, not a mapping",
		"version: 1\nrewrite:\n - {}":           "f:3:4: a rule has exactly one of set-header, remove-header, header, host, path, query, body or form; this one has none",
		"version: 1\nrewrite:\n - {remove-header: A, host: {}}":                     "f:3:23: a rule has exactly one of set-header, remove-header, header, host, path, query, body or form; this one has remove-header and host",
		"version: 1\nrewrite:\n - {remove-header: A, sid: to}":                      `f:3:23: unknown key "sid" in a rule (did you mean "side"?); allowed are`,
		"version: 1\nrewrite:\n - {remove-header: A, side: top}":                    `f:3:29: there is no side "top"; allowed are base, control, branch or to`,
		"version: 1\nrewrite:\n - {remove-header: A B}":                             `f:3:20: "A B" is not the name of a header field`,
		"version: 1\nrewrite:\n - {remove-header: A, set: 1}":                       "f:3:23: set stands inside of remove-header: {...}, and beside body only",
		"version: 1\nrewrite:\n - {host: {set: a/b}}":                               "f:3:17: a host is a name or an address, with a port or without: example.com:8080",
		"version: 1\nrewrite:\n - {host: {set: a, replace: b}}":                     "f:3:20: replace belongs to match",
		"version: 1\nrewrite:\n - {path: {match: '('}}":                             "f:3:19: match is a regular expression (RE2): missing closing ): `(`",
		"version: 1\nrewrite:\n - {path: {match: a}}":                               "f:3:12: match needs replace: what stands in the place of the match; $1 is the first group",
		"version: 1\nrewrite:\n - {path: {match: (a), replace: $1x}}":               "f:3:33: $1x: the expression has no group 1x; a group before letters is written ${1}, and a dollar $$",
		"version: 1\nrewrite:\n - {query: {name: a}}":                               "f:3:5: query has exactly one of set, remove, match or rename; this one has none",
		"version: 1\nrewrite:\n - {query: {set: a}}":                                "f:3:5: name is missing: which query is changed",
		"version: 1\nrewrite:\n - {query: {name: a, remove: no}}":                   "f:3:30: remove is true or left out",
		"version: 1\nrewrite:\n - {body: $.a[, set: 1}":                             "f:3:",
		"version: 1\nrewrite:\n - {body: a, set: 1}":                                "f:3:11: body a is not a JSONPath query (RFC 9535):",
		"version: 1\nrewrite:\n - {body: $.a}":                                      "f:3:5: body has exactly one of set, remove or match; this one has none",
		"version: 1\nrewrite:\n - {body: $, remove: true}":                          "f:3:14: the whole body cannot be removed; set it",
		"version: 1\nrewrite:\n - {body: $.a, set: .inf}":                           "f:3:",
		"version: 1\nrewrite:\n - {body: $.a, set: 0x1F}":                           "f:3:21: 0x1F is not a number in JSON; a text needs quotation marks",
		"version: 1\nrewrite:\n - {operation: /a, remove-header: A}":                `f:3:16: operation is a method and a path such as GET /products/{id} or * /admin/*, not "/a"`,
		"version: 1\nauth:\n - {bearer: {token: ${TOKEN}}}":                         `f:3:22: not YAML:`,
		"version: 1\nauth:\n - {bearer: {token: '${NOPE}'}}":                        "f:3:21: the environment variable NOPE is not set",
		"version: 1\nauth:\n - {bearer: {}}":                                        "f:3:",
		"version: 1\nauth:\n - {side: to}":                                          "f:3:5: an entry of auth has exactly one of bearer, command, oauth2 or jwt; this one has none",
		"version: 1\nauth:\n - {command: {run: a b}}":                               `f:3:20: run is a list of the program and its arguments, such as [gcloud, auth, print-access-token], not a text`,
		"version: 1\nauth:\n - {command: {run: [a], refresh: 3}}":                   "f:3:34: refresh is after how long the command is run again, such as 30m, not a text",
		"version: 1\nauth:\n - {oauth2: {client-id: a, client-secret: b}}":          "f:3:5: token-url is missing in oauth2",
		"version: 1\nauth:\n - {jwt: {algorithm: none, key-file: a, claims: keep}}": `f:3:22: there is no algorithm "none"; allowed are HS256`,
		"version: 1\nauth:\n - {jwt: {algorithm: RS256, key-file: a}}":              "f:3:5: claims is missing in jwt: keep for those of the recorded token, or a mapping",
		"version: 1\nauth:\n - {jwt: {algorithm: RS256, key-file: a, claims: [a]}}": "f:3:50: claims is keep or a mapping, not a list",
		"version: 1\nauth:\n - {bearer: {token: a}, missing: skip}":                 "f:3:34: missing is add, so that requests without credentials get some, or leave",
		"version: 1\ndates: {}":                                                     "f:2:",
		"version: 1\ndates: {shift: soon}":                                          `f:2:16: shift is now, off, or a duration such as 24h or -1h30m, not "soon"`,
		"version: 1\ndates: {shift: 1h, places: [url]}":                             `f:2:28: places has no "url"; allowed are header, query, body, form or jwt`,
		"version: 1\ndates: {shift: 1h, formats: []}":                               "f:2:29: formats is an empty list; leave it out to mean all",
	} {
		_, err := Parse("f", []byte(text), nil)
		require.Error(t, err, text)
		assert.True(t, strings.HasPrefix(err.Error(), want), "%s\ngave %s\nwant %s", text, err, want)
	}
	_, err := Parse("f", make([]byte, rulefile.MaxSize+1), nil)
	require.EqualError(t, err, "f:1:1: the file is larger than 1048576 bytes")
}

func TestAVariableInBracesNeedsQuotationMarks(t *testing.T) {
	_, err := Parse("f", []byte("version: 1\nauth:\n  - bearer: {token: ${TOKEN}}\n"), nil)
	assert.ErrorContains(t, err, `inside of {...} a variable needs quotation marks: "${NAME}"`)
}

func TestSecretsAtTheWrongPlaceAreNotRepeated(t *testing.T) {
	for _, entry := range []string{
		"bearer: s3cret", "bearer: {token: [s3cret]}", "s3cret", "oauth2: s3cret", "command: {run: s3cret}", "jwt: {claims: s3cret}",
		"{bearer: {token: a}, missing: s3cret}", "{bearer: {token: a}, side: to, prefix: [s3cret]}", "{bearer: {token: '${NOPE} s3cret'}}",
	} {
		_, err := Parse("f", []byte("version: 1\nauth:\n  - "+entry+"\n"), nil)
		require.Error(t, err, entry)
		assert.NotContains(t, err.Error(), "s3cret", entry)
	}
}

func TestSectionsOfOthersAreLeftToThem(t *testing.T) {
	_, err := Parse("f", []byte("version: 1\ncorrelate: {anything: [goes]}\n"), nil)
	assert.NoError(t, err)
}

func TestAllMistakesAreReportedAndCanBeTakenApart(t *testing.T) {
	_, err := Parse("f", []byte("version: 1\nrewrite:\n  - {}\n  - {x: 1}\ndates: {shift: x}\n"), nil)
	var one *Error
	require.True(t, errors.As(err, &one))
	var all Errors
	require.True(t, errors.As(err, &all))
	assert.Len(t, all, 4)
	assert.IsIncreasing(t, []int{all[0].Line, all[1].Line, all[3].Line})
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"rewrite:\n  - {body: '$..[?@.a>1]', set: {a: [1, null, 2.5, x]}, reason: x, side: [base]}\n",
		"rewrite:\n - {path: {match: (a), replace: '${1}b'}}\n - {query: {name: a, rename: b}}\n - {form: {name: x, remove: true}}\n",
		"auth:\n - {jwt: {algorithm: HS256, key-file: /nonexistent, claims: {sub: a}}}\n - {bearer: {token: '${TOKEN}'}}\ndates: {shift: now}\n",
		"auth:\n - {oauth2: {token-url: 'http://127.0.0.1:1', client-id: a, client-secret: b}}\n - {command: {run: [x]}}\n",
		"dates: {shift: -1h, places: [query], formats: [epoch-s]}\n", "rewrite: ? a", "auth:\n  -\n", "rewrite: [{host: {set: [}", "dates: |\n  x\n",
	} {
		f.Add("version: 1\n"+seed, "GET", "/a?b=1", `{"a":1}`)
	}
	f.Fuzz(func(t *testing.T, text, method, target, body string) {
		rules, err := Parse("f", []byte(text), func(string) (string, bool) { return "value", true })
		var all Errors
		if err != nil {
			require.True(t, errors.As(err, &all), "%v", err)
			require.NotEmpty(t, all)
			return
		}
		rules.auth = nil // asks nobody
		got := sent(t, rules, replay.Base, request(method, target, body, "A", "1", "Content-Type", "application/json"))
		require.Equal(t, int64(len(got.Body)), got.BodySize)
		for _, r := range rules.Report().Rules {
			left := r.Changed
			for _, n := range r.Left {
				left += n
			}
			require.Equal(t, r.Matched, left)
		}
	})
}
