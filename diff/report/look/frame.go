package look

import (
	"html/template"
	"time"
)

// Icon is the link element of a page's icon.
const Icon template.HTML = `<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Ccircle cx='5.5' cy='8' r='4.5' fill='%236b7a90'/%3E%3Ccircle cx='10.5' cy='8' r='4.5' fill='%233b6fd4' fill-opacity='.85'/%3E%3C/svg%3E">`

// Brand is the name at the top of a page.
const Brand template.HTML = `<span class="brand"><svg viewBox="0 0 22 14" width="22" height="14" aria-hidden="true"><circle class="brand-base" cx="7" cy="7" r="6"/><circle class="brand-branch" cx="15" cy="7" r="6"/></svg>Twinspect</span>`

// Funcs are the functions that every page's template has.
func Funcs() template.FuncMap {
	return template.FuncMap{
		"visible": Visible,
		"grouped": Grouped,
		"plural":  Plural,
		"percent": Percent,
		"ms":      Milliseconds,
		"icon":    func() template.HTML { return Icon },
		"brand":   func() template.HTML { return Brand },
		"when":    func(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04:05 UTC") },
	}
}
