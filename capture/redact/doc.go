// Package redact replaces the secrets of exchanges by pseudonyms, before
// anything is stored or sent on.
//
// # Pseudonyms
//
// A pseudonym is drawn from a ChaCha8 stream whose seed is the HMAC-SHA256 of
// the value under the [Key], so equal values have equal pseudonyms in every
// place of every exchange, and the value cannot be found without the key. Its
// shape is the value's: length in bytes, digits, letters with their case,
// hexadecimal, a UUID's version and variant, and whatever is neither letter nor
// digit stays where it is. Cards stay valid by Luhn's sum, a JSON Web Token
// stays three parts of which two are JSON, with its algorithm and its times
// (exp, iat, nbf, auth_time), and a key keeps its issuer's prefix. An address
// of e-mail gets the domain redacted.invalid, and a local part of at least
// eight characters: alone it may change its length. Booleans and null are left
// alone; so is the exponent of a number.
//
// # Where secrets are found
//
// By name: header fields, parameters, cookies, members of JSON and what lies
// below them, elements and attributes of XML, fields of HTML forms and meta
// elements, and with descriptors the fields of gRPC's messages. By form, in every
// other text: see Detectors of [Rules]. Without descriptors the strings of
// messages are found by the wire format. JSON and XML inside of strings are
// opened. Malformed and cut bodies are read as far as they go; the rest is text.
//
// Rules may be for one service or operation only: see [Rule].
//
// # Marks
//
// Pseudonyms of every key can be told from secrets: addresses by the domain
// redacted.invalid (RFC 2606), cards by beginning with 9999 (national
// assignment, for a country code that ISO 3166 leaves to users), everything
// else by its last letters and digits, which are a public check sum over what
// comes before: four where there are at least twelve letters and digits, two of
// six to eleven, one of two to five. Therefore [Redactor.Check] overlooks one
// short numeric secret in ten, one long one in ten thousand. Marks are for
// Check; Redact replaces marked values too, unless their domain or first digits
// are the reserved ones.
//
// # What is left alone
//
// Message digests (Content-MD5, Digest, Content-Digest, ETag) are not computed
// anew; they no longer match a body that was changed. Content-Length is. Bodies
// that cannot be read, or only into more memory than is bounded, are withheld:
// see [capture.Withheld].
package redact
