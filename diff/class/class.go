// Package class tells what a value looks like: a UUID, a time, a number. Noise
// that is learned, and rules, narrow the check of a value to its class instead
// of switching it off.
package class

import (
	"fmt"
	"math/bits"
	"strings"
)

// Class is one class of values. The order of the constants is their rank: of
// the classes that a value belongs to, the first one says the most about it.
type Class uint8

// The classes. A value belongs to exactly one of the types Null, Boolean,
// Number, String, Array and Object, to Any, and to each class of its type whose
// form it has. A number is never of a string's class, nor a string of a
// number's.
const (
	UUID         Class = iota // RFC 9562 text form, braces and urn: left out
	ULID                      // 26 characters of Crockford's base 32
	JWT                       // RFC 7519 compact form: three parts, the first a JSON object
	Time                      // RFC 3339 and its ISO 8601 relatives, with a time of day
	Date                      // 2006-01-02
	HTTPDate                  // RFC 9110 section 5.6.7, all three forms
	Email                     // one address without display name
	URL                       // scheme://authority...
	IP                        // IPv4 or IPv6 address
	Semver                    // semantic version 2.0.0, with or without leading v
	Digits                    // a string of decimal digits
	Hex                       // a string of 8 or more hexadecimal digits
	Base64                    // 16 or more characters of base64, standard or URL
	EpochSeconds              // a number from 1e9 to below 1e10: 2001 to 2286
	EpochMillis               // an integer from 1e12 to below 1e13
	Integer                   // a number without a fraction: 3, 3.0 and 3e0
	Token                     // a string of visible ASCII characters without spaces
	Null
	Boolean
	Number
	String
	Array
	Object
	Any
	count
)

// names are indexed by class.
var names = [count]string{
	"uuid", "ulid", "jwt", "time", "date", "http-date", "email", "url", "ip", "semver",
	"digits", "hex", "base64", "epoch-seconds", "epoch-millis", "integer", "token",
	"null", "boolean", "number", "string", "array", "object", "any",
}

// String returns the name that rule files use.
func (c Class) String() string {
	if c < count {
		return names[c]
	}
	return fmt.Sprintf("class(%d)", uint8(c))
}

// Names returns the names of all classes, the most specific first.
func Names() []string { return append([]string(nil), names[:]...) }

// Parse returns the class of that name.
func Parse(name string) (Class, error) {
	for i, n := range names {
		if n == name {
			return Class(i), nil
		}
	}
	return Any, fmt.Errorf("no class is called %q; the classes are %s", name, strings.Join(names[:], ", "))
}

// Set is a set of classes. The zero value is empty.
type Set uint32

// All holds every class: the neutral element of intersection.
const All Set = 1<<count - 1

// SetOf returns the set of the classes given.
func SetOf(classes ...Class) Set {
	var s Set
	for _, c := range classes {
		s |= 1 << c
	}
	return s
}

// Has reports whether c is in s.
func (s Set) Has(c Class) bool { return s&(1<<c) != 0 }

// Most returns the class of s that says the most about a value, Any for an
// empty set.
func (s Set) Most() Class {
	if s&All == 0 {
		return Any
	}
	return Class(bits.TrailingZeros32(uint32(s)))
}

// String returns the names of the classes joined by "|".
func (s Set) String() string {
	var b strings.Builder
	for c := range count {
		if !s.Has(c) {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('|')
		}
		b.WriteString(c.String())
	}
	return b.String()
}
