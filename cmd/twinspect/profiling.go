package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"twinspect.dev/diff"
	"twinspect.dev/diff/noise"
)

// readProfile reads the noise of earlier runs, nil where none is kept yet.
func readProfile(name string) (*noise.Profile, error) {
	if name == "" {
		return nil, nil
	}
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("--noise-profile: %w", err)
	}
	p, err := noise.DecodeProfile(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("--noise-profile %s: %w", name, err)
	}
	return p, nil
}

// keepProfile keeps the noise of this run with that of earlier ones, in a file
// that is whole at any time. A run that did not come to its end teaches nothing.
func (o *judgeOptions) keepProfile(p *noise.Profile, r *diff.Report, runErr error) (err error) {
	if r.Profile != nil {
		r.Profile.File = o.profile
	}
	if o.profile == "" || runErr != nil {
		return nil
	}
	f, err := os.CreateTemp(filepath.Dir(o.profile), filepath.Base(o.profile)+".*")
	if err != nil {
		return fmt.Errorf("--noise-profile: %w", err)
	}
	if err = errors.Join(p.Encode(f), f.Chmod(0o644), f.Close()); err == nil {
		err = os.Rename(f.Name(), o.profile)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("--noise-profile: %w", err), os.Remove(f.Name()))
	}
	return nil
}
