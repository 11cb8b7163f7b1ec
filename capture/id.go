package capture

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"time"
)

// ID identifies an exchange. It is derived from where the exchange was seen, so
// that the same record delivered twice has the same ID.
type ID [16]byte

// NewID derives the identity of the index-th exchange of a connection that the
// agent saw begin at start: the first half of a SHA-256 of the connection, to
// whose last 8 bytes the index is added.
func NewID(agent, connection string, start time.Time, index uint64) ID {
	b := make([]byte, 0, len(agent)+len(connection)+2*binary.MaxVarintLen64+8)
	b = appendPart(b, agent)
	b = appendPart(b, connection)
	b = binary.BigEndian.AppendUint64(b, uint64(start.UnixNano()))
	sum := sha256.Sum256(b)
	return ID(sum[:16]).Plus(index)
}

// Plus returns the identity of the exchange that comes n places later in the
// same connection.
func (id ID) Plus(n uint64) ID {
	low := id[8:]
	binary.BigEndian.PutUint64(low, binary.BigEndian.Uint64(low)+n)
	return id
}

// Copy returns the identity of the n-th copy of the exchange, for a recording
// that is sent more than once; copy 0 is the exchange itself.
func (id ID) Copy(n uint64) ID {
	high := id[:8]
	binary.BigEndian.PutUint64(high, binary.BigEndian.Uint64(high)^n)
	return id
}

// appendPart writes the length before the text, so that no two lists of parts
// give the same bytes.
func appendPart(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// ParseID reads the form that [ID.String] writes.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != hex.EncodedLen(len(id)) {
		return ID{}, fmt.Errorf("exchange id %q: want %d hexadecimal digits", s, hex.EncodedLen(len(id)))
	}
	if _, err := hex.Decode(id[:], []byte(s)); err != nil {
		return ID{}, fmt.Errorf("exchange id %q: %w", s, err)
	}
	return id, nil
}

// String returns the ID as 32 hexadecimal digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// IsZero reports whether no identity was given.
func (id ID) IsZero() bool { return id == ID{} }

// MarshalText implements [encoding.TextMarshaler].
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (id *ID) UnmarshalText(text []byte) error {
	parsed, err := ParseID(string(text))
	if err != nil {
		return err
	}
	*id = parsed
	return nil
}
