package main

import (
	"fmt"
	"io"
	"log/slog"
)

// level is the level of the log, changed while the agent runs.
type level struct{ slog.LevelVar }

func (l *level) set(name string) error {
	if err := l.UnmarshalText([]byte(name)); err != nil {
		return fmt.Errorf("log level %q: want debug, info, warn or error", name)
	}
	return nil
}

func newLog(w io.Writer, format string, l *level) *slog.Logger {
	opt := &slog.HandlerOptions{Level: &l.LevelVar}
	if format == "text" {
		return slog.New(slog.NewTextHandler(w, opt))
	}
	return slog.New(slog.NewJSONHandler(w, opt))
}
