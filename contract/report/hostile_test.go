package report_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
	"pgregory.net/rapid"

	"twinspect.dev/contract"
	"twinspect.dev/contract/report"
)

// hostile draws text that tries to break out of every format.
func hostile() *rapid.Generator[string] {
	attacks := rapid.SampledFrom([]string{
		"</script><script>alert(1)</script>", "<!--", "]]>", "<img src=x onerror=alert(1)>", "\"'><svg/onload=x>", "</pre>", "</details>",
		"\x1b[2J\x1b]0;title\x07", "\x9b31m", "\r\n::error::", "\x00", "\xff\xfe", "\ufffe", "\u202e", "\u2028", `{"a":[1,"<b>`, "[[[[",
		"| a | b |\n|---|", "`", "\\", "@everyone", "#1", "[x](http://evil)", "www.evil.example", "\n# h", "&#64;team", "&lt;", "{{.}}", "${x}", "İİİ",
	})
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.OneOf(attacks, rapid.String()), 1, 4).Draw(t, "parts"), "")
	})
}

// harmless stands in for the hostile text: the structure may not depend on it.
const harmless = "harmless"

func TestHostileTextCannotBreakOutOfXML(t *testing.T) {
	want := xmlStructure(t, harmless)
	rapid.Check(t, func(t *rapid.T) { require.Equal(t, want, xmlStructure(t, "x"+hostile().Draw(t, "text"))) })
}

// xmlStructure lists the elements of the report in which all is s.
func xmlStructure(t require.TestingT, s string) []string {
	var b bytes.Buffer
	require.NoError(t, report.JUnit(&b, traffic(s)))
	var list []string
	for d := xml.NewDecoder(&b); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return list
		}
		require.NoError(t, err)
		if e, ok := token.(xml.StartElement); ok {
			list = append(list, e.Name.Local)
		}
	}
}

func TestHostileTextCannotBreakOutOfThePage(t *testing.T) {
	want := elements(t, harmless)
	rapid.Check(t, func(t *rapid.T) { require.Equal(t, want, elements(t, "x"+hostile().Draw(t, "text"))) })
}

// elements lists the elements of the page in which all is s.
func elements(t require.TestingT, s string) []string {
	var b bytes.Buffer
	require.NoError(t, report.HTML(&b, traffic(s)))
	doc, err := html.Parse(&b)
	require.NoError(t, err)
	var list []string
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode {
			list = append(list, n.Data)
			for _, a := range n.Attr {
				require.False(t, strings.HasPrefix(a.Key, "on"), a.Key)
			}
		}
	}
	return list
}

func TestHostileTextCannotMoveTheCursor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := traffic(hostile().Draw(t, "text"))
		for _, o := range []report.TerminalOptions{{}, {Width: 40}, {Verbose: true}} {
			var b bytes.Buffer
			require.NoError(t, report.Terminal(&b, r, o))
			require.True(t, utf8.Valid(b.Bytes()))
			for _, c := range b.String() {
				require.True(t, c == '\n' || unicode.IsPrint(c), "%U", c)
			}
		}
	})
}

func TestHostileTextStaysOneCellOfMarkdown(t *testing.T) {
	render := func(t require.TestingT, s string) string {
		var b bytes.Buffer
		require.NoError(t, report.Markdown(&b, traffic(s)))
		return b.String()
	}
	want := strings.Count(render(t, harmless), "\n")
	rapid.Check(t, func(t *rapid.T) {
		got := render(t, "x"+hostile().Draw(t, "text"))
		require.Equal(t, want, strings.Count(got, "\n"))
		require.NotContains(t, got, "<img")
		require.NotContains(t, got, "<script")
		require.NotContains(t, got, "@everyone")
	})
}

func TestMarkdownAndTerminalAreBounded(t *testing.T) {
	for name, r := range map[string]*contract.Report{"large": largeReport(1223, 500), "hostile": traffic(strings.Repeat("<&|", 50_000))} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			require.NoError(t, report.Markdown(&b, r))
			require.LessOrEqual(t, b.Len(), 60_000)
			b.Reset()
			require.NoError(t, report.Terminal(&b, r, report.TerminalOptions{}))
			require.Less(t, strings.Count(b.String(), "\n"), 400)
		})
	}
}

func TestALaidOutBodyLosesNothingButSpace(t *testing.T) {
	r := typicalReport()
	r.Findings[0].Example.Steps[0].Response.Body = `{"a":[],"b":{},"c":[1e400,{"d":"x, [y"}],"cut":"he`
	var b bytes.Buffer
	require.NoError(t, report.HTML(&b, r))
	require.Contains(t, html.UnescapeString(b.String()), "{\n  \"a\": [],\n  \"b\": {},\n  \"c\": [\n    1e400,\n    {\n      \"d\": \"x, [y\"\n    }\n  ],\n  \"cut\": \"he")
}
