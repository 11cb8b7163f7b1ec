package store

import (
	"context"
	"time"

	"twinspect.dev/release"
)

// AuditFilter says which entries are listed. What is empty asks for nothing.
type AuditFilter struct {
	Who     string
	Action  string
	Service string
	Object  string
	// Since and Until bound [release.AuditEntry.At], Until not being part of it.
	Since, Until time.Time
	// Before is the ID of the last of the page before.
	Before int64
	Limit  int // 100 where it is 0, at most [MaxLimit]
}

// Audit files who did what, with the ID that it gets. An entry is never refused for
// what it says: what no database can hold is replaced, and what is too long is cut.
func (s *Store) Audit(ctx context.Context, e release.AuditEntry) (release.AuditEntry, error) {
	if e.At.IsZero() {
		e.At = s.now()
	}
	e.At = whole(e.At)
	for _, text := range []*string{&e.Who, &e.Action, &e.Service, &e.Object} {
		*text = cut(*text, MaxName)
	}
	e.Detail = cut(e.Detail, MaxText)
	refused := 0
	if e.Refused {
		refused = 1
	}
	err := s.attempt(ctx, func(t tx) error {
		return t.row(ctx, `INSERT INTO audit (at, who, action, service, object, detail, refused) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id`,
			micros(e.At), e.Who, e.Action, e.Service, e.Object, e.Detail, refused).Scan(&e.ID)
	})
	return e, failed("audit", err)
}

// AuditEntries lists who did what, the newest first.
func (s *Store) AuditEntries(ctx context.Context, f AuditFilter) ([]release.AuditEntry, error) {
	if err := checkNames(name{"who", f.Who}, name{"action", f.Action}, name{"service", f.Service}, name{"object", f.Object}); err != nil {
		return nil, err
	}
	var w where
	w.equal("who", f.Who)
	w.equal("action", f.Action)
	w.equal("service", f.Service)
	w.equal("object", f.Object)
	w.between("at", f.Since, f.Until)
	w.before(f.Before)
	all, err := list(ctx, s, scanAudit, "SELECT id, at, who, action, service, object, detail, refused FROM audit"+w.String()+
		" ORDER BY id DESC LIMIT ?", append(w.args, limited(f.Limit))...)
	return all, failed("list the audit", err)
}

func scanAudit(row scanner) (e release.AuditEntry, err error) {
	var at, refused int64
	err = row.Scan(&e.ID, &at, &e.Who, &e.Action, &e.Service, &e.Object, &e.Detail, &refused)
	e.At, e.Refused = fromMicros(at), refused != 0
	return e, err
}
