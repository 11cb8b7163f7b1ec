package accept

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"twinspect.dev/diff"
)

// ErrNoise says that a difference is noise, which needs nobody to accept it.
var ErrNoise = errors.New("it is noise, which needs nobody to accept it")

// DefaultLifetime is how long what is accepted holds: the change is released
// within a month, and base has it then, too.
const DefaultLifetime = 30 * 24 * time.Hour

// maxPinned bounds the value that an entry is pinned to, in bytes. Longer ones may
// be cut in the report, and are nothing to review.
const maxPinned = 120

// ErrSeveral says that branch answers with several statuses, of which one entry can
// pin but one.
var ErrSeveral = errors.New("branch answers with several statuses: see which are meant, and write an entry without a value by hand if all are")

// Propose returns the entry that accepts a difference, pinned to the value of
// branch where it gave one, and that can be told. The values of cookies are never
// kept. A status is accepted by its value alone.
func Propose(d *diff.Difference, reason, by string, expires time.Time) (Entry, error) {
	if d.Judgement == diff.Noise {
		return Entry{}, fmt.Errorf("%s, %s %s: %w", d.Operation, d.Place, d.Kind, ErrNoise)
	}
	branch := pin(d)
	if d.Part == diff.Status && branch == nil {
		return Entry{}, fmt.Errorf("%s, %s %s: %w", d.Operation, d.Place, d.Kind, ErrSeveral)
	}
	return Entry{Cell: d.Cell, Branch: branch, Reason: reason, By: by, Expires: expires.UTC().Truncate(24 * time.Hour)}, nil
}

// pin returns the value that branch gave each time, nil where there is none.
func pin(d *diff.Difference) *string {
	if !d.OneValue || len(d.Examples) == 0 || d.Part == diff.Latency || d.Kind == diff.Reordered || strings.HasPrefix(d.Path, "set-cookie") {
		return nil
	}
	value := d.Examples[0].Branch
	if value == "" || len(value) > maxPinned || strings.ContainsAny(value, "\n\r") {
		return nil
	}
	return &value
}

// entryText is an entry as the file has it.
type entryText struct {
	Operation string  `yaml:"operation"`
	Part      string  `yaml:"part,omitempty"`
	Path      string  `yaml:"path,omitempty"`
	Kind      string  `yaml:"kind"`
	Branch    *string `yaml:"branch,omitempty"`
	Reason    string  `yaml:"reason"`
	By        string  `yaml:"by,omitempty"`
	Expires   string  `yaml:"expires"`
}

// YAML returns the members of the entry, a line each. It is an error where
// [Parse] would not read the same entry: a name may hold what no rule file takes.
func (e *Entry) YAML() (string, error) {
	text := entryText{
		Operation: e.Operation, Path: e.Path, Kind: string(e.Kind), Branch: e.Branch, Reason: e.Reason, By: e.By, Expires: e.Day(),
	}
	if e.Part != diff.Body {
		text.Part = string(e.Part)
	}
	data, err := yaml.Marshal(text)
	if err != nil {
		return "", err
	}
	indented := strings.ReplaceAll(strings.TrimSuffix(string(data), "\n"), "\n", "\n    ")
	set, err := Parse("entry", []byte("version: 1\naccepted:\n  - "+indented+"\n"), time.Time{})
	if err != nil {
		return "", fmt.Errorf("%s cannot be accepted in a file: %w", e, err)
	}
	if len(set.entries) != 1 || !set.entries[0].Same(e) || set.entries[0].Reason != strings.TrimSpace(e.Reason) {
		return "", fmt.Errorf("%s cannot be accepted in a file: it reads as something else", e)
	}
	return string(data), nil
}
