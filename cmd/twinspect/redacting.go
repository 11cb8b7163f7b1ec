package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"twinspect.dev/capture"
	"twinspect.dev/capture/redact"
	"twinspect.dev/cmd/internal/recording"
)

// redactFlags say what becomes of the secrets in a recording.
type redactFlags struct {
	rules, key string
}

func (r *redactFlags) register(f *pflag.FlagSet) {
	f.StringVar(&r.rules, "rules", "", "file of redaction rules (YAML; default: the rules that are built in)")
	f.StringVar(&r.key, "redact-key", "", "file with the key of the pseudonyms (default: one of yours, made at the first use)")
}

// redactor reads the rules and the key.
func (r redactFlags) redactor() (*redact.Redactor, error) {
	rules, err := redact.RulesFromFile(r.rules)
	if err != nil {
		return nil, err
	}
	key, err := r.readKey()
	if err != nil {
		return nil, err
	}
	return redact.New(rules, key)
}

// readKey takes the user's own key where none is named, so that equal values
// have equal pseudonyms in all their recordings.
func (r redactFlags) readKey() ([]byte, error) {
	if r.key != "" {
		return redact.KeyFromFile(r.key, false)
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return nil, fmt.Errorf("find a place for the redaction key: %w; name one with --redact-key", err)
	}
	file := filepath.Join(dir, "twinspect", "redact.key")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, fmt.Errorf("keep a redaction key: %w; name one with --redact-key", err)
	}
	return redact.KeyFromFile(file, true)
}

// redacting hides the secrets of what is written to a sink. It is used as the
// sink is: by one goroutine at a time.
type redacting struct {
	recording.Sink
	redactor *redact.Redactor
	told     io.Writer
	values   uint64
}

// WriteExchange implements [capture.Sink].
func (r *redacting) WriteExchange(ctx context.Context, e *capture.Exchange) error {
	r.values += uint64(r.redactor.Redact(e))
	return r.Sink.WriteExchange(ctx, e)
}

// Close ends the sink and says what was hidden.
func (r *redacting) Close() error {
	if r.values > 0 {
		fmt.Fprintf(r.told, "%d secret values were replaced by pseudonyms; --no-redact keeps them\n", r.values)
	}
	return r.Sink.Close()
}
