package statement

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
)

// ErrForged says that a signature names a key that is trusted, and is not its
// signature of this payload.
var ErrForged = errors.New("a signature is not good: the evidence was changed after it was signed, or was never signed so")

// Sign adds the key's signature. It is an error if the key has signed before, or there
// are [MaxSignatures].
func Sign(e *Envelope, k *PrivateKey) error {
	id := k.Public().ID()
	for _, s := range e.Signatures {
		if s.KeyID == id {
			return fmt.Errorf("sign: the key %s has signed already", id)
		}
	}
	if len(e.Signatures) >= MaxSignatures {
		return fmt.Errorf("sign: there are %d signatures already", len(e.Signatures))
	}
	sig, err := k.sign(dsse.PAE(e.PayloadType, e.Payload))
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	e.Signatures = append(e.Signatures, Signature{id, sig})
	return nil
}

func (k *PrivateKey) sign(message []byte) ([]byte, error) {
	if key, ok := k.key.(ed25519.PrivateKey); ok {
		return ed25519.Sign(key, message), nil
	}
	digest := sha256.Sum256(message)
	return k.key.Sign(rand.Reader, digest[:], crypto.SHA256) //nolint:wrapcheck // Sign says what failed
}

func (k *PublicKey) verify(message, sig []byte) bool {
	switch key := k.key.(type) {
	case ed25519.PublicKey:
		return ed25519.Verify(key, message, sig)
	case *ecdsa.PublicKey:
		digest := sha256.Sum256(message)
		return ecdsa.VerifyASN1(key, digest[:], sig)
	}
	return false
}

// Verify returns the names of the trusted keys that signed, in the order of the
// signatures, each once; none where no trusted key did. A signature by a key that is
// not trusted says nothing. One that names a trusted key and is not good is
// [ErrForged], and so is everything with it.
//
// A signature that names no key is held against all of them; one at most may do so.
func Verify(e *Envelope, trusted *Keyring) ([]string, error) {
	if trusted == nil || len(e.Signatures) == 0 {
		return nil, nil
	}
	message := dsse.PAE(e.PayloadType, e.Payload)
	var names []string
	nameless := 0
	for i, s := range e.Signatures {
		if s.KeyID == "" {
			nameless++
		}
		if nameless > 1 {
			return nil, fmt.Errorf("verify: signatures[%d]: more than one signature names no key", i)
		}
		name, err := trusted.signer(s, message)
		if err != nil {
			return nil, fmt.Errorf("verify: signatures[%d]: %w", i, err)
		}
		names = appendOnce(names, name)
	}
	return names, nil
}

func appendOnce(names []string, name string) []string {
	for _, n := range names {
		if n == name {
			return names
		}
	}
	if name == "" {
		return names
	}
	return append(names, name)
}

// signer returns the name of the trusted key that made the signature, "" where none
// did.
func (r *Keyring) signer(s Signature, message []byte) (string, error) {
	for _, t := range r.trusted {
		switch {
		case s.KeyID == "":
			if t.key.verify(message, s.Sig) {
				return t.name, nil
			}
		case t.key.answersTo(s.KeyID):
			if !t.key.verify(message, s.Sig) {
				return "", fmt.Errorf("the key %q: %w", t.name, ErrForged)
			}
			return t.name, nil
		}
	}
	return "", nil
}

// Equal reports whether both are the same key.
func (k *PublicKey) Equal(o *PublicKey) bool { return bytes.Equal(k.der, o.der) }
