//go:build e2e

package report_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/diff"
	"twinspect.dev/diff/report"
)

const (
	address = `location.hash`
	opened  = `document.querySelector(".detail h3 .code").textContent`
	focused = `(document.activeElement.className || document.activeElement.id)`
)

func statusAnchor() string {
	return report.Anchor(diff.Cell{Operation: "POST /orders", Place: diff.Place{Part: diff.Status}, Kind: diff.Changed})
}

func TestAFragmentOpensADifferenceAndSurvivesAReload(t *testing.T) {
	p := openAt(t, fullReport(), 1280, "#"+statusAnchor())
	p.until(rows + " > 0")
	p.until(`document.querySelector(".chain") !== null`)
	assert.Equal(t, "status", evaluate[string](p, opened))
	assert.Equal(t, []string{"orders POST /orders", "cart GET /cart/{id}", "pricing GET /price"},
		evaluate[[]string](p, `[...document.querySelectorAll(".chain li")].map((e) => e.textContent)`))

	p.do(chromedp.SendKeys(chromedp.CSS(".search"), "mal"))
	p.until(count + ` === "1 of 56"`)
	want := evaluate[string](p, address)
	assert.Regexp(t, `^#difference-[0-9a-f]{16}\?text=mal$`, want)
	p.do(chromedp.Reload())
	p.until(rows + " === 1")
	p.until(count + ` === "1 of 56"`)
	assert.Equal(t, want, evaluate[string](p, address))
	assert.Equal(t, "text", evaluate[string](p, opened))
	assert.Equal(t, "mal", evaluate[string](p, `document.querySelector(".search").value`))
}

func TestAFragmentOpensADifferenceThatTheUsualFilterHides(t *testing.T) {
	noisy := report.Anchor(diff.Cell{Operation: "GET /orders", Place: diff.Place{Part: diff.Body, Path: "$.requestId"}, Kind: diff.Changed})
	p := openAt(t, fullReport(), 1280, "#"+noisy)
	p.until(rows + " > 0")
	assert.Equal(t, "$.requestId", evaluate[string](p, opened))
	assert.Equal(t, "56 of 56", evaluate[string](p, count))
}

func TestFragmentsOpenOperationsBlindSpotsAndRules(t *testing.T) {
	p := open(t, fullReport(), 1280)
	p.until(rows + " > 0")
	current := `(document.querySelector("tr[aria-current]")?.textContent ?? "")`
	inSight := `(() => { const r = document.querySelector("tr[aria-current]").getBoundingClientRect(); return r.top >= 0 && r.bottom <= innerHeight })()`

	evaluate[any](p, `(() => { document.querySelector("[data-operation='GET /cart']").click(); return null })()`)
	p.until(count + ` === "4 of 56"`)
	assert.Contains(t, evaluate[string](p, current), "GET /cart")
	assert.Regexp(t, "^#operation-[0-9a-f]{16}$", evaluate[string](p, address))

	for _, link := range []string{`a[href^="#blind-"]`, `a[href="#rule-28"]`} {
		evaluate[any](p, `(() => { document.querySelector('`+link+`').click(); return null })()`)
		p.until(current + `.includes("$.customer")`)
		p.until(inSight)
		assert.Equal(t, "4 of 56", evaluate[string](p, count), "a link to a section leaves the filter")
	}
	p.do(chromedp.Reload())
	p.until(rows + " > 0")
	p.until(current + `.includes("ignore $.customer")`)
}

func TestSingleKeysMoveOpenSearchAndHelp(t *testing.T) {
	p := open(t, fullReport(), 1280)
	p.until(rows + " > 0")
	dialog := `document.querySelector("dialog").open`
	for _, step := range []struct{ key, script, want string }{
		{"j", opened, "header cache-control"},
		{"j", opened, "$.items[*].discount"},
		{"k", opened, "header cache-control"},
		{kb.Enter, focused, "pane"},
		{kb.Escape, focused, "list"},
		{"/", focused, "search"},
		{"j", `document.querySelector(".search").value.slice(-1)`, "j"}, // typed, no step
		{kb.Escape, focused, "list"},
		{"?", dialog + ` + ""`, "true"},
		{kb.Escape, dialog + ` + ""`, "false"},
	} {
		p.do(chromedp.KeyEvent(step.key))
		p.until(step.script + " === " + fmt.Sprintf("%q", step.want))
	}
}

func TestSingleKeysCanBeTurnedOff(t *testing.T) {
	p := open(t, fullReport(), 1280)
	p.until(rows + " > 0")
	p.do(chromedp.KeyEvent("?"), chromedp.Click(chromedp.CSS("dialog input")), chromedp.KeyEvent(kb.Escape), chromedp.KeyEvent("j"))
	assert.Equal(t, "$.total", evaluate[string](p, opened))
}

// TestEveryControlHasANameAndIsReachedByTab walks the accessibility tree as a
// screen reader does.
func TestEveryControlHasANameAndIsReachedByTab(t *testing.T) {
	p := open(t, fullReport(), 1280)
	p.until(rows + " > 0")
	tree, err := chromedp.Call(p.ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	require.NoError(t, err)
	roles := map[string]int{}
	for _, n := range tree.Nodes {
		if n.Ignored || n.Role == nil {
			continue
		}
		role := strings.Trim(string(n.Role.Value), `"`)
		roles[role]++
		switch role {
		case "button", "link", "combobox", "searchbox", "radio", "listbox", "option", "region", "dialog", "checkbox":
			require.NotNil(t, n.Name, "%s without a name", role)
			assert.NotEqual(t, `""`, string(n.Name.Value), "a %s has no name", role)
		}
	}
	assert.Equal(t, 1, roles["listbox"])
	assert.Positive(t, roles["option"])
	assert.Equal(t, roles["main"], 1)

	seen := map[string]bool{}
	for range 40 {
		p.do(chromedp.KeyEvent(kb.Tab))
		seen[evaluate[string](p, focused)] = true
		assert.NotEqual(t, "none", evaluate[string](p, `getComputedStyle(document.activeElement).outlineStyle + (document.activeElement.matches("input[type=radio]") ? " by its label" : "")`))
	}
	for _, name := range []string{"skip", "quiet needs-js", "search", "list", "pane"} {
		assert.Contains(t, seen, name)
	}
}

func TestTheHugePageShowsItsListSoon(t *testing.T) {
	for name, r := range map[string]*diff.Report{"usual": largeReport(20), "huge": hugeReport(20_000, 60)} {
		t.Run(name, func(t *testing.T) {
			p := open(t, r, 1280)
			p.until(rows + " > 0")
			p.until(`performance.getEntriesByName("list").length === 1`)
			t.Logf("DOMContentLoaded %.0f ms, list %.0f ms, first contentful paint %.0f ms, page %d bytes",
				evaluate[float64](p, `performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd`),
				evaluate[float64](p, `performance.getEntriesByName("list")[0].startTime`),
				evaluate[float64](p, `performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? -1`),
				evaluate[int](p, `document.documentElement.outerHTML.length`))
			if name == "usual" { // what the browser and the machine take by themselves
				return
			}
			assert.Equal(t, "4,000 of 20,000", evaluate[string](p, count))
			assert.Less(t, evaluate[int](p, rows), 40)
			p.until(`document.querySelector(".example .value") !== null`)
			p.do(chromedp.SendKeys(chromedp.CSS(".search"), "zzz-nothing"))
			p.until(count + ` === "0 of 20,000"`)
			p.close()
			assert.Empty(t, p.console)
		})
	}
}

// TestThePageFitsEveryWindow opens the page at three widths in both themes. The
// pictures are kept where TWINSPECT_REPORT_PAGES says.
func TestThePageFitsEveryWindow(t *testing.T) {
	for _, width := range []int64{360, 768, 1440} {
		for _, theme := range []string{"light", "dark"} {
			t.Run(fmt.Sprintf("%d-%s", width, theme), func(t *testing.T) {
				p := openAt(t, fullReport(), width, "#"+statusAnchor())
				_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
					Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}}})
				require.NoError(t, err)
				p.until(`document.querySelector(".chain") !== null`)
				assert.LessOrEqual(t, evaluate[int64](p, `document.documentElement.scrollWidth`), width)
				p.picture(fmt.Sprintf("page-%d-%s", width, theme))
				for _, section := range []string{"verdict", "troubles", "self-check", "run"} {
					evaluate[any](p, `(() => { document.getElementById("`+section+`").scrollIntoView(); return null })()`)
					p.picture(fmt.Sprintf("%s-%d-%s", section, width, theme))
				}
				p.do(chromedp.KeyEvent("?"))
				p.picture(fmt.Sprintf("keys-%d-%s", width, theme))
			})
		}
	}
}

// picture keeps what is in sight.
func (p *tab) picture(name string) {
	dir := os.Getenv("TWINSPECT_REPORT_PAGES")
	if dir == "" {
		return
	}
	shot, err := chromedp.Call(p.ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{})
	require.NoError(p, err)
	require.NoError(p, os.WriteFile(filepath.Join(dir, name+".png"), shot.Data, 0o644))
}
