package dashboard

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"twinspect.dev/release"
	"twinspect.dev/release/store"
)

const (
	// pageRows is how many rows a page has.
	pageRows = 50
	// endedRows is how many releases that ended stand below the open ones.
	endedRows = 15
	// maxScanned bounds the releases that are read for one list, where filters leave most
	// of them out; the list goes on from there. A thousand take 20 ms.
	maxScanned = 2000
	scanRows   = 200
)

// row is a release in a list.
type row struct {
	release.Release
	Path   string
	Origin string
	Run    string
	For    time.Duration // open until now, or until it ended
	Ended  bool
	First  *release.Reason // the first that calls for the verdict
	More   int             // reasons beside it
}

func (v *visit) row(r *release.Release) row {
	w := row{Release: *r, Path: releasePath(r.ID), Origin: originSays(r.Origin), Run: runURL(r.Origin), Ended: !r.Ended.IsZero()}
	w.For = v.now.Sub(r.Since)
	if w.Ended {
		w.For = r.Ended.Sub(r.Since)
	}
	if r.Last != nil && len(r.Last.Reasons) > 0 {
		w.First, w.More = &r.Last.Reasons[0], len(r.Last.Reasons)-1
	}
	return w
}

// Decision is that of the newest verdict, "" where none was asked for.
func (w *row) Decision() release.Decision { return decisionOf(&w.Release) }

func decisionOf(r *release.Release) release.Decision {
	if r.Last == nil {
		return ""
	}
	return r.Last.Decision
}

// listing is a part of the releases.
type listing struct {
	Rows []row
	// Older is the address of those that follow, "" where there are none.
	Older string
	// Cut says that the list ended before it was full.
	Cut bool
}

// filter is what of the releases is shown.
type filter struct {
	Service  string
	Decision string
	Show     string
	before   int64
	values   url.Values
}

// undecided is how the filter names releases that nobody asked about.
const undecided = "none"

func (v *visit) filter() (filter, error) {
	p := v.params()
	f := filter{
		Service: p.text("service"), Show: p.oneOf("show", "open", "ended"), before: p.number("before"), values: p.values,
		Decision: p.oneOf("decision", string(release.Promote), string(release.Hold), string(release.Rollback), undecided),
	}
	return f, p.done()
}

// Any reports whether something is left out.
func (f *filter) Any() bool { return f.Service != "" || f.Decision != "" || f.Show != "" }

func (f *filter) keeps(r *release.Release) bool {
	decision := string(decisionOf(r))
	return f.Decision == "" || decision == f.Decision || decision == "" && f.Decision == undecided
}

// stopView is an incident with whom it stops.
type stopView struct {
	release.Stop
	Names string
	For   time.Duration
}

type releasesView struct {
	Filter      filter
	Stops       []stopView
	Open, Ended *listing
	Services    []string // to choose from
	Server      string   // the address for the command
}

func (v *visit) releases() (*view, error) {
	f, err := v.filter()
	if err != nil {
		return nil, err
	}
	if f.Service != "" {
		if err := v.mayRead("read", f.Service); err != nil {
			return nil, err
		}
	}
	body := &releasesView{Filter: f, Server: v.server()}
	if body.Stops, err = v.stops(""); err != nil {
		return nil, err
	}
	if f.Show != "ended" {
		if body.Open, err = v.list(f, pageRows, true); err != nil {
			return nil, err
		}
	}
	if f.Show != "open" && (f.Show == "ended" || f.before == 0) {
		rows := endedRows
		if f.Show == "ended" {
			rows = pageRows
		}
		if body.Ended, err = v.list(f, rows, false); err != nil {
			return nil, err
		}
	}
	body.Services = names(body.Open, body.Ended)
	return &view{Page: "releases", Title: "Releases", Body: body, Service: f.Service}, nil
}

// list lists the open releases, or those that ended, that who asks may read.
func (v *visit) list(f filter, rows int, open bool) (*listing, error) {
	l := &listing{}
	before, seen := f.before, 0
	for {
		part, err := v.Gate.Store().Releases(v.Context(), store.ReleaseFilter{Service: f.Service, Open: open, Before: before, Limit: scanRows})
		if err != nil {
			return nil, err
		}
		for i := range part {
			r := &part[i]
			if r.Ended.IsZero() != open || !f.keeps(r) || !v.reads(r.Service) {
				continue
			}
			if len(l.Rows) == rows {
				l.Older = v.olderThan(f, open, before)
				return l, nil
			}
			l.Rows = append(l.Rows, v.row(r))
			before = r.ID
		}
		if len(part) < scanRows {
			return l, nil
		}
		before = part[len(part)-1].ID
		if seen += len(part); seen >= maxScanned {
			l.Older, l.Cut = v.olderThan(f, open, before), true
			return l, nil
		}
	}
}

func (v *visit) olderThan(f filter, open bool, before int64) string {
	values := url.Values{"service": {f.Service}, "decision": {f.Decision}, "show": {"ended"}}
	if open {
		values.Set("show", "open")
	}
	return older("/", values, strconv.FormatInt(before, 10))
}

// names are the services that the list shows, for whoever chooses one.
func names(lists ...*listing) []string {
	var all []string
	for _, l := range lists {
		if l == nil {
			continue
		}
		for i := range l.Rows {
			all = append(all, l.Rows[i].Service)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// stops are the incidents that last, those of a service where it is not "". A stop
// concerns all: who may read anything may read of it.
func (v *visit) stops(service string) ([]stopView, error) {
	all, err := v.Gate.Store().Stops(v.Context(), store.StopFilter{At: v.now, Limit: pageRows})
	if err != nil {
		return nil, err
	}
	var list []stopView
	for _, s := range all {
		if service == "" || slices.ContainsFunc(s.Services, func(pattern string) bool { return matches(pattern, service) }) {
			list = append(list, stopView{s, strings.Join(s.Services, ", "), v.now.Sub(s.From)})
		}
	}
	return list, nil
}

// matches reports whether a pattern with * for any text is of the service.
func matches(pattern, service string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == service
	}
	rest, ok := strings.CutPrefix(service, parts[0])
	if !ok {
		return false
	}
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(rest, part)
		if i < 0 {
			return false
		}
		rest = rest[i+len(part):]
	}
	return strings.HasSuffix(rest, parts[len(parts)-1])
}

// server is the address that the command would be given.
func (v *visit) server() string {
	scheme := "http"
	if v.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + v.Host
}
