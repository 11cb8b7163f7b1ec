package store

import (
	"context"
	"fmt"
	"math"
	"time"
)

// Lease has an owner hold a name for a time, by the database's clock, so that one
// replica does what is to be done once. held is false where another one holds it. Who
// holds it extends it by asking again, and gives it up with a time of 0.
func (s *Store) Lease(ctx context.Context, title, owner string, d time.Duration) (held bool, err error) {
	if err := checkNames(name{"lease", title}, name{"owner", owner}); err != nil {
		return false, err
	}
	if title == "" || owner == "" {
		return false, fmt.Errorf("lease %q for %q: %w: both are needed", title, owner, ErrInvalid)
	}
	if d <= 0 {
		_, err := s.exec(ctx, "DELETE FROM leases WHERE name = ? AND owner = ?", title, owner)
		return false, failed("give the lease up", err)
	}
	// SQLite's clock has milliseconds: what is shorter lasts one.
	us := int64(math.Ceil(float64(d)/float64(time.Millisecond))) * 1000
	n, err := s.exec(ctx, `INSERT INTO leases (name, owner, until_at) VALUES (?, ?, `+s.db.clock+` + ?)
		ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until_at = excluded.until_at
		WHERE leases.owner = excluded.owner OR leases.until_at <= `+s.db.clock, title, owner, us)
	return n > 0, failed("lease", err)
}
