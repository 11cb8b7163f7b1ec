package report_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
	"pgregory.net/rapid"

	"twinspect.dev/contract"
	"twinspect.dev/contract/compat/impact"
	"twinspect.dev/contract/compat/report"
	"twinspect.dev/diff/report/page"
)

type render func(io.Writer, *impact.Report) error

func terminal(o report.TerminalOptions) render {
	return func(w io.Writer, r *impact.Report) error { return report.Terminal(w, r, o) }
}

func text(t require.TestingT, f render, r *impact.Report) string {
	var b bytes.Buffer
	require.NoError(t, f(&b, r))
	return b.String()
}

// ours matches what differs with every change of the page's sources.
var ours = regexp.MustCompile(`(?s)<style>.*?</style>|<script[^>]*>.*?</script>|'sha256-[^']+'`)

func TestRenderersMatchTheGoldenFiles(t *testing.T) {
	for file, f := range map[string]render{
		"terminal.txt":         terminal(report.TerminalOptions{More: "report.html"}),
		"terminal-narrow.txt":  terminal(report.TerminalOptions{Width: 50}),
		"terminal-verbose.txt": terminal(report.TerminalOptions{Width: 120, Verbose: true}),
		"terminal-color.txt":   terminal(report.TerminalOptions{Color: true}),
		"report.json":          report.JSON,
		"junit.xml":            report.JUnit,
		"comment.md":           report.Markdown,
		"page.html": func(w io.Writer, r *impact.Report) error {
			_, err := w.Write(ours.ReplaceAll([]byte(text(t, report.HTML, r)), nil))
			return err
		},
	} {
		for kind, r := range reports() {
			t.Run(kind+"-"+file, func(t *testing.T) { golden(t, kind+"-"+file, []byte(text(t, f, r))) })
		}
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

// hostile draws text that tries to break out of every format.
func hostile() *rapid.Generator[string] {
	attacks := rapid.SampledFrom([]string{
		"</script><script>alert(1)</script>", "<!--", "]]>", "<img src=x onerror=alert(1)>", "\"'><svg/onload=x>", "</svg>", "</title>", "</details>",
		"\x1b[2J\x1b]0;title\x07", "\x9b31m", "\r\n::error::", "\x00", "\xff\xfe", "\ufffe", "\u202e", "\u2028",
		"| a | b |\n|---|", "`", "\\", "@everyone", "#1", "[x](http://evil)", "www.evil.example", "\n# h", "&#64;team", "&lt;", "{{.}}", "${x}", "İİİ",
	})
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.OneOf(attacks, rapid.String()), 1, 4).Draw(t, "parts"), "")
	})
}

func TestHostileTextCannotBreakOutOfXML(t *testing.T) {
	elements := func(t require.TestingT, s string) (list []string) {
		for d := xml.NewDecoder(strings.NewReader(text(t, report.JUnit, traffic(s)))); ; {
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
	want := elements(t, "harmless")
	rapid.Check(t, func(t *rapid.T) { require.Equal(t, want, elements(t, "x"+hostile().Draw(t, "text"))) })
}

func TestHostileTextCannotBreakOutOfThePage(t *testing.T) {
	elements := func(t require.TestingT, s string) (list []string) {
		doc, err := html.Parse(strings.NewReader(text(t, report.HTML, traffic(s))))
		require.NoError(t, err)
		for n := range doc.Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			list = append(list, n.Data)
			for _, a := range n.Attr {
				require.False(t, strings.HasPrefix(a.Key, "on"), a.Key)
			}
		}
		return list
	}
	want := elements(t, "harmless")
	rapid.Check(t, func(t *rapid.T) { require.Equal(t, want, elements(t, "x"+hostile().Draw(t, "text"))) })
}

func TestHostileTextCannotMoveTheCursor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := traffic(hostile().Draw(t, "text"))
		for _, o := range []report.TerminalOptions{{}, {Width: 40}, {Verbose: true}} {
			got := text(t, terminal(o), r)
			require.True(t, utf8.ValidString(got))
			for _, c := range got {
				require.True(t, c == '\n' || unicode.IsPrint(c), "%U", c)
			}
		}
	})
}

func TestHostileTextStaysInItsPlaceInMarkdown(t *testing.T) {
	want := strings.Count(text(t, report.Markdown, traffic("harmless")), "\n")
	rapid.Check(t, func(t *rapid.T) {
		got := text(t, report.Markdown, traffic("x"+hostile().Draw(t, "text")))
		require.Equal(t, want, strings.Count(got, "\n"))
		for _, s := range []string{"<img", "<script", "@everyone", "](http"} {
			require.NotContains(t, got, s)
		}
	})
}

func TestNoLineOfATerminalIsWiderThanIt(t *testing.T) {
	for name, r := range reports() {
		for _, width := range []int{40, 50, 80, 200} {
			for line := range strings.Lines(text(t, terminal(report.TerminalOptions{Width: width, Verbose: true}), r)) {
				assert.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), width, "%s: %s", name, line)
			}
		}
	}
}

func TestGreatReportsAreBoundedAndSayWhatIsLeftOut(t *testing.T) {
	for name, r := range map[string]*impact.Report{
		"large": largeReport(9000, 400), "hostile": traffic(strings.Repeat("<&|", 50_000)), "many changes": largeReport(40_000, 0), "many consumers": largeReport(100, 3000),
	} {
		t.Run(name, func(t *testing.T) {
			require.LessOrEqual(t, len(text(t, report.Markdown, r)), 60_000)
			require.Less(t, strings.Count(text(t, terminal(report.TerminalOptions{}), r), "\n"), 500)
			page := text(t, report.HTML, r)
			require.Less(t, len(page), 5_000_000)
			if name != "hostile" {
				assert.Regexp(t, `[0-9,]+ more (change|consumer)s: the JSON evidence has them`, page)
			}
		})
	}
}

func TestThePageLoadsNothingAndItsAnchorsExist(t *testing.T) {
	all := reports()
	all["large"], all["hostile"] = largeReport(3000, 100), traffic("x\"><")
	for name, r := range all {
		doc, err := html.Parse(strings.NewReader(text(t, report.HTML, r)))
		require.NoError(t, err)
		ids, links := map[string]bool{}, map[string]bool{}
		for n := range doc.Descendants() {
			for _, a := range n.Attr {
				switch a.Key {
				case "id":
					assert.False(t, ids[a.Val], "%s: the id %s twice", name, a.Val)
					ids[a.Val] = true
				case "href":
					if target, ok := strings.CutPrefix(a.Val, "#"); ok {
						links[target] = true
					} else {
						assert.True(t, strings.HasPrefix(a.Val, "data:"), a.Val)
					}
				case "src", "style", "onclick", "onload", "onerror":
					assert.Fail(t, "an attribute that the policy forbids", "%s: %s=%s", name, a.Key, a.Val)
				}
			}
		}
		for target := range links {
			assert.True(t, ids[target], "%s: the link #%s leads nowhere", name, target)
		}
	}
}

func TestThePageTellsWhoBreaks(t *testing.T) {
	got := html.UnescapeString(text(t, report.HTML, typicalReport()))
	for _, want := range []string{
		"breaks: all of 12,431", "at risk: 4,608,220×", "breaks checkout (uses body /price", "catalog-1.4.0.yaml:27", "catalog-2.0.0.yaml:25",
		"Breaking, and a consumer breaks", "response-property-removed", "new at catalog-2.0.0.yaml:91",
	} {
		assert.Contains(t, got, want)
	}
}

func TestAConsumerOfTwoSourcesIsDrawnOnce(t *testing.T) {
	r := typicalReport()
	r.Consumers[1].Name = "checkout"
	r.Consumers[2].Name = r.Provider // calls itself
	got := text(t, report.HTML, r)
	assert.Equal(t, 2, strings.Count(got, `class="consumer-name">checkout<`))
	assert.Equal(t, 1, strings.Count(got, `<text class="name" x="12" y="23">checkout<`))
	assert.Equal(t, 1, strings.Count(got, `<text class="name" x="12" y="23">catalog<`))
}

func TestJUnitFailsForWhoBreaksAndForNobodyElse(t *testing.T) {
	failures := func(r *impact.Report) (names []string) {
		var suites struct {
			Suite []struct {
				Case []struct {
					Name    string    `xml:"name,attr"`
					Failure *struct{} `xml:"failure"`
				} `xml:"testcase"`
			} `xml:"testsuite"`
		}
		require.NoError(t, xml.Unmarshal([]byte(text(t, report.JUnit, r)), &suites))
		for _, s := range suites.Suite {
			for _, c := range s.Case {
				if c.Failure != nil {
					names = append(names, c.Name)
				}
			}
		}
		return names
	}
	assert.Equal(t, []string{"verdict", "checkout", "mobile-app"}, failures(typicalReport()))
	assert.Empty(t, failures(passingReport()))
	assert.Len(t, failures(aloneReport()), 5, "the verdict, and each breaking change")
	strict := typicalReport()
	strict.Strict, strict.Consumers = true, strict.Consumers[3:]
	strict.Changes = strict.Changes[2:]
	assert.Len(t, failures(strict), 3, "the verdict, and each breaking change")
	strict.Strict, strict.Verdict = false, contract.Pass
	assert.Empty(t, failures(strict))
}

// failing is a writer that is full.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestErrorsOfTheWriterAreReturned(t *testing.T) {
	for _, f := range []render{report.JSON, report.JUnit, report.Markdown, report.HTML, terminal(report.TerminalOptions{})} {
		require.ErrorContains(t, f(failing{}, typicalReport()), "no space left")
	}
}
