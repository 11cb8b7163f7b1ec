package store

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Options change how a [Store] works. The zero value is what most want.
type Options struct {
	// Readers are the connections that read a SQLite file, 4 where it is 0: the cores
	// of a small server.
	Readers int
	// Connections bounds the pool of PostgreSQL, 16 where it is 0: of the 100 that it
	// has by default, a few replicas leave half to others.
	Connections int
	// Now is the clock for when evidence is received, a release began, and events
	// happened; time.Now where it is nil.
	Now func() time.Time
}

func (o Options) defaults() Options {
	if o.Readers <= 0 {
		o.Readers = 4
	}
	if o.Connections <= 0 {
		o.Connections = 16
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Store is an open database. Its methods may be called from any goroutine, and any
// number of Stores, in any number of processes, may be open on one database. Every
// method returns [ErrAway] where the database does not answer; a context bounds how
// long that may take.
type Store struct {
	db         connected
	now        func() time.Time
	statements statements
	packer     packer
	summaries  *summaries
	asks       *asks

	stop    context.CancelFunc
	flusher sync.WaitGroup
	closed  sync.Once
}

// Open opens the database of a URL, "sqlite:FILE" or "postgres://…", and brings its
// schema up to date; one that is newer is refused with [ErrNewer]. ctx bounds the
// opening alone. No error shows a password.
func Open(ctx context.Context, url string, o Options) (*Store, error) {
	o = o.defaults()
	db, err := connect(ctx, url, o)
	if err != nil {
		return nil, failed("open the store", err)
	}
	if err := migrate(ctx, db); err != nil {
		return nil, failed("open the store", errors.Join(err, db.close()))
	}
	s := &Store{db: db, now: o.Now, packer: newPacker(), summaries: newSummaries(), asks: newAsks()}
	ctx, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	s.flusher.Go(func() { s.flushing(ctx) })
	return s, nil
}

// Ping reports whether the database answers and takes writes by its schema.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	return failed("ping", s.row(ctx, "SELECT COUNT(*) FROM leases WHERE name = ?", "").Scan(&one))
}

// closing bounds the last write of the counts when a Store is closed.
const closing = 5 * time.Second

// Close writes what is counted and closes the database. It may be called again. No
// other method may be called after it.
func (s *Store) Close() error {
	var err error
	s.closed.Do(func() {
		s.stop()
		s.flusher.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), closing)
		defer cancel()
		err = errors.Join(s.flush(ctx), s.statements.close(), s.packer.close(), s.db.close())
	})
	return err
}
