package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// The keys of the advisory locks: of migrations, and of writers that commit one after
// the other. Any number does that no other program on the same database uses.
const (
	migrationLock = 7_209_461_118
	writerLock    = 7_209_461_119
)

// connectTimeout bounds a connection where the URL does not: a health probe gives up
// after ten seconds.
const connectTimeout = 5 * time.Second

var errPostgresURL = errors.New("the URL of PostgreSQL cannot be read: want postgres://USER:PASSWORD@HOST:PORT/DATABASE, where what is not a letter or a digit in the password is written as %XX")

// openPostgres opens a pool. What pgx says of a URL that it cannot read is left out, as
// it may show parts of the password.
func openPostgres(ctx context.Context, url string, o Options) (connected, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return connected{}, fmt.Errorf("%w: %w", ErrInvalid, errPostgresURL)
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "twinspect"
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(o.Connections)
	db.SetMaxIdleConns(o.Connections)
	db.SetConnMaxIdleTime(time.Minute)
	c := connected{dialect: &dialect{
		name: "postgres", goose: goose.DialectPostgres, schema: schema("postgres"), bind: numbered,
		locker:    postgresLocker,
		clock:     "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)",
		exclusive: fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", writerLock),
	}, read: db, write: db}
	if err := checkEncoding(ctx, c); err != nil {
		return connected{}, errors.Join(err, db.Close())
	}
	return c, nil
}

// postgresLocker asks each second for five minutes, longer than a migration may take.
func postgresLocker() (lock.SessionLocker, error) {
	return lock.NewPostgresSessionLocker(lock.WithLockID(migrationLock), lock.WithLockTimeout(1, 300))
}

func checkEncoding(ctx context.Context, c connected) error {
	var encoding string
	if err := c.read.QueryRowContext(ctx, "SHOW server_encoding").Scan(&encoding); err != nil {
		return failed("connect", err)
	}
	if encoding != "UTF8" {
		return fmt.Errorf("the database's encoding is %s: %w: create it with ENCODING 'UTF8'", encoding, ErrInvalid)
	}
	return nil
}
