package rest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"twinspect.dev/release/gate"
	"twinspect.dev/release/store"
)

// Problem is how the API tells an error (RFC 9457).
type Problem struct {
	Status int    `json:"status"`
	Title  string `json:"title"`
	Detail string `json:"detail,omitempty"`
}

// Error implements error.
func (p *Problem) Error() string { return fmt.Sprintf("%d %s: %s", p.Status, p.Title, p.Detail) }

func problem(status int, format string, args ...any) *Problem {
	return &Problem{status, http.StatusText(status), fmt.Sprintf(format, args...)}
}

// problemOf is the one place where an error becomes a status. What is nobody's fault
// but the gate's is told without its text, which is in the log.
func problemOf(err error) *Problem {
	var p *Problem
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &long):
		return problem(http.StatusRequestEntityTooLarge, "the body is longer than %d bytes", long.Limit)
	case errors.Is(err, gate.ErrInvalid), errors.Is(err, store.ErrInvalid):
		return problem(http.StatusUnprocessableEntity, "%v", err)
	case errors.Is(err, store.ErrNotFound):
		return problem(http.StatusNotFound, "there is none of this name")
	case errors.Is(err, store.ErrConflict):
		return problem(http.StatusConflict, "%v", err)
	case errors.Is(err, store.ErrAway):
		return problem(http.StatusServiceUnavailable, "the database is away: try again")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return problem(http.StatusServiceUnavailable, "there was no answer in time: try again")
	}
	return problem(http.StatusInternalServerError, "the gate's log says what went wrong")
}

func (p *Problem) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	if p.Status == http.StatusServiceUnavailable || p.Status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "5")
	}
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // who went away reads no error
}
