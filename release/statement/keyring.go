package statement

import (
	"errors"
	"fmt"
)

// maxKeys bounds a keyring: a signature that names no key is held against all of them.
const maxKeys = 64

// Keyring holds the keys that are trusted, by name.
type Keyring struct {
	trusted []trusted
}

type trusted struct {
	name string
	key  *PublicKey
}

// Add trusts a key under a name. Names and keys are there once: under two names nobody
// would know who signed.
func (r *Keyring) Add(name string, k *PublicKey) error {
	switch {
	case name == "":
		return errors.New("trust key: it has no name")
	case len(name) > maxName:
		return fmt.Errorf("trust key: its name has %d bytes, at most %d are taken", len(name), maxName)
	case len(r.trusted) == maxKeys:
		return fmt.Errorf("trust key %q: there are %d already", name, maxKeys)
	}
	for _, t := range r.trusted {
		if t.name == name {
			return fmt.Errorf("trust key %q: there is one of that name already", name)
		}
		if t.key.Equal(k) {
			return fmt.Errorf("trust key %q: it is trusted as %q already", name, t.name)
		}
	}
	r.trusted = append(r.trusted, trusted{name, k})
	return nil
}

// Names returns the names in the order in which they were added.
func (r *Keyring) Names() []string {
	names := make([]string, 0, len(r.trusted))
	for _, t := range r.trusted {
		names = append(names, t.name)
	}
	return names
}
