package prometheus

import (
	"context"
	"errors"
	"fmt"
	"strings"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

// Unavailable is that the server could not be asked, or answered what is no answer of
// Prometheus: it is away, slow, overloaded, refuses access, or is another program.
type Unavailable struct {
	Server string // its URL without credentials
	Err    error
}

// Error has no credentials in it.
func (e *Unavailable) Error() string {
	return fmt.Sprintf("Prometheus at %s cannot be asked: %v", e.Server, e.Err)
}

// Unwrap returns the cause.
func (e *Unavailable) Unwrap() error { return e.Err }

// Rejected is that the server does not take a query: the policy must be corrected, or
// the server's limits are too low for it.
type Rejected struct {
	Server string
	Query  string
	Err    error
}

// Error says the query and what the server says to it.
func (e *Rejected) Error() string {
	return fmt.Sprintf("Prometheus at %s rejects the query %s: %v", e.Server, e.Query, e.Err)
}

// Unwrap returns the cause.
func (e *Rejected) Unwrap() error { return e.Err }

// failed makes what went wrong with a query one of the two errors, without secrets and
// with a bounded text.
func (c *Client) failed(ctx context.Context, query string, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return &Unavailable{Server: c.server, Err: cause}
	}
	text, rejected := err.Error(), false
	var answer *v1.Error
	if errors.As(err, &answer) {
		rejected = answer.Type == v1.ErrBadData || answer.Type == v1.ErrExec
		if answer.Detail != "" {
			text += ": " + answer.Detail
		}
	}
	err = &told{text: short(c.secrets.Replace(text)), err: err}
	if rejected {
		return &Rejected{Server: c.server, Query: short(query), Err: err}
	}
	return &Unavailable{Server: c.server, Err: err}
}

// told is an error in words that may be shown.
type told struct {
	text string
	err  error
}

func (t *told) Error() string { return t.text }

// Is finds causes without showing their text.
func (t *told) Is(target error) bool { return errors.Is(t.err, target) }

// maxText is a line or two for a person; an HTML page is cut.
const maxText = 300

func short(text string) string {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "?")), " ")
	if len(text) <= maxText {
		return text
	}
	return strings.ToValidUTF8(text[:maxText], "") + " …"
}

// unexpected is an answer of another type than the query's.
func unexpected(v model.Value) error {
	if v == nil {
		return errors.New("the answer has no result: it may not be Prometheus")
	}
	return fmt.Errorf("the answer is not of the query's type, but a %s, or has a null", v.Type())
}
