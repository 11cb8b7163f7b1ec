//go:build e2e

package report_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract"
	"twinspect.dev/contract/report"
)

// chromium returns the browser that TWINSPECT_CHROMIUM names, or the first in
// the path.
func chromium(t *testing.T) string {
	t.Helper()
	names := []string{"chromium", "chromium-browser", "google-chrome", "chrome"}
	if path := os.Getenv("TWINSPECT_CHROMIUM"); path != "" {
		names = []string{path}
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	require.FailNow(t, "no browser", "none of %v was found: install Chromium, or name it in TWINSPECT_CHROMIUM", names)
	return ""
}

// tab is a page opened in a browser.
type tab struct {
	*testing.T
	ctx     context.Context
	console []string
	drained chan struct{}
}

// open opens the page of r at a fragment in a window of the given width.
func open(t *testing.T, r *contract.Report, width int64, fragment string) *tab {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.html")
	require.NoError(t, os.WriteFile(path, renderHTML(t, "e2e", r), 0o644))
	limited, stop := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(stop)
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(chromium(t)), chromedp.NoSandbox)
	allocator, stop := chromedp.NewExecAllocator(limited, options...)
	t.Cleanup(stop)
	ctx, stop := chromedp.NewContext(allocator)
	p := &tab{T: t, ctx: ctx, drained: make(chan struct{})}
	t.Cleanup(stop)
	require.NoError(t, chromedp.Do(ctx, chromedp.EmulateViewport(width, 1300)))
	messages := chromedp.Console(ctx)
	go func() {
		defer close(p.drained)
		for m, err := range messages {
			if err != nil {
				return
			}
			p.console = append(p.console, m.String())
		}
	}()
	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate((&url.URL{Scheme: "file", Path: path}).String()+fragment)))
	p.until(`document.documentElement.dataset.ready === "true"`)
	return p
}

// quiet ends the browser, and requires that it had nothing to say.
func (p *tab) quiet() {
	require.NoError(p, chromedp.Cancel(p.ctx))
	<-p.drained
	assert.Empty(p, p.console)
}

func evaluate[V any](p *tab, script string) V {
	p.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[V](script))
	require.NoError(p, err, script)
	return v
}

// until waits for a condition of the page.
func (p *tab) until(condition string) {
	p.Helper()
	_, err := chromedp.Run(p.ctx, chromedp.Poll[bool](condition, chromedp.WithPollingTimeout(time.Minute)))
	require.NoError(p, err, condition)
}

func (p *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.Helper()
	require.NoError(p, chromedp.Do(p.ctx, steps...))
}

const (
	shown = `[...document.querySelectorAll("details.finding:not([hidden])")].map((f) => f.dataset.check).join()`
	count = `document.querySelector("#toolbar .count").textContent`
)

func TestThePageFiltersFindings(t *testing.T) {
	p := open(t, typicalReport(), 1280, "")
	assert.Equal(t, "4 of 4", evaluate[string](p, count))
	p.do(chromedp.SendKeys(chromedp.CSS(".search"), "slice BOUNDS"))
	p.until(count + ` === "1 of 4"`)
	assert.Equal(t, "no-server-error", evaluate[string](p, shown))
	assert.Equal(t, 1, evaluate[int](p, `document.querySelectorAll(".group:not([hidden])").length`))
	p.do(chromedp.KeyEvent(kb.Escape))
	p.until(count + ` === "4 of 4"`)
	for label, value := range map[string]string{"Check": "write-kept", "Operation": "PUT /products/{id}"} {
		set := `((v) => { const s = document.querySelector("select[aria-label=` + label + `]"); s.value = v; s.dispatchEvent(new Event("change")); return null })`
		evaluate[any](p, fmt.Sprintf("%s(%q)", set, value))
		assert.Equal(t, "write-kept", evaluate[string](p, shown))
		evaluate[any](p, set+`("")`)
	}
	p.quiet()
}

func TestThePageOpensTheFindingThatItsAddressNames(t *testing.T) {
	f := typicalFindings()[2]
	p := open(t, typicalReport(), 1280, "#"+report.Anchor(&f))
	assert.Equal(t, "write-kept", evaluate[string](p, `document.querySelector("details.finding.current[open]").dataset.check`))
	assert.Equal(t, 3, evaluate[int](p, `document.querySelectorAll(".finding.current .step").length`))
	assert.Contains(t, evaluate[string](p, `document.querySelector(".finding.current .message .body").textContent`), "{\n  \"name\": \"a\",")
	p.quiet()
}

func TestThePageIsUsedFromTheKeyboard(t *testing.T) {
	p := open(t, typicalReport(), 1280, "")
	current := `document.querySelector(".finding.current")?.dataset.check`
	for _, step := range []struct{ key, want string }{{"j", "no-server-error"}, {"j", "body-schema"}, {"k", "no-server-error"}} {
		p.do(chromedp.KeyEvent(step.key))
		assert.Equal(t, step.want, evaluate[string](p, current))
	}
	p.do(chromedp.KeyEvent("/"))
	assert.Equal(t, "Search the findings", evaluate[string](p, `document.activeElement.ariaLabel`))
}

func TestThePageShowsTheItemsOfAnOperation(t *testing.T) {
	p := open(t, largeReport(200, 20), 1280, "")
	evaluate[any](p, `document.querySelector(".matrix tr[data-n='130'] .expand").click()`)
	p.until(`document.querySelectorAll(".items li").length === 60`)
	assert.Contains(t, evaluate[string](p, `document.querySelector(".items").textContent`), "no value of the schema breaks it alone")
	p.do(chromedp.SendKeys(chromedp.CSS("#matrix-search"), "things-130/"))
	p.until(`document.querySelector("#matrix-count").textContent === "1 of 200"`)
	p.quiet()
}

func TestThePageFitsEveryWindowInBothThemes(t *testing.T) {
	f := typicalFindings()[2]
	for _, width := range []int64{360, 768, 1440} {
		p := open(t, typicalReport(), width, "#"+report.Anchor(&f))
		evaluate[any](p, `document.querySelectorAll("details").forEach((d) => { d.open = true })`)
		evaluate[any](p, `document.querySelectorAll(".expand").forEach((b) => b.click())`)
		p.until(`document.querySelectorAll(".items li").length > 10`)
		assert.LessOrEqual(t, evaluate[int64](p, `document.documentElement.scrollWidth`), width)
		colours := map[string]bool{}
		for _, theme := range []string{"light", "dark"} {
			_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}}})
			require.NoError(t, err)
			colours[evaluate[string](p, `getComputedStyle(document.body).backgroundColor`)] = true
			p.picture(fmt.Sprintf("%d-%s.png", width, theme))
		}
		assert.Len(t, colours, 2, "auto follows the system")
		p.quiet()
	}
}

// picture keeps pictures of the page where TWINSPECT_REPORT_PAGES says.
func (p *tab) picture(name string) {
	dir := os.Getenv("TWINSPECT_REPORT_PAGES")
	if dir == "" {
		return
	}
	for _, section := range []string{"findings", "coverage"} {
		evaluate[any](p, `document.getElementById("`+section+`").scrollIntoView()`)
		png, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
		require.NoError(p, err)
		require.NoError(p, os.WriteFile(filepath.Join(dir, section+"-"+name), png, 0o644))
	}
}

func TestHostileTextStaysTextInTheBrowser(t *testing.T) {
	const attack = `</script><script>document.title="owned"</script><img src=x onerror='document.title="owned"'>` + "\u202e\x1b[2J"
	p := open(t, traffic(attack), 1280, "")
	assert.NotEqual(t, "owned", evaluate[string](p, `document.title`))
	assert.Zero(t, evaluate[int](p, `document.querySelectorAll("img").length`))
	assert.Equal(t, 2, evaluate[int](p, `document.scripts.length`), "what is packed, and the page's own")
	evaluate[any](p, `document.querySelector(".expand").click()`)
	p.until(`document.querySelectorAll(".items li").length === 1`)
	assert.False(t, strings.Contains(evaluate[string](p, `document.body.innerText`), "\u202e"))
	p.quiet()
}
