package store

import (
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"

	"github.com/pressly/goose/v3"
)

//go:embed schema
var schemas embed.FS

func schema(dialect string) fs.FS {
	sub, err := fs.Sub(schemas, "schema/"+dialect)
	if err != nil {
		panic(err) // embedded, as the tests show
	}
	return sub
}

// The settings of every connection: a log that readers do not wait for, every commit on
// the disk before it is acknowledged, and ten seconds for another process' writer,
// twenty times the slowest write seen, of a document of 64 MiB.
var sqlitePragmas = []string{"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)"}

func openSQLite(file string, o Options) (connected, error) {
	if file == "" || file == ":memory:" {
		return connected{}, fmt.Errorf("sqlite:%s: %w: want a file", file, ErrInvalid)
	}
	if err := createPrivate(file); err != nil {
		return connected{}, err
	}
	write, err := sql.Open("sqlite", sqliteName(file, "immediate"))
	if err != nil {
		return connected{}, err
	}
	write.SetMaxOpenConns(1)
	read, err := sql.Open("sqlite", sqliteName(file, "deferred", "query_only(1)"))
	if err != nil {
		return connected{}, errors.Join(err, write.Close())
	}
	read.SetMaxOpenConns(o.Readers)
	read.SetMaxIdleConns(o.Readers)
	return connected{dialect: &dialect{
		name: "sqlite", goose: goose.DialectSQLite3, schema: schema("sqlite"), bind: asWritten,
		clock: "CAST(unixepoch('subsec') * 1000000 AS INTEGER)",
	}, read: read, write: write}, nil
}

// createPrivate makes the file where it is not there, for its owner alone, as SQLite
// would let everyone read it.
func createPrivate(file string) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_RDONLY, 0o600)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrAway, err)
	}
	return f.Close()
}

// sqliteName is a URI (sqlite.org/uri.html), in which a path is escaped.
func sqliteName(file, lock string, more ...string) string {
	q := url.Values{"_txlock": {lock}, "_pragma": append(more, sqlitePragmas...)}
	return "file:" + strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(file) + "?" + q.Encode()
}
