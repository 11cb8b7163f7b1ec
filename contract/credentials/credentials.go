package credentials

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"twinspect.dev/contract"
	"twinspect.dev/contract/message"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/replay"
)

// Config says which credentials there are.
type Config struct {
	Document *openapi.Document
	// Flags are SCHEME=env:NAME, SCHEME=file:PATH or SCHEME=command:LINE.
	Flags []string
	// File is the path of a file of credentials, "" for none.
	File string
	// Lookup finds a variable of the environment, as [os.LookupEnv] does; nil finds
	// none.
	Lookup func(string) (string, bool)
	// Sender and Codec send the requests that log in. They are needed only where the
	// file has a login.
	Sender replay.Sender
	Codec  *message.Codec
}

// Store holds the credentials of a run. Its methods may be called from many
// goroutines at once; a nil Store leaves requests alone.
type Store struct {
	schemes map[string]*scheme
	plans   map[string]*plan // by operation
	holders map[string]*holder
	missing []contract.Gap
	secrets []secret // of the environment
	empty   bool     // nothing is given
	now     func() time.Time
}

// New reads what there is and gets the first token of each scheme that the document
// uses, so that wrong credentials end a run before it begins. Where nothing is given,
// the store leaves requests alone. The error names all that is wrong; mistakes in the
// file are [rulefile.Errors].
func New(ctx context.Context, c Config) (*Store, error) {
	if c.Lookup == nil {
		c.Lookup = func(string) (string, bool) { return "", false }
	}
	s := &Store{schemes: schemesOf(c.Document), holders: make(map[string]*holder), now: time.Now}
	if err := errors.Join(s.readFile(&c), s.readFlags(&c)); err != nil {
		return nil, err
	}
	s.empty = true
	for _, scheme := range s.schemes {
		s.empty = s.empty && scheme.given == nil
	}
	s.plans = make(map[string]*plan, len(c.Document.Operations))
	for _, op := range c.Document.Operations {
		p := s.plan(op)
		s.plans[op.Name] = p
		if p.lacks != "" {
			s.missing = append(s.missing, p.gap(op))
		}
	}
	if err := s.prepare(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// prepare gets one token for each scheme.
func (s *Store) prepare(ctx context.Context) error {
	var errs []error
	done := make(map[*scheme]bool)
	for _, key := range slices.Sorted(maps.Keys(s.holders)) {
		h := s.holders[key]
		if done[h.scheme] {
			continue
		}
		done[h.scheme] = true
		if _, err := h.get(ctx, s.now); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// String names the schemes for which there is something.
func (s *Store) String() string {
	if s == nil || s.empty {
		return "no credentials"
	}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(s.schemes)) {
		if s.schemes[name].given != nil {
			names = append(names, name)
		}
	}
	return "credentials for " + strings.Join(names, ", ")
}

// Format implements [fmt.Formatter]: no verb shows a secret.
func (s *Store) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue implements [slog.LogValuer] without secrets.
func (s *Store) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText gives as little, for those who print by way of it.
func (s *Store) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
