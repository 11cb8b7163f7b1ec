package credentials

import (
	"context"

	"twinspect.dev/capture"
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
	// Lookup finds a variable of the environment, as [os.LookupEnv] does.
	Lookup func(string) (string, bool)
	// Sender and Codec send the requests that log in.
	Sender replay.Sender
	Codec  *message.Codec
}

// Store holds the credentials of a run.
type Store struct{}

// New reads what there is.
func New(ctx context.Context, c Config) (*Store, error) { return &Store{}, nil }

// Apply adds to a request what its operation asks for.
func (s *Store) Apply(ctx context.Context, op *openapi.Operation, which contract.Credentials, req *capture.Request) error {
	return nil
}

// Renew hears of an answer 401.
func (s *Store) Renew(ctx context.Context, op *openapi.Operation) bool { return false }

// Mask replaces secrets by variables.
func (s *Store) Mask(req *capture.Request) (capture.Request, []string) { return *req, nil }

// Missing tells which operations need what is not at hand.
func (s *Store) Missing() []contract.Gap { return nil }
