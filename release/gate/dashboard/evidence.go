package dashboard

import (
	"cmp"
	"fmt"
	"slices"

	"twinspect.dev/release"
	"twinspect.dev/release/store"
)

// maxOperations bounds the operations of a page; the document has the rest.
const maxOperations = 300

type evidenceView struct {
	release.Evidence
	Origin     string
	Run        string
	Release    string // the address of the release that it is of, "" for none
	Operations []release.Operation
	Left       int
	Losses     []loss
	Metrics    []metricView
	Callers    *callers
	// NoCallers says why there is no map where one would be expected.
	NoCallers string
}

// loss is what was lost for one reason.
type loss struct {
	Reason string
	Count  uint64
}

// Regressions and Suspects count those of all operations.
func (e *evidenceView) Regressions() uint64 {
	return total(e.Evidence.Operations, func(o *release.Operation) uint64 { return o.Regressions })
}

// Suspects counts what is not proven.
func (e *evidenceView) Suspects() uint64 {
	return total(e.Evidence.Operations, func(o *release.Operation) uint64 { return o.Suspects })
}

func total(list []release.Operation, of func(*release.Operation) uint64) (n uint64) {
	for i := range list {
		n += of(&list[i])
	}
	return n
}

func (v *visit) evidence() (*view, error) {
	if err := v.params().done(); err != nil {
		return nil, err
	}
	e, err := v.Gate.Store().OneEvidence(v.Context(), v.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if !v.reads(e.Subject.Service) {
		return nil, errNoPage
	}
	body := &evidenceView{Evidence: e, Origin: originSays(e.Origin), Run: runURL(e.Origin)}
	body.Operations = worstFirst(e.Operations)
	body.Left = len(body.Operations) - min(len(body.Operations), maxOperations)
	body.Operations = body.Operations[:len(body.Operations)-body.Left]
	body.Losses = lossesOf(&e.Losses)
	for _, m := range e.Metrics[:min(len(e.Metrics), maxMetrics)] {
		w := metricView{Name: m.Name}
		w.result(&e)
		body.Metrics = append(body.Metrics, w)
	}
	if err := v.fillOf(body); err != nil {
		return nil, err
	}
	return &view{Page: "evidence", Title: fmt.Sprintf("Evidence of %s: %s", e.Subject.Service, e.Kind), Body: body, Still: true}, nil
}

// fillOf looks up which release it is of, and whom it names as callers. A document that
// cannot be read takes nothing from the rest of the page.
func (v *visit) fillOf(b *evidenceView) error {
	found, err := v.Gate.Store().Releases(v.Context(), store.ReleaseFilter{Service: b.Subject.Service, Digest: b.Subject.Digest, Limit: 1})
	if err != nil {
		return err
	}
	if len(found) > 0 {
		b.Release = releasePath(found[0].ID)
	}
	b.Callers, err = v.callersOf(&b.Evidence)
	if err != nil {
		v.Log.Warn("a document names no callers", "evidence", b.ID, "error", err)
		b.NoCallers = "The document could not be read just now, so that nobody knows who calls the service; the gate's log says why."
	}
	return nil
}

// worstFirst sorts operations by what is proven of them, then by what is suspected.
func worstFirst(list []release.Operation) []release.Operation {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b release.Operation) int {
		return cmp.Or(cmp.Compare(b.Regressions, a.Regressions), cmp.Compare(b.Suspects, a.Suspects))
	})
	return list
}

func lossesOf(l *release.Losses) []loss {
	var list []loss
	for reason, n := range l.Reasons {
		list = append(list, loss{reason, n})
	}
	slices.SortFunc(list, func(a, b loss) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Reason, b.Reason)) })
	return list
}
