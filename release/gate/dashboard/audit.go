package dashboard

import (
	"strconv"

	"twinspect.dev/release"
	"twinspect.dev/release/gate/access"
	"twinspect.dev/release/store"
)

// auditView is the log of who did what.
type auditView struct {
	Who, Action, Service, Object string
	Refused                      bool
	Entries                      []release.AuditEntry
	Older                        string
	Cut                          bool
}

// Any reports whether something is left out.
func (a *auditView) Any() bool {
	return a.Who != "" || a.Action != "" || a.Service != "" || a.Object != "" || a.Refused
}

func (v *visit) audit() (*view, error) {
	p := v.params()
	b := &auditView{
		Who: p.text("who"), Action: p.text("action"), Service: p.text("service"), Object: p.text("object"),
		Refused: p.oneOf("refused", "yes") != "",
	}
	before := p.number("before")
	if err := p.done(); err != nil {
		return nil, err
	}
	if len(v.who.Services(access.Audit)) == 0 || b.Service != "" {
		if err := v.mayRead(access.Audit, b.Service); err != nil {
			return nil, err
		}
	}
	if err := v.entries(b, before, p); err != nil {
		return nil, err
	}
	return &view{Page: "audit", Title: "Audit", Body: b, Still: true}, nil
}

// entries lists those that who asks may read.
func (v *visit) entries(b *auditView, before int64, p *params) error {
	seen := 0
	for {
		part, err := v.Gate.Store().AuditEntries(v.Context(), store.AuditFilter{
			Who: b.Who, Action: b.Action, Service: b.Service, Object: b.Object, Before: before, Limit: scanRows,
		})
		if err != nil {
			return err
		}
		for _, e := range part {
			if b.Refused && !e.Refused || !v.who.May(access.Audit, e.Service) {
				continue
			}
			if len(b.Entries) == 2*pageRows {
				b.Older = older("/audit", p.values, strconv.FormatInt(before, 10))
				return nil
			}
			b.Entries = append(b.Entries, e)
			before = e.ID
		}
		if len(part) < scanRows {
			return nil
		}
		before = part[len(part)-1].ID
		if seen += len(part); seen >= maxScanned {
			b.Older, b.Cut = older("/audit", p.values, strconv.FormatInt(before, 10)), true
			return nil
		}
	}
}
