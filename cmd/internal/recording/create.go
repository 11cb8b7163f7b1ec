package recording

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/capture/archive"
	"twinspect.dev/capture/har"
	"twinspect.dev/cmd/internal/cli"
)

// Sink is an output for exchanges, finished by their account.
type Sink interface {
	capture.Sink
	WriteAccount(capture.Account) error
	Close() error
}

// Options says how an output is made.
type Options struct {
	// HAR makes HAR of an output whose name does not say its format.
	HAR bool
	// Force overwrites an existing file.
	Force bool
}

// Create creates a recording by its name: .twin, .jsonl or .har; [Stdio]
// is standard output.
func Create(env cli.Env, name string, opt Options) (Sink, error) {
	switch {
	case name == Stdio && opt.HAR:
		return har.NewWriter(env.Stdout), nil
	case name == Stdio:
		return archive.NewWriter(env.Stdout, archive.JSONL, archive.WriteOptions{})
	case strings.HasSuffix(strings.ToLower(name), ".har"):
		return createHAR(name, opt)
	}
	w, err := archive.Create(name, archive.WriteOptions{Overwrite: opt.Force})
	if err != nil {
		return nil, err
	}
	return w, nil
}

// harFile is a HAR whose file is closed with it.
type harFile struct {
	*har.Writer
	file *os.File
}

func createHAR(name string, opt Options) (Sink, error) {
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if opt.Force {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(name, flags, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create recording: %w", err)
	}
	return harFile{har.NewWriter(f), f}, nil
}

// Close ends the document and closes its file.
func (h harFile) Close() error { return errors.Join(h.Writer.Close(), h.file.Close()) }
