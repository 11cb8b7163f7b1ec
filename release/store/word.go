package store

import (
	"context"

	"twinspect.dev/release"
)

// Override returns the override of an ID, [ErrNotFound] where there is none.
func (s *Store) Override(ctx context.Context, id string) (release.Override, error) {
	if err := checkNames(name{"ID", id}); err != nil {
		return release.Override{}, err
	}
	o, err := scanOverride(s.row(ctx, "SELECT body FROM overrides WHERE id = ?", id))
	return o, failed("read the override "+id, err)
}

// Stop returns the stop of an ID, [ErrNotFound] where there is none.
func (s *Store) Stop(ctx context.Context, id string) (release.Stop, error) {
	if err := checkNames(name{"ID", id}); err != nil {
		return release.Stop{}, err
	}
	stop, err := scanStop(s.row(ctx, "SELECT body FROM stops WHERE id = ?", id))
	return stop, failed("read the stop "+id, err)
}
