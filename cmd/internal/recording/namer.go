package recording

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"

	"twinspect.dev/capture"
	"twinspect.dev/capture/kafka"
	"twinspect.dev/capture/operation"
	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
)

// Namer names the operation of a request, such as "GET /products/{id}". Those of
// this package may be used by several goroutines.
type Namer interface {
	Name(method, target string) string
}

// NewNamer returns the namer for a recording: the paths of the OpenAPI document
// where one is given, and for what it does not declare templates learned from
// the recording. A file, and a topic whose window is fixed, is read through once to
// learn; standard input, pipes and other topics cannot be read again, so their
// templates rest on the shape of the segments alone. What could not be read of the
// document is told on Stderr.
func NewNamer(ctx context.Context, env cli.Env, recording, document string) (Namer, error) {
	learned := operation.NewLearner()
	namers := namers{&shapes{learner: learned}}
	if document != "" {
		doc, err := openapi.Load(document)
		if err != nil {
			return nil, err
		}
		namers = namers.after(env, doc)
	}
	if !ReadableAgain(recording) {
		return namers, nil
	}
	err := Scan(ctx, env, recording, "learning operations", func(e *capture.Exchange) {
		if e.Request.Incomplete != capture.Unseen && e.Context.Recorded.IsZero() {
			learned.Observe(e.Request.Method, e.Request.Target)
		}
	})
	if err != nil {
		return nil, err
	}
	return namers, nil
}

// NewShapeNamer returns a namer that learns nothing from a recording, so that
// several processes name alike: see [NewNamer].
func NewShapeNamer(env cli.Env, document string) (Namer, error) {
	if document == "" {
		return NamerOf(env, "", nil)
	}
	text, err := os.ReadFile(document)
	if err != nil {
		return nil, err
	}
	return NamerOf(env, document, text)
}

// NamerOf is [NewShapeNamer] for the text of a document, which is called name.
func NamerOf(env cli.Env, name string, document []byte) (Namer, error) {
	namers := namers{&shapes{learner: operation.NewLearner()}}
	if document == nil {
		return namers, nil
	}
	doc, err := openapi.Parse(name, document)
	if err != nil {
		return nil, err
	}
	return namers.after(env, doc), nil
}

// after returns the namers behind the document, whose problems are told.
func (n namers) after(env cli.Env, doc *openapi.Document) namers {
	tellProblems(env.Stderr, doc)
	return append(namers{doc}, n...)
}

// shownProblems bounds the operations of a document that are told one by one.
const shownProblems = 10

// tellProblems tells the operations that the document does not name. What is wrong
// with the others does not matter to a name.
func tellProblems(w io.Writer, doc *openapi.Document) {
	unnamed := slices.DeleteFunc(slices.Clone(doc.Problems), func(p contract.Problem) bool {
		return p.Operation == "" || doc.Operation(p.Operation) != nil
	})
	for i, p := range unnamed {
		if i == shownProblems {
			fmt.Fprintf(w, "%s: %d more operations could not be read; they are named by learned templates\n", doc.Path, len(unnamed)-i)
			return
		}
		fmt.Fprintf(w, "%s; the operation is named by a learned template\n", cli.Visible(p.String()))
	}
}

// ReadableAgain reports whether what is read of the recording is still there
// for the next reader. Of one that cannot be opened, opening tells why.
func ReadableAgain(recording string) bool {
	if kafka.IsURL(recording) {
		return isFixed(recording)
	}
	if recording == Stdio {
		return false
	}
	info, err := os.Stat(recording)
	return err != nil || info.Mode().IsRegular() || info.IsDir()
}

// shapes names what nothing has described. A learner remembers what it names.
type shapes struct {
	mu      sync.Mutex
	learner *operation.Learner
}

// Name implements [Namer].
func (s *shapes) Name(method, target string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.learner.Name(method, target)
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

// Scan reads the recording through for what can be learned from it before it is
// worked with; what names that work in the progress. The exchange is each's until
// it returns. Damage is not told here: the reading that follows tells it.
func Scan(ctx context.Context, env cli.Env, recording, what string, each func(*capture.Exchange)) error {
	in, err := Open(ctx, env, recording)
	if err != nil {
		return err
	}
	defer in.Close()
	stop := cli.Watch(ctx, env, what, in.Unit, in.Progress)
	defer stop()
	var e capture.Exchange
	for {
		err := in.ReadExchange(ctx, &e)
		var bad *capture.RecordError
		switch {
		case errors.As(err, &bad): // before io.EOF, which may be its cause
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		default:
			each(&e)
		}
	}
}
