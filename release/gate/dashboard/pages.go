package dashboard

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"time"

	"twinspect.dev/diff/report/look"
	"twinspect.dev/release/gate/access"
)

// The templates, and what diff/report/page bundles from the sources beside them.
var (
	//go:embed page/*.html
	templates embed.FS
	//go:embed page/bundle/page.js
	pageScript string
	//go:embed page/bundle/page.css
	pageStyle string
)

// policy allows pages their own script and style, events and fragments of their own
// origin, and forms that lead to it; no markup is made from strings (Trusted Types), and
// nobody frames them. It is a header, as frame-ancestors is not taken from an element
// (Content Security Policy Level 3, section 3.3).
var policy = fmt.Sprintf("default-src 'none'; script-src '%s'; style-src '%s'; img-src data:; connect-src 'self'; form-action 'self'; "+
	"base-uri 'none'; frame-ancestors 'none'; trusted-types 'none'; require-trusted-types-for 'script'", hashOf(pageScript), hashOf(pageStyle))

func hashOf(source string) string {
	sum := sha256.Sum256([]byte(source))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// view is what a page shows.
type view struct {
	Page  string // the template's file
	Title string
	Body  any
	// Service is the one whose events change the page, "" for those of all.
	Service string
	// Still pages follow no events.
	Still bool
}

// frame is what stands around all pages.
type frame struct {
	*view
	Who     string
	Version string
	Now     time.Time
	Audit   bool // who asks may read it
	Style   template.CSS
	Script  template.JS
}

type pages struct{ byName map[string]*template.Template }

func newPages() (*pages, error) {
	common, err := template.New("").Funcs(look.Funcs()).Funcs(funcs()).ParseFS(templates, "page/frame.html", "page/parts.html")
	if err != nil {
		return nil, fmt.Errorf("parse pages: %w", err)
	}
	p := &pages{map[string]*template.Template{}}
	for _, name := range []string{"releases", "release", "evidence", "service", "audit", "error"} {
		t, err := common.Clone()
		if err == nil {
			t, err = t.ParseFS(templates, "page/"+name+".html")
		}
		if err != nil {
			return nil, fmt.Errorf("parse page %s: %w", name, err)
		}
		p.byName[name] = t
	}
	return p, nil
}

// write answers with a page, which is whole before its first byte is sent.
func (p *pages) write(w http.ResponseWriter, v *visit, status int, page *view) error {
	f := frame{
		view: page, Who: v.who.Name, Version: v.Version, Now: v.now, Audit: len(v.who.Services(access.Audit)) > 0,
		Style:  template.CSS(pageStyle), //nolint:gosec // our own bundle
		Script: template.JS(pageScript), //nolint:gosec // our own bundle
	}
	var b bytes.Buffer
	if err := p.byName[page.Page].ExecuteTemplate(&b, "frame", &f); err != nil {
		return fmt.Errorf("fill page %s: %w", page.Page, err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	// What one may read another may not, and a verdict of yesterday misleads.
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = b.WriteTo(w) // who went away reads no error
	return nil
}
