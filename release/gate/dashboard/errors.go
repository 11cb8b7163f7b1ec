package dashboard

import (
	"context"
	"errors"
	"net/http"

	"twinspect.dev/release/gate/access"
	"twinspect.dev/release/store"
)

var (
	errNoPage = errors.New("there is no such page")
	errMethod = errors.New("pages are read, and nothing else")
	errQuery  = errors.New("the address cannot be used")
)

// problem is an error as a person reads it: what it is, and what to do.
type problem struct {
	Status int
	Title  string
	Text   string
	Do     string
}

// problemOf is the one place where an error becomes a page. What is the gate's own
// fault is told without its text, which is in the log.
func problemOf(err error) problem {
	var no *access.Forbidden
	switch {
	case errors.As(err, &no):
		return problem{http.StatusForbidden, "This is not yours to read", err.Error(), "Ask who keeps the gate's file of access for this scope."}
	case errors.Is(err, errNoPage), errors.Is(err, store.ErrNotFound):
		return problem{http.StatusNotFound, "There is nothing here", "Nothing of this name is known, is known any longer, or is yours to read.", "What is older than the gate keeps is forgotten. Begin at the list of releases."}
	case errors.Is(err, errMethod):
		return problem{http.StatusMethodNotAllowed, "Pages are only read", "The dashboard changes nothing.", "File overrides and stops with the command or the API."}
	case errors.Is(err, errQuery), errors.Is(err, store.ErrInvalid):
		return problem{http.StatusBadRequest, "This address cannot be used", err.Error(), "Begin at the list of releases, and choose by its filters."}
	case errors.Is(err, store.ErrAway), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return problem{http.StatusServiceUnavailable, "The database is away", "It gave no answer in time. Until it does, the gate holds every release that it is asked about.", "Load the page again in a moment; the gate's log says more."}
	}
	return problem{http.StatusInternalServerError, "Something went wrong", "It is not your fault: the gate's log says what it was.", "Load the page again. If it stays, show whoever runs the gate the time below."}
}

// fail answers with a page that says what went wrong.
func (s *site) fail(w http.ResponseWriter, v *visit, err error) {
	p := problemOf(err)
	if p.Status >= http.StatusInternalServerError {
		s.Log.Error("a page failed", "path", v.URL.Path, "status", p.Status, "error", err)
	}
	if p.Status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5")
	}
	if err := s.pages.write(w, v, p.Status, &view{Page: "error", Title: p.Title, Body: p, Still: true}); err != nil {
		s.Log.Error("the page of an error failed", "path", v.URL.Path, "error", err)
		http.Error(w, p.Title, p.Status)
	}
}
