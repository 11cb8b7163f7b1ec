package prometheus

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestVariablesSayNoMoreThanTheirNames(t *testing.T) {
	evil := Target{Service: `a"} or vector(1) #`, Namespace: "x.*\n`"}
	cases := map[string]struct {
		text, want, err string
		target          Target
	}{
		"plain":                        {text: `app="$service",ns='$namespace'`, target: Target{"shop", "prod"}, want: `app="shop",ns="prod"`},
		"braces":                       {text: `app="${service}s"`, target: Target{Service: "shop"}, want: `app="shops"`},
		"quotes are escaped":           {text: `app="$service"`, target: evil, want: `app="a\"} or vector(1) #"`},
		"in single quotes":             {text: `app='it\'s $service'`, target: evil, want: `app="it's a\"} or vector(1) #"`},
		"in raw strings":               {text: "app=`\\d$namespace`", target: evil, want: `app="\\dx.*` + "\\n`\""},
		"patterns match the name only": {text: `pod=~"$namespace-[0-9]+"`, target: Target{Namespace: "a.b"}, want: `pod=~"a\\.b-[0-9]+"`},
		"negative patterns too":        {text: `pod!~ "$service.*"`, target: Target{Service: ".*"}, want: `pod!~ "\\.\\*.*"`},
		"patterns after a comment":     {text: "pod=~ # a\n'$service'", target: Target{Service: ".*"}, want: "pod=~ \n" + `"\\.\\*"`},
		"the end of a pattern":         {text: `pod=~"a$"`, want: `pod=~"a$"`},
		"comments are left out":        {text: "up # \"$service\n + 1", want: "up \n + 1"},
		"outside of quotes":            {text: `app=$service`, err: "stands outside of quotes"},
		"unknown":                      {text: `app="$services"`, err: "$services does not exist"},
		"not closed":                   {text: `app="$service`, err: "not closed"},
		"one quote":                    {text: `'`, err: "not closed"},
		"a bad escape":                 {text: `app="\q"`, err: "escape"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := expand(c.text, c.target)
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestMatchersDoNotLeaveTheirBraces(t *testing.T) {
	for _, text := range []string{`app="a"} or up{b="c"`, `app="a"[5m]`, `sum(app="a")`} {
		_, err := matchers(text, Target{})
		require.ErrorContains(t, err, "of the form", text)
	}
	got, err := matchers(` app="{}", `, Target{})
	require.NoError(t, err)
	require.Equal(t, `app="{}"`, got)
	require.Equal(t, []string{"code", "path", "b"}, labels(`code=~"5..=x",path!="/a",b ="c"`))
}

func FuzzExpand(f *testing.F) {
	f.Add(`app="$service",code=~'5..'`, `a"b`)
	f.Add("a=`$namespace`", "`")
	f.Add(`'\'$service'`, `\`)
	f.Fuzz(func(t *testing.T, text, service string) {
		got, err := expand(text, Target{Service: service, Namespace: service})
		if err != nil {
			return
		}
		// What stands outside of the strings is what stood there before.
		outside := func(s string) string {
			return stringLiteral.ReplaceAllStringFunc(s, func(l string) string {
				if l[0] == '#' {
					return ""
				}
				return `""`
			})
		}
		require.Equal(t, outside(text), outside(got))
	})
}
