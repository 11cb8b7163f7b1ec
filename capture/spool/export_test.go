package spool

import (
	"os"
	"path/filepath"
)

// Snapshot copies the folder as it would be if the process were killed now.
func (s *Sink) Snapshot(dir string) error {
	s.disk.Lock()
	defer s.disk.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	entries, err := os.ReadDir(s.cfg.Dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		b, err := os.ReadFile(filepath.Join(s.cfg.Dir, entry.Name()))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, entry.Name()), b, 0o600)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// HoldDisk makes the disk hang until release is called.
func (s *Sink) HoldDisk() (release func()) {
	s.disk.Lock()
	return s.disk.Unlock
}
