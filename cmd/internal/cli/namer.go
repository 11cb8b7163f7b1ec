package cli

import (
	"context"
	"errors"
	"io"

	"twinspect.dev/capture"
	"twinspect.dev/capture/operation"
	"twinspect.dev/contract/openapi"
)

// Namer names the operation of a request, such as "GET /products/{id}".
type Namer interface {
	Name(method, target string) string
}

// NewNamer returns the namer for a recording: the paths of the OpenAPI document
// where one is given, and for what it does not declare templates learned from
// the recording. A file is read through once to learn; standard input cannot
// be, so its templates rest on the shape of the segments alone.
func NewNamer(ctx context.Context, env Env, recording, document string) (Namer, error) {
	learned := operation.NewLearner()
	namers := namers{learned}
	if document != "" {
		doc, err := openapi.Load(document)
		if err != nil {
			return nil, err
		}
		namers = append([]Namer{doc}, namers...)
	}
	if recording == Stdio {
		return namers, nil
	}
	return namers, learn(ctx, env, recording, learned)
}

type namers []Namer

// Name implements [Namer]: the first that knows the operation names it.
func (n namers) Name(method, target string) string {
	for _, namer := range n {
		if name := namer.Name(method, target); name != "" {
			return name
		}
	}
	return method + " " + target
}

// learn reads the recording for its operations. Damage is not told here: the
// reading that follows tells it.
func learn(ctx context.Context, env Env, recording string, learned *operation.Learner) error {
	in, err := OpenSource(env, recording)
	if err != nil {
		return err
	}
	defer in.Close()
	stop := Watch(ctx, env, "learning operations", "bytes", in.Progress)
	defer stop()
	var e capture.Exchange
	for {
		err := in.ReadExchange(ctx, &e)
		var bad *capture.RecordError
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &bad):
		case err != nil:
			return err
		case e.Request.Incomplete != capture.Unseen && e.Context.Recorded.IsZero():
			learned.Observe(e.Request.Method, e.Request.Target)
		}
	}
}
