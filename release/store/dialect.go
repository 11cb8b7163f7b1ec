package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// dialect is where the databases differ.
type dialect struct {
	name   string
	goose  goose.Dialect
	schema fs.FS
	// locker has replicas that start at once migrate one after the other; nil where
	// [migrate] tries again.
	locker func() (lock.SessionLocker, error)
	// clock is an expression for the database's own time in microseconds.
	clock string
	// exclusive has writers commit one after the other, "" where they do.
	exclusive string
	bind      func(query string) string
}

// connected is an open database: SQLite has one connection that writes beside those
// that read, PostgreSQL the same for both.
type connected struct {
	*dialect
	read, write *sql.DB
}

func (c connected) close() error {
	if c.read == c.write {
		return c.read.Close()
	}
	return errors.Join(c.read.Close(), c.write.Close())
}

var errURL = errors.New("unknown kind of database: want sqlite:FILE or postgres://USER@HOST/DATABASE")

// connect opens the database that a URL names. No error has the URL, which may hold a
// password.
func connect(ctx context.Context, url string, o Options) (connected, error) {
	if file, ok := strings.CutPrefix(url, "sqlite:"); ok {
		return openSQLite(strings.TrimPrefix(file, "//"), o)
	}
	if strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://") {
		return openPostgres(ctx, url, o)
	}
	return connected{}, fmt.Errorf("%w: %w", ErrInvalid, errURL)
}

// numbered writes the parameters of a query as PostgreSQL wants them. No query of this
// package has a question mark elsewhere.
func numbered(query string) string {
	parts := strings.Split(query, "?")
	var b strings.Builder
	for i, part := range parts {
		if i > 0 {
			b.WriteString("$" + strconv.Itoa(i))
		}
		b.WriteString(part)
	}
	return b.String()
}

func asWritten(query string) string { return query }
