package statement

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"twinspect.dev/release"
	"twinspect.dev/release/statement/strict"
)

const (
	// Type is that of an in-toto Statement v1.
	Type = "https://in-toto.io/Statement/v1"
	// PayloadType is that of an envelope with a statement.
	PayloadType = "application/vnd.in-toto+json"
	// maxName bounds a name that is told back, in bytes: longer than any label of
	// Kubernetes or image.
	maxName = 1024
)

// Statement is what an envelope says.
type Statement struct {
	Subject release.Subject
	Origin  release.Origin
	// PredicateType is "https://", the schema of the evidence, "/" and its version.
	PredicateType string
	// Evidence is the document, byte for byte but for white space around it.
	Evidence []byte
}

// wire is the JSON form of a [Statement].
type wire struct {
	Type          string     `json:"_type"`
	Subject       []resource `json:"subject"`
	PredicateType string     `json:"predicateType"`
	Predicate     predicate  `json:"predicate"`
}

type resource struct {
	Name   string            `json:"name"`
	Digest map[string]string `json:"digest"`
}

type predicate struct {
	BaseDigest string         `json:"baseDigest,omitempty"`
	Origin     release.Origin `json:"origin,omitzero"`
	// Evidence is last: encode writes it without a pass over it.
	Evidence json.RawMessage `json:"evidence"`
}

// Wrap makes a statement of a document of evidence, in an envelope without a
// signature. The subject must name a service and the digest of an image, as "sha256:"
// and 64 lower-case hexadecimal digits; the digest of the base may be "". It is an
// error if the document is not JSON with one reading, or names no schema and version.
func Wrap(document []byte, s release.Subject, o release.Origin) (*Envelope, error) {
	if err := checkSubject(s); err != nil {
		return nil, fmt.Errorf("wrap evidence: %w", err)
	}
	if err := strict.Check(document); err != nil {
		return nil, fmt.Errorf("wrap evidence: %w", err)
	}
	kind, err := predicateType(document)
	if err != nil {
		return nil, fmt.Errorf("wrap evidence: %w", err)
	}
	payload, err := encode(&Statement{Subject: s, Origin: o, PredicateType: kind, Evidence: document})
	if err != nil {
		return nil, fmt.Errorf("wrap evidence: %w", err)
	}
	e := &Envelope{PayloadType: PayloadType, Payload: payload}
	if _, err := e.statement(); err != nil {
		return nil, fmt.Errorf("wrap evidence: it could not be read again: %w", err)
	}
	return e, nil
}

// predicateType makes the type of the head of a document.
func predicateType(document []byte) (string, error) {
	var head struct{ Schema, Version string }
	if err := json.Unmarshal(document, &head); err != nil {
		return "", fmt.Errorf("read its schema: %w", err)
	}
	if head.Schema == "" || head.Version == "" {
		return "", errors.New("it names no schema and version: this is no evidence")
	}
	return "https://" + head.Schema + "/" + head.Version, nil
}

// encode writes the statement around the evidence: a marshaller would write that
// anew, without its white space and with other escapes.
func encode(s *Statement) ([]byte, error) {
	w := wire{Type: Type, PredicateType: s.PredicateType, Predicate: predicate{
		BaseDigest: s.Subject.BaseDigest, Origin: s.Origin, Evidence: json.RawMessage("0"),
	}}
	algorithm, digest, _ := strings.Cut(s.Subject.Digest, ":")
	w.Subject = []resource{{Name: s.Subject.Service, Digest: map[string]string{algorithm: digest}}}
	around, err := json.Marshal(&w)
	if err != nil {
		return nil, fmt.Errorf("write the statement: %w", err)
	}
	const end = "0}}"
	before := bytes.TrimSuffix(around, []byte(end))
	return bytes.Join([][]byte{before, bytes.Trim(s.Evidence, " \t\r\n"), []byte("}}")}, nil), nil
}

// Statement reads the payload. It is an error if that is no statement of one image
// with a sha256 digest, may be read in two ways, or is of other evidence than its type
// says. Whether the signatures are good is not looked at: see [Verify].
func (e *Envelope) Statement() (*Statement, error) {
	s, err := e.statement()
	if err != nil {
		return nil, fmt.Errorf("read statement: %w", err)
	}
	return s, nil
}

func (e *Envelope) statement() (*Statement, error) {
	if e.PayloadType != PayloadType {
		return nil, fmt.Errorf("the payload's type is %.80q, want %q", e.PayloadType, PayloadType)
	}
	if err := strict.Check(e.Payload); err != nil {
		return nil, err
	}
	var w wire
	if err := json.Unmarshal(e.Payload, &w); err != nil {
		return nil, err //nolint:wrapcheck // the caller says what was read
	}
	if w.Type != Type {
		return nil, fmt.Errorf("the type is %.80q, want %q", w.Type, Type)
	}
	subject, err := w.subject()
	if err != nil {
		return nil, err
	}
	kind, err := predicateType(w.Predicate.Evidence)
	if err != nil {
		return nil, fmt.Errorf("predicate.evidence: %w", err)
	}
	if w.PredicateType != kind {
		return nil, fmt.Errorf("the predicate type is %.120q, but its evidence is %.120q", w.PredicateType, kind)
	}
	return &Statement{Subject: subject, Origin: w.Predicate.Origin, PredicateType: kind, Evidence: w.Predicate.Evidence}, nil
}

// subject returns the one image. Of many it would not be known which one was looked
// at, and of many digests which one counts.
func (w *wire) subject() (s release.Subject, err error) {
	if len(w.Subject) != 1 {
		return s, fmt.Errorf("it has %d subjects, want one: the image that was looked at", len(w.Subject))
	}
	digest, ok := w.Subject[0].Digest["sha256"]
	if n := len(w.Subject[0].Digest); !ok || n != 1 {
		return s, fmt.Errorf("the subject has %d digests, want one, of sha256", n)
	}
	s = release.Subject{Service: w.Subject[0].Name, Digest: "sha256:" + digest, BaseDigest: w.Predicate.BaseDigest}
	return s, checkSubject(s)
}

func checkSubject(s release.Subject) error {
	switch {
	case s.Service == "":
		return errors.New("the subject names no service")
	case len(s.Service) > maxName:
		return fmt.Errorf("the service's name has %d bytes, at most %d are taken", len(s.Service), maxName)
	case !isDigest(s.Digest):
		return fmt.Errorf(`the image's digest is %.80q, want "sha256:" and 64 lower-case hexadecimal digits`, s.Digest)
	case s.BaseDigest != "" && !isDigest(s.BaseDigest):
		return fmt.Errorf(`the base's digest is %.80q, want "sha256:" and 64 lower-case hexadecimal digits`, s.BaseDigest)
	}
	return nil
}

func isDigest(s string) bool {
	digits, ok := strings.CutPrefix(s, "sha256:")
	_, err := hex.DecodeString(digits)
	return ok && err == nil && len(digits) == 64 && digits == strings.ToLower(digits)
}
