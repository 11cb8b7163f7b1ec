package tlswire

import (
	"bytes"
	"encoding/hex"
	"errors"
)

// label says what a secret is for (draft-ietf-tls-keylogfile section 2).
type label uint8

const (
	masterSecret label = iota
	clientEarly
	clientHandshake
	serverHandshake
	clientTraffic
	serverTraffic
	labels // how many there are
)

// labelNames holds the labels that decrypt application data. Others are
// ignored, as the draft asks.
var labelNames = map[string]label{
	"CLIENT_RANDOM":                   masterSecret,
	"CLIENT_EARLY_TRAFFIC_SECRET":     clientEarly,
	"CLIENT_HANDSHAKE_TRAFFIC_SECRET": clientHandshake,
	"SERVER_HANDSHAKE_TRAFFIC_SECRET": serverHandshake,
	"CLIENT_TRAFFIC_SECRET_0":         clientTraffic,
	"SERVER_TRAFFIC_SECRET_0":         serverTraffic,
}

const (
	randomSize = 32
	// masterSize is the length of a TLS 1.2 master secret (RFC 5246 section
	// 8.1).
	masterSize = 48
)

type random [randomSize]byte

// keyLine is one line of a key log.
type keyLine struct {
	label  label
	random random
	secret []byte
}

var (
	errFields = errors.New("not a label, a client random and a secret")
	errRandom = errors.New("client random is not 64 hexadecimal digits")
	errSecret = errors.New("secret is not of a length that its label has, in hexadecimal digits")
	errLong   = errors.New("line is too long for a secret")
)

// parseKeyLine reads a line without its end. It returns false without an error
// for lines that hold nothing of use. Its errors quote nothing: any part of a
// damaged line may be a secret.
func parseKeyLine(line []byte) (keyLine, bool, error) {
	line = bytes.TrimRight(line, "\r \t")
	if len(line) == 0 || line[0] == '#' {
		return keyLine{}, false, nil
	}
	fields := bytes.Fields(line)
	if len(fields) != 3 {
		return keyLine{}, false, errFields
	}
	l, known := labelNames[string(fields[0])]
	if !known {
		return keyLine{}, false, nil
	}
	k := keyLine{label: l}
	if len(fields[1]) != 2*randomSize {
		return keyLine{}, false, errRandom
	}
	if _, err := hex.Decode(k.random[:], fields[1]); err != nil {
		return keyLine{}, false, errRandom
	}
	k.secret = make([]byte, hex.DecodedLen(len(fields[2])))
	if _, err := hex.Decode(k.secret, fields[2]); err != nil || !l.fits(len(k.secret)) {
		return keyLine{}, false, errSecret
	}
	return k, true, nil
}

// fits reports whether a secret of the label may have n bytes: a master secret
// 48, others as the hash of the suite, SHA-256 or SHA-384.
func (l label) fits(n int) bool {
	return n == masterSize || l != masterSecret && n == 32
}
