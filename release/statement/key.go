package statement

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
)

// Algorithm is a kind of key.
type Algorithm string

// The algorithms.
const (
	Ed25519 Algorithm = "ed25519"    // RFC 8032
	ECDSA   Algorithm = "ecdsa-p256" // FIPS 186-5 over SHA-256, its signatures in ASN.1
)

// PrivateKey signs. It is never shown: it prints as the identity of its public key.
type PrivateKey struct {
	key    crypto.Signer
	public *PublicKey
}

// PublicKey verifies.
type PublicKey struct {
	key crypto.PublicKey
	der []byte // PKIX
	// ids are the hash of the key, and its fingerprint as SSH has it, which other
	// programs of DSSE name it by.
	ids []string
}

// Generate makes a new key.
func Generate(a Algorithm) (*PrivateKey, error) {
	var key crypto.Signer
	var err error
	switch a {
	case Ed25519:
		_, key, err = ed25519.GenerateKey(rand.Reader)
	case ECDSA:
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	default:
		err = fmt.Errorf("the algorithm is %.40q, want %s or %s", a, Ed25519, ECDSA)
	}
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	return privateKey(key)
}

func privateKey(key crypto.Signer) (*PrivateKey, error) {
	public, err := publicKey(key.Public())
	if err != nil {
		return nil, err
	}
	return &PrivateKey{key, public}, nil
}

func publicKey(key crypto.PublicKey) (*PublicKey, error) {
	switch k := key.(type) {
	case ed25519.PublicKey:
	case *ecdsa.PublicKey:
		if k.Curve != elliptic.P256() {
			return nil, fmt.Errorf("it is a key of the curve %s, want P-256", k.Curve.Params().Name)
		}
	default:
		return nil, fmt.Errorf("it is a key of %T, want ed25519 or ECDSA P-256", key)
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode the public key: %w", err)
	}
	hash := sha256.Sum256(der)
	ids := []string{hex.EncodeToString(hash[:])}
	if fingerprint, err := dsse.SHA256KeyID(key); err == nil {
		ids = append(ids, fingerprint)
	}
	return &PublicKey{key, der, ids}, nil
}

// Public returns the public key.
func (k *PrivateKey) Public() *PublicKey { return k.public }

// String returns the identity of the public key.
func (k *PrivateKey) String() string { return "private key of " + k.public.ID() }

// GoString is as String, so that no verb prints the key.
func (k *PrivateKey) GoString() string { return k.String() }

// ID is the hash, SHA-256 in hexadecimal, of the key in its PKIX form.
func (k *PublicKey) ID() string { return k.ids[0] }

// String returns the ID.
func (k *PublicKey) String() string { return k.ID() }

func (k *PublicKey) answersTo(id string) bool {
	for _, own := range k.ids {
		if own == id {
			return true
		}
	}
	return false
}

// The types of PEM blocks: RFC 7468, sections 10 and 13.
const (
	privateBlock = "PRIVATE KEY"
	publicBlock  = "PUBLIC KEY"
)

// PEM returns the key in PKCS #8. It is a secret.
func (k *PrivateKey) PEM() ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(k.key)
	if err != nil {
		return nil, fmt.Errorf("encode the private key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: privateBlock, Bytes: der}), nil
}

// PEM returns the key in PKIX.
func (k *PublicKey) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: publicBlock, Bytes: k.der})
}

// ParsePrivate reads a private key in PEM and PKCS #8. Its errors hold nothing of it.
func ParsePrivate(data []byte) (*PrivateKey, error) {
	der, err := block(data, privateBlock)
	if err != nil {
		return nil, fmt.Errorf("read private key: %w", err)
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, errors.New("read private key: it is damaged, or of a kind that is not known")
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("read private key: a key of %T does not sign", key)
	}
	k, err := privateKey(signer)
	if err != nil {
		return nil, fmt.Errorf("read private key: %w", err)
	}
	return k, nil
}

// ParsePublic reads a public key in PEM and PKIX. A private one is refused: it has no
// place where signatures are only checked.
func ParsePublic(data []byte) (*PublicKey, error) {
	der, err := block(data, publicBlock)
	if err != nil {
		return nil, fmt.Errorf("read public key: %w", err)
	}
	key, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, errors.New("read public key: it is damaged, or of a kind that is not known")
	}
	k, err := publicKey(key)
	if err != nil {
		return nil, fmt.Errorf("read public key: %w", err)
	}
	return k, nil
}

// block returns what the one block of PEM holds, which must have the type. Of the
// input, which may be a secret, the errors tell known types alone.
func block(data []byte, want string) ([]byte, error) {
	b, rest := pem.Decode(data)
	if b == nil {
		return nil, errors.New("it holds no PEM block, such as -----BEGIN " + want + "-----")
	}
	if next, _ := pem.Decode(rest); next != nil {
		return nil, errors.New("it holds more than one PEM block: keep each key in a file of its own")
	}
	if b.Type == want {
		return b.Bytes, nil
	}
	switch b.Type {
	case privateBlock:
		return nil, errors.New("it is a private key: give its public key, and keep that one secret")
	case publicBlock:
		return nil, errors.New("it is a public key, want the private one")
	case "ENCRYPTED PRIVATE KEY":
		return nil, errors.New("it is encrypted: decrypt it with openssl pkcs8")
	case "EC PRIVATE KEY", "OPENSSH PRIVATE KEY":
		return nil, fmt.Errorf("it is an %s: convert it to PKCS #8, for EC keys with openssl pkcs8 -topk8 -nocrypt", b.Type)
	}
	return nil, fmt.Errorf("it is no PEM block of the type %q", want)
}
