package policyfile

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/release"
)

func TestMistakesSayWhereAndWhat(t *testing.T) {
	for text, want := range map[string]string{
		"": "f:1:1: the file is empty",
		"version: 1\nname: yes\nservices: [a]\nrequire: {diff: {}}":     "", // YAML 1.2: yes is a text
		"version: 1\nname: true\nservices: [a]\nrequire: {diff: {}}":    `f:2:7: name is a text; write it in quotation marks: "true"`,
		"version: 1\nname: a\nservices: [a, b, a]\nrequire: {diff: {}}": `f:3:18: "a" is twice in services`,
		head + "skew: 90":                       `f:5:7: skew is a duration with its unit, such as 30s, 24h or 7d, not "90"`,
		head + "skew: 2h":                       "f:5:7: skew is from 0s to 1h, not 2h",
		required("{diff: {max_age: 11y}}"):      `max_age is a duration with its unit`,
		required("{diff: {max_age: 4000d}}"):    `max_age is from 1s to 3653d, not 4000d`,
		required("{diff: {max_lost: 5}}"):       `f:4:28: max_lost is from 0% to 100%, and 5 is more than that; for per cent write 5%`,
		required("{diff: {max_lost: 500}}"):     `f:4:28: max_lost is from 0% to 100%, not 500`,
		required("{diff: {min_samples: -5}}"):   `min_samples is a whole number from 0 to 1000000000000, not "-5"`,
		required("{diff: {min_samples: 0x10}}"): `min_samples is a whole number`,
		required("{diff: {optional: true}}"):    `f:4:1: require has nothing that must be there, so it would let everything through`,
		required("{canary: {}}"):                `f:4:1: line 4 requires evidence of the canary, but no section canary`,
		required("{diff: {sined: true}}"):       `unknown key "sined" in require.diff (did you mean "signed"?)`,
		head + "canary: {sides: {baseline: 'a=\"b\"', canary: 'a=\"c\"'}, metrics: [{name: a, counter: b, bad: 'c=\"d\"', allow: 1%}]}": "f:5:1: the metrics of canary are watched for nothing",
		required("{diff: {operations: [{match: GET /, max_regressions: 1}]}}"):                                                          "the rule lets regressions through without a reason; say why in reason",
		required("\n  diff:\n    operations:\n    - {match: GET /*, required: true}\n    - {match: GET /a*, required: true}"):           "f:8:8: the rule is never reached: all that it matches is matched by the one in line 7",
		required("{diff: {operations: [{match: a, service: b, required: true}, {match: a, required: true}]}}"):                          "",
		required("{diff: {operations: [{match: a, required: true, until: 2026-12-24}, {match: a, required: true}]}}"):                   "",
		required("{diff: {operations: [{match: a, required: true, until: 24.12.2026}]}}"):                                               "until is a date such as 2026-12-20, a time such as",
		required("{diff: {operations: [{match: a, required: true, until: 2026-02-30}]}}"):                                               "until is a date such as",
		head + "budget: {false_rollback: 0}":                                                                    "f:5:26: false_rollback is more than 0% and less than 50%, not 0",
		head + "budget: {max_traffic: 101%}":                                                                    "max_traffic is from 0% to 100%, not 101%",
		head + "overrides: {by: [a], max: 31d}":                                                                 "max is from 1m to 30d, not 31d",
		head + "freeze: [{name: a, cron: '0 0 30 2 *', for: 1h}]":                                               `f:5:26: cron "0 0 30 2 *": there is no such time`,
		head + "freeze: [{name: a, cron: '0 0 * * *', for: 93d}]":                                               "for is from 1m to 92d, not 93d",
		head + "freeze: [{name: a, cron: '0 0 * * *', for: 1h, zone: Europe/Berlln}]":                           `there is no time zone "Europe/Berlln"`,
		head + "freeze: [{name: a, cron: '0 0 * * *', for: 1h, zone: Local}]":                                   `there is no time zone "Local"`,
		head + "freeze: [{name: a, cron: '0 0 * * *', from: 2026-12-20}]":                                       "a window has cron and for, or from and to; this one has cron and from",
		head + "freeze: [{name: a}]":                                                                            "the window does not say when",
		head + "freeze: [{name: a, from: 2026-12-20, to: 2026-12-19}]":                                          "f:5:42: the window ends before it begins",
		head + "freeze: [{name: a, from: 2026-12-20, to: 2026-12-20}]":                                          "",
		head + "freeze:\n- {name: a, cron: '0 0 * * *', for: 1h}\n- {name: a, cron: '0 1 * * *', for: 1h}":      `f:7:4: the window "a" is there twice, first in line 6`,
		head + "freeze: [{name: a, from: 2026-03-29 02:30, to: 2026-12-20, zone: Europe/Berlin}]":               "clocks in Europe/Berlin go forward over 2026-03-29 02:30, so it is no time there",
		head + "freeze: [{name: a, from: 2026-10-25 02:30, to: 2026-12-20, zone: Europe/Berlin}]":               "it is there twice; write it with its offset, such as 2026-10-25T02:30:00+02:00",
		head + "freeze: [{name: a, from: 2026-12-20 25:00, to: 2026-12-20}]":                                    "from is a time such as 2026-12-20 18:00",
		metrics("{name: a, counter: a, bad: 'a=\"b\"'}"):                                                        "allow is missing in the metric; say how much worse than the baseline it may be, such as 0.5%",
		metrics("{name: a, counter: a, bad: 'a=\"b\"', allow: 0}"):                                              "allow is more than 0% and less than 100%, not 0",
		metrics("{name: a, counter: a, bad: 'a=\"b\"', allow: 5}"):                                              "for per cent write 5%",
		metrics("{name: a, counter: a, bad: 'a=\"b\"', allow: 1%, quantile: 0.9}"):                              "a metric is of a counter or of a histogram; this one has counter and quantile",
		metrics("{name: a, histogram: a, above: 1s, quantile: 0.9, allow: 1%}"):                                 "a histogram's metric has above or quantile; this one has both",
		metrics("{name: a, histogram: a, allow: 1%}"):                                                           "give it above, such as 300ms, or quantile, such as 0.99",
		metrics("{name: a, histogram: a_bucket, above: 1s, allow: 1%}"):                                         "histogram is its name without _bucket: a",
		metrics("{name: a, counter: 'a{b=\"c\"}', bad: 'a=\"b\"', allow: 1%}"):                                  "counter is the name of a metric alone, a; labels belong in bad or in sides",
		metrics("{name: a, counter: a.b, bad: 'a=\"b\"', allow: 1%}"):                                           `counter is the name of a metric, such as http_requests_total, not "a.b"`,
		metrics("{name: a, allow: 1%}"):                                                                         "the metric has no source",
		metrics("{name: a/b, counter: a, bad: 'a=\"b\"', allow: 1%}"):                                           "name is made of letters, digits and . _ -, at most 64",
		metrics("{name: a, histogram: a, above: 1s, allow: 1%}, {name: a, histogram: a, above: 2s, allow: 1%}"): `the metric "a" is there twice, first in line 7`,
		metrics("{name: a, histogram: a, above: 1s, unit: min, allow: 1%}"):                                     `unit is s, ms, us or ns, not "min"`,
		metrics(""): "metrics is empty, so the canary would be judged by nothing",
		metrics("{name: a, allow: 1%}") + "  preset: isto":                                                          `preset is istio, prometheus or opentelemetry, not "isto" (did you mean "istio"?)`,
		metrics("{name: a, histogram: a, above: 1s, allow: 1%}") + "  window: 10s":                                  "window is shorter than every, 30s",
		metrics("{name: a, histogram: a, above: 1s, allow: 1%}") + "  capacity: {usage: 'a)', requests: a}":         "usage is no query in PromQL: a ) closes nothing",
		metrics("{name: a, histogram: a, above: 1s, allow: 1%}") + "  capacity: {usage: 'a{b=\"(\"}', requests: a}": "",
		metrics("{name: a, histogram: a, above: 1s, allow: 1%}") + "  capacity: {usage: 'max(a', requests: a}":      "a ( is not closed",
		metrics("{name: a, histogram: a, above: 1s, allow: 1%}") + "  capacity: {usage: a}":                         "requests is missing in capacity without a preset",
		strings.ReplaceAll(metrics("{name: a, histogram: a, above: 1s, allow: 1%}"), `a="c"`, `a="b"`):              "baseline and canary are the same, so nothing tells the sides apart",
		strings.ReplaceAll(metrics("{name: a, histogram: a, above: 1s, allow: 1%}"), `a="c"`, `le="c"`):             "the label le is that of a histogram's buckets",
		strings.ReplaceAll(metrics("{name: a, histogram: a, above: 1s, allow: 1%}"), "baseline: 'a=\"b\"', ", ""):   "baseline is missing in sides; without it give history",
	} {
		_, err := Parse("f", []byte(text))
		if want == "" {
			assert.NoError(t, err, text)
			continue
		}
		assert.ErrorContains(t, err, want, text)
	}
}

func TestMatchersAreThoseOfPromQL(t *testing.T) {
	for text, want := range map[string]string{
		`a="b"`: "", `a = "b" , c!="d"`: "", "a=~`b.*`": "", `a='b\'c'`: "", `a!~"5..",b="x\"y\u00e9"`: "", `a="$service",n="$namespace"`: "", `a=""`: "",
		`a=~"$service-[0-9]+"`: "", `a="b",a=~"b|c"`: "",
		`{a="b"}`: "leave the braces out", `a`: "does not begin with a label and one of", `a-b="c"`: "does not begin with a label",
		`a=b`: "want it in quotation marks", `a=="b"`: "want it in quotation marks", `a="b`: `the quotation mark " is not closed`, "a=`b": "is not closed",
		`a="b" c="d"`: "want a comma before", `a="b",`: "nothing after the last comma", `a="b",,c="d"`: "does not begin with a label", `a="\q"`: "no such escape",
		`a=~"("`: "no regular expression (RE2)", `__name__="a"`: "which has a key of its own", `a="$servce"`: `nothing stands for $servce (did you mean "service"?)`,
		`a="${service}"`: "nothing stands for", `a="b",a="c"`: `no series has a="b" and a="c"`, `a="\xff"`: "want UTF-8",
	} {
		all, err := parseMatchers(text)
		if err == nil {
			err = contradiction(all)
		}
		if want == "" {
			assert.NoError(t, err, text)
		} else {
			assert.ErrorContains(t, err, want, text)
		}
	}
	all, err := parseMatchers(`a = 'x"\'\u00e9' , b=~"c\\d"`)
	require.NoError(t, err)
	assert.Equal(t, []matcher{{"a", "=", `x"'é`}, {"b", "=~", `c\d`}}, all)
}

func TestAPresetNamesWhatIsLeftOut(t *testing.T) {
	p, err := Parse("f", []byte(metrics("{name: e, allow: 1%}, {name: s, above: 1s, allow: 1%}, {name: q, quantile: 0.9, allow: 1%}, {name: own, histogram: h, above: 1s, allow: 1%}")+
		"  preset: istio\n  capacity: {usage: a}"))
	require.NoError(t, err)
	assert.Equal(t, []release.MetricPolicy{
		{Line: 7, Name: "e", Counter: "istio_requests_total", Bad: `response_code=~"5.."`, Allowed: 0.01, MinSamples: 100},
		{Line: 7, Name: "s", Histogram: "istio_request_duration_milliseconds", Unit: time.Millisecond, Above: time.Second, Allowed: 0.01, MinSamples: 100},
		{Line: 7, Name: "q", Histogram: "istio_request_duration_milliseconds", Unit: time.Millisecond, Quantile: 0.9, Allowed: 0.01, MinSamples: 100},
		{Line: 7, Name: "own", Histogram: "h", Unit: time.Second, Above: time.Second, Allowed: 0.01, MinSamples: 100},
	}, p.Canary.Metrics)
	assert.Equal(t, `a="b",reporter="destination"`, p.Canary.Baseline, "each request is counted once")
	assert.Equal(t, "istio_requests_total", p.Canary.Capacity.Requests)
	for _, name := range presetNames {
		_, err := parseMatchers(presets[name].bad)
		require.NoError(t, err, name)
	}
}

func TestDurationsHaveDaysAndWeeks(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"7d": 7 * day, "2w": 14 * day, "1w2d3h4m5.5s6ms": 9*day + 3*time.Hour + 4*time.Minute + 5506*time.Millisecond, "0s": 0,
		"": -1, "1": -1, "d": -1, "1d1w": -1, "-1h": -1, "1 h": -1, "9999w99999d999999999h": -1, "1µs": -1,
	} {
		got, ok := parseDuration(text)
		assert.Equal(t, want >= 0, ok, text)
		if ok {
			assert.Equal(t, want, got, text)
			again, ok := parseDuration(duration(got))
			assert.True(t, ok && again == got, "%s is written %s", text, duration(got))
		}
	}
}

func TestListsEndWhereNobodyReadsThem(t *testing.T) {
	many := "[" + strings.Repeat("{name: a, cron: '* * * * *', for: 1h},", maxWindows+1) + "]"
	_, err := Parse("f", []byte(head+"freeze: "+many))
	require.Error(t, err)
	var names strings.Builder
	for i := range maxList + 1 {
		names.WriteString("s" + time.Duration(i).String() + ",")
	}
	_, err = Parse("f", []byte("version: 1\nname: a\nservices: ["+names.String()+"]\nrequire: {diff: {}}"))
	assert.ErrorContains(t, err, "services has more than 1000 entries")
	_, err = Parse("f", []byte("version: 1\nname: "+strings.Repeat("a", maxText+1)+"\nservices: [a]\nrequire: {diff: {}}"))
	assert.ErrorContains(t, err, "name has more than 500 bytes")
}

func FuzzParse(f *testing.F) {
	shop, err := os.ReadFile("testdata/shop.yaml")
	require.NoError(f, err)
	f.Add(shop)
	for _, text := range []string{head, watched, metrics("{name: a, quantile: .9, allow: 1%}") + "  preset: istio", required("{diff: {operations: [{match: '*'}]}}"), head + "freeze: [{name: a, cron: 'TZ=\t* * * *', for: 1d, zone: ../x}]"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Parse("f", data)
		if err != nil {
			var all Errors
			require.True(t, errors.As(err, &all))
			require.Nil(t, p)
			return
		}
		require.NotEmpty(t, p.Services)
		require.NotEmpty(t, p.Requirements)
		b := p.Budget
		require.True(t, b.FalseRollback > 0 && b.FalseRollback < 0.5 && b.FalsePromote > 0 && b.FalsePromote < 0.5)
		for i := range p.Freeze {
			p.Freeze[i].Change(time.Unix(1_800_000_000, 0))
		}
	})
}

func FuzzMatchers(f *testing.F) {
	for _, text := range []string{`a="b",c=~"d"`, "a=`b`", `a='\'`, `a="$service"`, `a="\xff"`, `a="b",`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		all, err := parseMatchers(text)
		if err != nil {
			return
		}
		var again []string
		for _, m := range all {
			again = append(again, m.label+m.op+quoted(m.value))
		}
		same, err := parseMatchers(strings.Join(again, ","))
		require.NoError(t, err)
		require.Equal(t, all, same)
	})
}

// quoted writes a value as PromQL does.
func quoted(value string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(value) + `"`
}
