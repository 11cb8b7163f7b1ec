package store

import (
	"context"
	"fmt"

	"github.com/pressly/goose/v3"
)

// migrations is how often a migration is tried: replicas that start at once on one
// SQLite file find that another one was faster, once for each that starts.
const migrations = 10

// migrate brings the schema up to date. Each step is a transaction.
func migrate(ctx context.Context, c connected) error {
	p, err := migrator(c)
	if err != nil {
		return err
	}
	for range migrations {
		if err = step(ctx, p); err == nil || c.locker != nil || ctx.Err() != nil || isOurs(err) {
			break
		}
	}
	return failed("migrate", err)
}

func migrator(c connected) (*goose.Provider, error) {
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true), goose.WithTableName("twinspect_schema")}
	if c.locker != nil {
		l, err := c.locker()
		if err != nil {
			return nil, err
		}
		options = append(options, goose.WithSessionLocker(l))
	}
	return goose.NewProvider(c.goose, c.write, c.schema, options...)
}

func step(ctx context.Context, p *goose.Provider) error {
	have, err := p.GetDBVersion(ctx)
	if err != nil {
		return err
	}
	sources := p.ListSources()
	if known := sources[len(sources)-1].Version; have > known {
		return fmt.Errorf("%w: schema %d, and this one knows %d: start the newer one", ErrNewer, have, known)
	}
	_, err = p.Up(ctx)
	return err
}
