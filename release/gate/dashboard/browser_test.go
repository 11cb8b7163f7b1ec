//go:build e2e

package dashboard_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
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

	"twinspect.dev/release"
	"twinspect.dev/release/gate/access"
	"twinspect.dev/release/gate/rest"
)

// chromium returns the browser that TWINSPECT_CHROMIUM names, or the first in the path.
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

// serve serves the pages and the API on loopback, to somebody who may read all.
func (s *shop) serve() string {
	s.Helper()
	id := as(s.T, all)
	api := rest.New(rest.Config{Gate: s.gate, Version: "1.4.0"})
	mux := http.NewServeMux()
	mux.Handle("/api/", api)
	mux.Handle("/", s.pages)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(w, r.WithContext(access.With(r.Context(), id)))
	}))
	s.Cleanup(func() {
		server.CloseClientConnections() // streams of events do not end by themselves
		server.Close()
	})
	return server.URL
}

// addresses are the pages that there are.
func (s *shop) addresses() map[string]string {
	s.Helper()
	return map[string]string{
		"releases": "/", "filtered": "/?service=nobody", "release": fmt.Sprint("/releases/", s.releaseOf("catalog").ID),
		"new-release": fmt.Sprint("/releases/", s.releaseOf("checkout").ID),
		"evidence":    "/evidence/" + s.ids["diff"], "consumers": "/evidence/" + s.ids["compat"],
		"service": "/services/catalog", "unknown-service": "/services/none", "audit": "/audit", "error": "/nowhere",
	}
}

// tab is a page opened in a browser.
type tab struct {
	*testing.T
	ctx     context.Context
	console []string
	drained chan struct{}
}

// newTab opens a window of a width.
func newTab(t *testing.T, width int64) *tab {
	t.Helper()
	limited, stop := context.WithTimeout(t.Context(), 8*time.Minute)
	t.Cleanup(stop)
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(chromium(t)), chromedp.NoSandbox)
	allocator, stop := chromedp.NewExecAllocator(limited, options...)
	t.Cleanup(stop)
	ctx, stop := chromedp.NewContext(allocator)
	t.Cleanup(stop)
	p := &tab{T: t, ctx: ctx, drained: make(chan struct{})}
	require.NoError(t, chromedp.Do(ctx, chromedp.EmulateViewport(width, 1000)))
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
	return p
}

func (p *tab) open(address string) {
	p.Helper()
	p.do(chromedp.Navigate(address))
	p.until(`document.documentElement.dataset.ready === "true"`)
}

// quiet ends the browser, and requires that it had nothing to say.
func (p *tab) quiet() {
	p.Helper()
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

// until waits for a condition of the page, which may be on its way to another one.
func (p *tab) until(condition string) {
	p.Helper()
	require.Eventually(p, func() bool {
		held, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool](condition))
		return err == nil && held
	}, 30*time.Second, 30*time.Millisecond, condition)
}

func (p *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.Helper()
	require.NoError(p, chromedp.Do(p.ctx, steps...))
}

func (p *tab) theme(name string) {
	p.Helper()
	_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}}})
	require.NoError(p, err)
}

// picture keeps a picture of each section where TWINSPECT_DASHBOARD_PAGES says.
func (p *tab) picture(name string) {
	p.Helper()
	dir := os.Getenv("TWINSPECT_DASHBOARD_PAGES")
	if dir == "" {
		return
	}
	for _, section := range evaluate[[]string](p, `[...document.querySelectorAll("main > section[id]")].filter((s) => s.offsetHeight > 40).map((s) => s.id)`) {
		evaluate[any](p, `document.getElementById("`+section+`").scrollIntoView()`)
		png, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
		require.NoError(p, err)
		require.NoError(p, os.WriteFile(filepath.Join(dir, name+"-"+section+".png"), png, 0o644))
	}
}

func TestPagesFitEveryWindowInBothThemes(t *testing.T) {
	s := filled(t)
	server := s.serve()
	for _, width := range []int64{390, 768, 1280} {
		p := newTab(t, width)
		for name, path := range s.addresses() {
			p.open(server + path)
			evaluate[any](p, `document.querySelectorAll("details").forEach((d) => { d.open = true })`)
			assert.LessOrEqual(t, evaluate[int64](p, `document.documentElement.scrollWidth`), width, "%s at %d: %s", name, width, evaluate[string](p, wide))
			if width < 900 {
				assert.Empty(t, evaluate[string](p, overflowing), "%s at %d: tables are cards", name, width)
			}
			colours := map[string]bool{}
			for _, theme := range []string{"light", "dark"} {
				p.theme(theme)
				colours[evaluate[string](p, `getComputedStyle(document.body).backgroundColor`)] = true
				p.picture(fmt.Sprintf("%s-%d-%s", name, width, theme))
			}
			assert.Len(t, colours, 2, "auto follows the system")
		}
		require.NoError(t, chromedp.Cancel(p.ctx))
		<-p.drained
	}
}

// wide names what is wider than the window.
const overflowing = `[...document.querySelectorAll(".scroll")].filter((e) => e.scrollWidth > e.clientWidth).map((e) => e.textContent.slice(0, 200)).join(" | ")`

const wide = `[...document.querySelectorAll("main *, header *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".scroll, .map, svg, nav")).map((e) => e.tagName + "." + e.className).slice(0, 5).join(" ")`

func TestAPageFollowsWhatIsPushed(t *testing.T) {
	s := filled(t)
	server := s.serve()
	p := newTab(t, 1280)
	r := s.releaseOf("checkout")
	p.open(server + fmt.Sprint("/releases/", r.ID))
	p.until(`document.getElementById("live").textContent === "Live."`)
	assert.Contains(t, evaluate[string](p, `document.getElementById("evidence").textContent`), "There is no evidence")
	// What has the focus keeps it, though the part around it is replaced.
	evaluate[any](p, `document.querySelector("#verdict h1 a").focus()`)
	evaluate[any](p, `scrollTo(0, 120)`)
	scrolled := evaluate[int](p, `scrollY`)
	s.push(safeDocument, r.Subject)
	s.ask(r.Subject)
	p.until(`document.getElementById("evidence").textContent.includes("consumer")`)
	p.until(`document.querySelector("#verdict .badge").textContent.includes("Hold")`)
	told := evaluate[string](p, `document.getElementById("live").textContent`)
	assert.Contains(t, told, "of checkout")
	assert.Contains(t, told, "brought up to date")
	assert.Equal(t, "/services/checkout", evaluate[string](p, `document.activeElement.getAttribute("href")`))
	assert.Equal(t, scrolled, evaluate[int](p, `scrollY`))
	p.quiet()
}

func TestTheReleasesFollowADeploymentAndKeepTheFilterThatIsTyped(t *testing.T) {
	s := filled(t)
	p := newTab(t, 1280)
	p.open(s.serve())
	p.until(`document.getElementById("live").textContent === "Live."`)
	p.do(chromedp.SendKeys(chromedp.CSS(`input[name="service"]`), "cat"))
	s.announce("payments", 90, "main", "production")
	p.until(`document.getElementById("open").textContent.includes("payments")`)
	assert.Equal(t, "cat", evaluate[string](p, `document.activeElement.value`))
	p.quiet()
}

func TestPagesAreUsedFromTheKeyboard(t *testing.T) {
	s := filled(t)
	p := newTab(t, 1280)
	server := s.serve()
	p.open(server + "/")
	var order []string
	for range 9 {
		p.do(chromedp.KeyEvent(kb.Tab))
		order = append(order, evaluate[string](p, `(document.activeElement.getAttribute("name") ?? document.activeElement.textContent).trim()`))
		assert.NotEqual(t, "none", evaluate[string](p, `getComputedStyle(document.activeElement).outlineStyle`), "%v: the focus is seen", order)
	}
	assert.Equal(t, []string{"Skip to the content", "Twinspect", "Releases", "Audit", "Times: UTC", "Theme: auto", "service", "decision", "show"}, order)
	p.do(chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Enter))
	p.until(`location.pathname.startsWith("/releases/") && document.documentElement.dataset.ready === "true"`)
	p.do(chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Enter))
	p.until(`document.activeElement.id === "main"`)
	p.quiet()
}

func TestTimesAreReadAsTheViewerLikes(t *testing.T) {
	s := filled(t)
	p := newTab(t, 1280)
	_, err := chromedp.Call(p.ctx, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "Asia/Tokyo"})
	require.NoError(t, err)
	p.open(s.serve() + "/audit")
	first := `document.querySelector("tbody time").textContent`
	utc := evaluate[string](p, first)
	assert.True(t, strings.HasSuffix(utc, " UTC"), utc)
	evaluate[any](p, `document.getElementById("times").click()`)
	local := evaluate[string](p, first)
	assert.Contains(t, local, "GMT+9")
	assert.Equal(t, utc, evaluate[string](p, `document.querySelector("tbody time").title`))
	evaluate[any](p, `location.reload()`)
	p.until(first + ` === "` + local + `"`)
	p.quiet()
}

func TestHostileTextsStayTextInTheBrowser(t *testing.T) {
	s := newShop(t)
	attack := strings.ReplaceAll(hostile, "\x1b", "") + strings.Repeat("n", 400)
	subject := release.Subject{Service: attack, Digest: digest(1)}
	_, err := s.gate.Announce(t.Context(), attack, release.Deployment{Subject: subject, Environment: attack, Origin: release.Origin{Branch: attack, URL: "javascript:alert(1)"}})
	require.NoError(t, err)
	s.push(compatDocument, subject)
	s.ask(subject)
	server := s.serve()
	for _, width := range []int64{390, 1280} {
		p := newTab(t, width)
		for _, path := range []string{"/", "/releases/1", "/audit"} {
			p.open(server + path)
			assert.Zero(t, evaluate[int](p, `document.querySelectorAll("img").length`))
			assert.Equal(t, 1, evaluate[int](p, `document.scripts.length`))
			assert.False(t, strings.Contains(evaluate[string](p, `document.body.innerText`), "\u202e"))
			assert.LessOrEqual(t, evaluate[int64](p, `document.documentElement.scrollWidth`), width, "%s: %s", path, evaluate[string](p, wide))
			p.picture(fmt.Sprintf("hostile-%d-%s", width, strings.ReplaceAll(path, "/", "_")))
		}
		evaluate[any](p, `history.pushState(null, "", "/"); null`)
		p.quiet()
	}
}
