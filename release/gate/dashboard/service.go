package dashboard

import (
	"time"

	"twinspect.dev/release"
	"twinspect.dev/release/gate/access"
	"twinspect.dev/release/store"
)

// maxLooked is how many of the newest documents are asked who calls the service.
const maxLooked = 5

type serviceView struct {
	Name      string
	Server    string
	Policy    *release.Policy
	Releases  *listing
	Overrides []overrideView
	Stops     []stopView
	// Callers are by Evidence, nil where no evidence names them.
	Callers   *callers
	Evidence  string
	At        time.Time
	NoCallers string
}

func (v *visit) service() (*view, error) {
	name := v.PathValue("name")
	if err := v.params().done(); err != nil {
		return nil, err
	}
	if err := v.mayRead(access.Read, name); err != nil {
		return nil, err
	}
	body := &serviceView{Name: name, Server: v.server(), Policy: v.Gate.Policies().For(name)}
	found, err := v.Gate.Store().Releases(v.Context(), store.ReleaseFilter{Service: name, Limit: pageRows + 1})
	if err != nil {
		return nil, err
	}
	body.Releases = v.page(name, found)
	all, err := v.Gate.Store().Overrides(v.Context(), store.OverrideFilter{Service: name, Limit: pageRows})
	if err != nil {
		return nil, err
	}
	for _, o := range all {
		body.Overrides = append(body.Overrides, overrideOf(o, v.now))
	}
	if body.Stops, err = v.stops(name); err != nil {
		return nil, err
	}
	if err := v.fillCallers(body); err != nil {
		return nil, err
	}
	return &view{Page: "service", Title: name, Body: body, Service: name}, nil
}

func (v *visit) page(name string, found []release.Release) *listing {
	l := &listing{}
	for i := range found[:min(len(found), pageRows)] {
		l.Rows = append(l.Rows, v.row(&found[i]))
	}
	if len(found) > pageRows {
		l.Older = v.olderThan(filter{Service: name}, false, found[pageRows-1].ID)
	}
	return l
}

// fillCallers looks for the newest evidence that names who calls the service.
func (v *visit) fillCallers(b *serviceView) error {
	newest, err := v.Gate.Store().Evidence(v.Context(), store.EvidenceFilter{Service: b.Name, Kind: release.Consumer, Limit: maxLooked})
	if err != nil {
		return err
	}
	for i := range newest {
		k, err := v.callersOf(&newest[i])
		if err != nil {
			v.Log.Warn("a document names no callers", "evidence", newest[i].ID, "error", err)
			b.NoCallers = "The newest document could not be read; the gate's log says why."
			continue
		}
		if k != nil {
			b.Callers, b.Evidence, b.At = k, newest[i].ID, newest[i].Ended
			return nil
		}
	}
	return nil
}
