package statement

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"

	"twinspect.dev/release/statement/strict"
)

// MaxSignatures is how many signatures an envelope may have: each is checked over the
// whole payload, and a build, a review and a few more sign it.
const MaxSignatures = 8

// maxSignature bounds a signature in bytes: those of ECDSA P-256 take up to 72, and
// those of other keys, which are passed over, a few kilobytes.
const maxSignature = 16 << 10

// Envelope is a payload with its signatures.
type Envelope struct {
	PayloadType string
	Payload     []byte
	Signatures  []Signature
}

// Signature is one signature. KeyID is a hint as to the key, and is not signed itself.
type Signature struct {
	KeyID string
	Sig   []byte
}

// Parse reads the JSON of an envelope. Its text is base64, of the usual or of the URL's
// alphabet. It is an error if it may be read in two ways, has no payload or has more
// than [MaxSignatures] signatures.
func Parse(data []byte) (*Envelope, error) {
	e, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("read envelope: %w", err)
	}
	return e, nil
}

func parse(data []byte) (*Envelope, error) {
	if err := strict.Check(data); err != nil {
		return nil, err
	}
	var w dsse.Envelope
	if err := json.Unmarshal(data, &w); err != nil {
		return nil, err //nolint:wrapcheck // the caller says what was read
	}
	if n := len(w.Signatures); n > MaxSignatures {
		return nil, fmt.Errorf("it has %d signatures, at most %d are taken", n, MaxSignatures)
	}
	if w.PayloadType == "" || w.Payload == "" {
		return nil, errors.New("it has no payload, or does not say of which type")
	}
	payload, err := w.DecodeB64Payload()
	if err != nil {
		return nil, errors.New("the payload is no base64")
	}
	e := &Envelope{PayloadType: w.PayloadType, Payload: payload}
	for i, s := range w.Signatures {
		sig, err := decode(s.Sig)
		if err != nil {
			return nil, fmt.Errorf("signatures[%d]: %w", i, err)
		}
		e.Signatures = append(e.Signatures, Signature{s.KeyID, sig})
	}
	return e, nil
}

func decode(text string) ([]byte, error) {
	if len(text) > base64.StdEncoding.EncodedLen(maxSignature) {
		return nil, fmt.Errorf("it is longer than %d bytes", maxSignature)
	}
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		if sig, err := encoding.DecodeString(text); err == nil {
			return sig, nil
		}
	}
	return nil, errors.New("it is no base64")
}

// JSON writes the envelope, the same always as the same bytes.
func (e *Envelope) JSON() ([]byte, error) {
	w := dsse.Envelope{PayloadType: e.PayloadType, Payload: base64.StdEncoding.EncodeToString(e.Payload), Signatures: []dsse.Signature{}}
	for _, s := range e.Signatures {
		w.Signatures = append(w.Signatures, dsse.Signature{KeyID: s.KeyID, Sig: base64.StdEncoding.EncodeToString(s.Sig)})
	}
	data, err := json.MarshalIndent(&w, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write envelope: %w", err)
	}
	return append(data, '\n'), nil
}
