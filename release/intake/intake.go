package intake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"twinspect.dev/diff/report/look"
	"twinspect.dev/release"
	"twinspect.dev/release/statement"
	"twinspect.dev/release/statement/strict"
)

const (
	// MaxDocument is the length in bytes of the longest document that is taken. The
	// formats allow more; reports of 10,000 differences with three examples of 1 KiB
	// are 45 MB, and in an envelope, as base64, 60 MB. Beside the document and three
	// copies of it at most, what it decodes to is bounded by [strict.MaxObjects] and
	// [strict.MaxValues]: 700 MB while lists grow, of a document made for it.
	MaxDocument = 64 << 20
	// MaxOperations is how many operations a document may tell of: the largest
	// documents of interfaces that are known have some thousands.
	MaxOperations = 10_000
	// MaxText bounds a sentence, in bytes, and maxReasons how many reasons a document
	// may give: a person reads a few.
	MaxText    = 1000
	maxReasons = 100
	// maxName bounds the name of an operation, in bytes, as servers do with request
	// lines; a longer one is no name.
	maxName = 8 << 10
)

var (
	// ErrTooLong says that a document is longer than [MaxDocument].
	ErrTooLong = fmt.Errorf("the document is longer than %d bytes", MaxDocument)
	// ErrForeign says that a document is no evidence of this project.
	ErrForeign = errors.New("this is no evidence that is known")
	// ErrContradicts says that a document contradicts itself: it was forged or damaged.
	ErrContradicts = errors.New("it contradicts itself")
)

// head is what all documents have, evidence and envelopes.
type head struct {
	Schema      string
	Version     string
	PayloadType string
}

// Read reads a document of evidence, alone or in an envelope. The subject of one in an
// envelope is the statement's; alone, evidence of a canary names its own and others
// none. Signatures are not looked at: see [Signer].
func Read(document []byte) (*release.Evidence, error) {
	e, err := read(document)
	if err != nil {
		return nil, fmt.Errorf("read evidence: %w", err)
	}
	e.ID = release.Digest(document)
	return e, nil
}

// Signer returns the name of the trusted key that signed a document, the first in the
// order of the keyring where many did; "" where none did or it has no envelope. A
// signature that is not good is [statement.ErrForged].
func Signer(document []byte, trusted *statement.Keyring) (string, error) {
	h, err := headOf(document)
	if err != nil || h.PayloadType == "" || trusted == nil {
		return "", err
	}
	envelope, err := statement.Parse(document)
	if err != nil {
		return "", err //nolint:wrapcheck // it says what was read
	}
	signed, err := statement.Verify(envelope, trusted)
	if err != nil {
		return "", err //nolint:wrapcheck // it says what was verified
	}
	for _, name := range trusted.Names() {
		if slices.Contains(signed, name) {
			return name, nil
		}
	}
	return "", nil
}

func headOf(document []byte) (h head, err error) {
	if len(document) > MaxDocument {
		return h, ErrTooLong
	}
	if err := strict.Check(document); err != nil {
		return h, err //nolint:wrapcheck // the caller says what was read
	}
	if err := json.Unmarshal(document, &h); err != nil {
		return h, fmt.Errorf("%w: %w", ErrForeign, err)
	}
	return h, nil
}

func read(document []byte) (*release.Evidence, error) {
	h, err := headOf(document)
	switch {
	case err != nil:
		return nil, err
	case h.PayloadType != "" && h.Schema != "":
		return nil, fmt.Errorf("%w: it is an envelope and evidence at once", ErrContradicts)
	case h.PayloadType != "":
		return enveloped(document)
	}
	return plain(h, document)
}

// enveloped reads the evidence in an envelope; what the statement says of the subject
// must be what the evidence says, where it does.
func enveloped(document []byte) (*release.Evidence, error) {
	envelope, err := statement.Parse(document)
	if err != nil {
		return nil, err //nolint:wrapcheck // it says what was read
	}
	s, err := envelope.Statement()
	if err != nil {
		return nil, err //nolint:wrapcheck // it says what was read
	}
	var h head
	if err := json.Unmarshal(s.Evidence, &h); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrForeign, err)
	}
	e, err := plain(h, s.Evidence)
	if err != nil {
		return nil, err
	}
	if err := agree(&e.Subject, s.Subject); err != nil {
		return nil, err
	}
	e.Origin = clipped(s.Origin)
	return e, nil
}

// agree fills a subject with that of the statement, which must not be another one.
func agree(own *release.Subject, said release.Subject) error {
	for _, f := range []struct {
		name      string
		own, said *string
	}{
		{"service", &own.Service, &said.Service},
		{"digest", &own.Digest, &said.Digest},
		{"base digest", &own.BaseDigest, &said.BaseDigest},
	} {
		switch {
		case *f.said == "":
		case *f.own == "":
			*f.own = *f.said
		case *f.own != *f.said:
			return fmt.Errorf("%w: the statement's %s is %.80q, its evidence's is %.80q", ErrContradicts, f.name, *f.said, *f.own)
		}
	}
	return nil
}

func clipped(o release.Origin) release.Origin {
	return release.Origin{
		Branch: clip(o.Branch), Commit: clip(o.Commit), Pipeline: clip(o.Pipeline), Job: clip(o.Job), URL: clip(o.URL),
	}
}

// plain reads evidence by its schema.
func plain(h head, document []byte) (*release.Evidence, error) {
	read := readers[h.Schema]
	if read == nil {
		return nil, fmt.Errorf("%w: its schema is %.120q", ErrForeign, h.Schema)
	}
	e, err := read(bytes.NewReader(document))
	if err != nil {
		return nil, err
	}
	e.Schema, e.Version, e.Tool = h.Schema, clip(h.Version), clip(e.Tool)
	return e, finish(e)
}

// finish holds what all evidence must have.
func finish(e *release.Evidence) error {
	switch {
	case e.Started.IsZero() || e.Ended.IsZero():
		return errors.New("it does not say when it started and when it ended, so nobody knows how old it is")
	case e.Ended.Before(e.Started):
		return fmt.Errorf("%w: it ended at %s, before it started at %s", ErrContradicts,
			e.Ended.Format(time.RFC3339), e.Started.Format(time.RFC3339))
	}
	for i := range e.Operations {
		if o := &e.Operations[i]; e.Outcome == release.Pass && o.Regressions > 0 {
			return fmt.Errorf("%w: the verdict is pass, and %.80q has %d regressions", ErrContradicts, o.Name, o.Regressions)
		}
	}
	if e.Reasons = slices.Clone(e.Reasons[:min(len(e.Reasons), maxReasons)]); e.Reasons == nil {
		e.Reasons = []string{}
	}
	for i := range e.Reasons {
		e.Reasons[i] = clip(e.Reasons[i])
	}
	return nil
}

// clip bounds a text to [MaxText] bytes, at the end of a character. It shares no
// memory with what it was cut from: a sentence shall not keep a document alive.
func clip(s string) string {
	if len(s) <= MaxText {
		return strings.Clone(s)
	}
	return look.Clip(s, MaxText-len("…"))
}
