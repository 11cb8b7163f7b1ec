package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

var (
	// ErrNotFound is that there is no such thing, or no longer.
	ErrNotFound = errors.New("not found")
	// ErrAway is that the database cannot be reached, or takes nothing: it is down,
	// its disk is full, or it is read-only. Whoever asked holds.
	ErrAway = errors.New("the database is away")
	// ErrCorrupt is that what was read is not what was written, or what is to be
	// written is not what its ID says.
	ErrCorrupt = errors.New("corrupt")
	// ErrConflict is that something else has the ID already.
	ErrConflict = errors.New("conflict")
	// ErrInvalid is that what is to be written can never be: a person must change it.
	ErrInvalid = errors.New("invalid")
	// ErrNewer is that a newer version wrote the database, which this one cannot read.
	ErrNewer = errors.New("the database is of a newer version")
	// ErrMany is that there is more than one answer holds.
	ErrMany = errors.New("too many")
)

// failed says what failed and what it means. What a driver says of a wrong context is
// told apart from a database that is away, and what this package said is kept.
func failed(verb string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("%s: %w", verb, ErrNotFound)
	case errors.Is(err, context.Canceled), isOurs(err):
		return fmt.Errorf("%s: %w", verb, err)
	case isDamage(err):
		return fmt.Errorf("%s: %w: %w", verb, ErrCorrupt, err)
	}
	return fmt.Errorf("%s: %w: %w", verb, ErrAway, err)
}

func isOurs(err error) bool {
	for _, ours := range []error{ErrNotFound, ErrAway, ErrCorrupt, ErrConflict, ErrInvalid, ErrNewer, ErrMany} {
		if errors.Is(err, ours) {
			return true
		}
	}
	return false
}

// isDamage reports whether SQLite says that its file is not one, or is damaged.
func isDamage(err error) bool {
	var lite *sqlite.Error
	if !errors.As(err, &lite) {
		return false
	}
	code := lite.Code() & 0xff // the primary result code (sqlite.org/rescode.html)
	return code == sqlite3.SQLITE_CORRUPT || code == sqlite3.SQLITE_NOTADB
}
