//go:build e2e

package report_test

import (
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/diff"
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

// tab is a page opened in a browser, and what the browser said of it.
type tab struct {
	*testing.T
	ctx      context.Context
	console  []string
	requests []string
	drained  []chan struct{}
}

// open opens the page of r in a window of the given width.
func open(t *testing.T, r *diff.Report, width int64) *tab {
	t.Helper()
	return openAt(t, r, width, "")
}

// openAt opens the page at a fragment.
func openAt(t *testing.T, r *diff.Report, width int64, fragment string) *tab {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.html")
	require.NoError(t, os.WriteFile(path, renderHTML(t, "e2e", r), 0o644))
	limited, stop := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(stop)
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(chromium(t)), chromedp.NoSandbox)
	allocator, stop := chromedp.NewExecAllocator(limited, options...)
	t.Cleanup(stop)
	ctx, stop := chromedp.NewContext(allocator)
	p := &tab{T: t, ctx: ctx}
	t.Cleanup(func() {
		stop()
		for _, d := range p.drained {
			<-d
		}
	})
	require.NoError(t, chromedp.Do(ctx, chromedp.EmulateViewport(width, 900)))
	p.watch()
	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate((&url.URL{Scheme: "file", Path: path}).String()+fragment)))
	return p
}

// watch collects what the page logs and asks for, until the browser closes.
func (p *tab) watch() {
	_, err := chromedp.Call(p.ctx, network.Enable, network.EnableParams{})
	require.NoError(p, err)
	messages, requests := chromedp.Console(p.ctx), chromedp.Events(p.ctx, network.RequestWillBeSent)
	consoleDone, requestsDone := make(chan struct{}), make(chan struct{})
	p.drained = append(p.drained, consoleDone, requestsDone)
	go func() {
		defer close(consoleDone)
		for m, err := range messages {
			if err != nil {
				return
			}
			p.console = append(p.console, m.String())
		}
	}()
	go func() {
		defer close(requestsDone)
		for e, err := range requests {
			if err != nil {
				return
			}
			p.requests = append(p.requests, e.Request.URL)
		}
	}()
}

// close ends the browser, after which console and requests are complete.
func (p *tab) close() {
	require.NoError(p, chromedp.Cancel(p.ctx))
	for _, d := range p.drained {
		<-d
	}
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
	rows  = `document.querySelectorAll(".row").length`
	count = `document.querySelector(".count").textContent`
	first = `document.querySelector(".row[aria-posinset='1']").textContent`
)

func TestThePageShowsTenThousandDifferencesAFewAtATime(t *testing.T) {
	p := open(t, largeReport(10_000), 1280)
	p.until(rows + " > 0")
	assert.Equal(t, "2,000 of 10,000", evaluate[string](p, count), "regressions and suspects at first")
	assert.Less(t, evaluate[int](p, rows), 40)

	p.do(chromedp.Click(chromedp.CSS(`input[value="all"] + span`)))
	p.until(count + ` === "10,000 of 10,000"`)
	evaluate[int](p, `document.querySelector(".list").scrollTop = 5000 * 58`)
	p.until(`document.querySelector(".row[aria-posinset='5001']") !== null`)
	assert.Less(t, evaluate[int](p, rows), 40)
	assert.Equal(t, "10000", evaluate[string](p, `document.querySelector(".row").getAttribute("aria-setsize")`))

	p.close()
	assert.Empty(t, p.console)
	require.NotEmpty(t, p.requests)
	for i, address := range p.requests {
		assert.True(t, i == 0 && strings.HasSuffix(address, "/report.html") || strings.HasPrefix(address, "data:"), address)
	}
}

func TestThePageFiltersBySearchOperationAndKind(t *testing.T) {
	p := open(t, largeReport(10_000), 1280)
	p.until(rows + " > 0")
	p.do(chromedp.SendKeys(chromedp.CSS(".search"), "bruxelles f7"))
	want := 0
	for i, d := range largeReport(2000).Differences {
		if i%13 == 7 && strings.HasPrefix(d.Path, "$.address.f7") {
			want++
		}
	}
	require.Positive(t, want)
	p.until(count + ` === "` + grouped(want) + ` of 10,000"`)
	assert.Contains(t, evaluate[string](p, first), "$.address.f7")

	evaluate[any](p, `(() => { const s = document.querySelector("select[aria-label=Kind]"); s.value = "added"; s.dispatchEvent(new Event("change")); return null })()`)
	p.until(count + ` === "0 of 10,000"`)
	assert.Contains(t, evaluate[string](p, `document.querySelector(".pane").textContent`), "No difference passes these filters.")
}

func grouped(n int) string {
	s := ""
	for ; n >= 1000; n /= 1000 {
		s = "," + string(rune('0'+n/100%10)) + string(rune('0'+n/10%10)) + string(rune('0'+n%10)) + s
	}
	return strings.TrimLeft(string([]rune{rune('0' + n/100), rune('0' + n/10%10), rune('0' + n%10)}), "0") + s
}

func TestThePageIsUsedFromTheKeyboard(t *testing.T) {
	p := open(t, typicalReport(), 1280)
	p.until(rows + " > 0")
	selected := `document.getElementById(document.querySelector(".list").getAttribute("aria-activedescendant")).querySelector(".code").textContent`
	shown := `document.querySelector(".detail h3 .code").textContent`
	p.do(chromedp.Focus(chromedp.CSS(".list")))
	for _, step := range []struct{ key, want string }{
		{kb.ArrowDown, "header cache-control"}, {kb.End, "$.currency"}, {kb.ArrowUp, "header etag"}, {kb.Home, "$.total"},
	} {
		p.do(chromedp.KeyEvent(step.key))
		assert.Equal(t, step.want, evaluate[string](p, selected))
		assert.Equal(t, step.want, evaluate[string](p, shown))
	}
}

func TestThePageMarksWhatChangedInsideAValue(t *testing.T) {
	p := open(t, typicalReport(), 1280)
	p.until(rows + " > 0")
	evaluate[any](p, `(() => { [...document.querySelectorAll(".row")].find((r) => r.textContent.includes("$.address")).click(); return null })()`)
	p.until(`document.querySelector(".detail h3").textContent.includes("$.address")`)
	marked := func(tag string) []string {
		return evaluate[[]string](p, `[...document.querySelectorAll(".example `+tag+`")].map((e) => e.textContent.trim())`)
	}
	assert.Equal(t, []string{"xelle", "3528", ",\n    \"Boîte 12\""}, marked("del"))
	assert.Equal(t, []string{"ssel", "35", ",\n  \"source\": \"import\""}, marked("ins"))
}

func TestThePageFitsANarrowWindowAndBothThemes(t *testing.T) {
	p := open(t, typicalReport(), 420)
	p.until(rows + " > 0")
	assert.LessOrEqual(t, evaluate[int](p, `document.documentElement.scrollWidth`), 420)
	background := `getComputedStyle(document.body).backgroundColor`
	light := evaluate[string](p, background)
	_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}})
	require.NoError(t, err)
	dark := evaluate[string](p, background)
	assert.NotEqual(t, light, dark, "auto follows the system")
	p.do(chromedp.Click(chromedp.CSS("#theme")))
	assert.Equal(t, light, evaluate[string](p, background), "the button overrides it")
}

func TestHostileTrafficStaysTextInTheBrowser(t *testing.T) {
	const attack = `</script><script>document.title="owned"</script><img src=x onerror='document.title="owned"'>` + "\u202e\x1b[2J"
	p := open(t, traffic(attack), 1280)
	p.until(rows + " > 0")
	assert.NotContains(t, evaluate[string](p, `document.title`), "\u202e")
	assert.NotEqual(t, "owned", evaluate[string](p, `document.title`))
	assert.Zero(t, evaluate[int](p, `document.querySelectorAll("img").length`))
	assert.Equal(t, 4, evaluate[int](p, `document.scripts.length`), "what is packed, and the page's own")
	assert.NotContains(t, evaluate[string](p, `document.body.innerText`), "\u202e")
	p.close()
	assert.Empty(t, p.console)
}
