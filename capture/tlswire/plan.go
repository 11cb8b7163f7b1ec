package tlswire

import "twinspect.dev/capture"

// earlyData says what became of 0-RTT data.
type earlyData uint8

const (
	noEarly earlyData = iota
	earlyAccepted
	earlyRejected
	earlyUnknown // the server's answer or the secret is not there
)

// plan is what is known of a session that can be decrypted.
type plan struct {
	version                    uint16
	suite                      *suite
	clientRandom, serverRandom random
	etm                        bool
	early                      earlyData
	secrets                    *session
	name                       sessionName // of a TLS 1.2 session
	named                      bool
}

// enough reports whether the secrets decrypt the application data. The traffic
// secrets are written last, so what came before them is there as well, unless
// the writer leaves it out.
func (p *plan) enough(s *session) bool {
	if p.version == tls12 {
		return s.get(masterSecret) != nil
	}
	n := p.suite.hash().Size()
	return len(s.get(clientTraffic)) == n && len(s.get(serverTraffic)) == n
}

// kind is what an epoch carries.
type kind uint8

const (
	inClear kind = iota
	early
	handshake
	application
)

// epoch is a span of records that one key protects.
type epoch struct {
	kind   kind
	opener opener
	secret []byte // of TLS 1.3, of which the next one's follows
}

// epochs returns those of an end that follow the hellos; more come with each
// key update.
func (p *plan) epochs(client bool) ([]epoch, error) {
	if p.version == tls12 {
		o, err := newOpener12(p, client)
		return []epoch{{kind: application, opener: o}}, err
	}
	type stage struct {
		kind  kind
		label label
	}
	stages := []stage{{handshake, serverHandshake}, {application, serverTraffic}}
	if client {
		stages = []stage{{handshake, clientHandshake}, {application, clientTraffic}}
		if p.early == earlyAccepted {
			stages = append([]stage{{early, clientEarly}}, stages...)
		}
	}
	var list []epoch
	for _, s := range stages {
		secret := p.secrets.get(s.label)
		if len(secret) != p.suite.hash().Size() {
			continue
		}
		e, err := p.newEpoch(s.kind, secret)
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, nil
}

func (p *plan) newEpoch(k kind, secret []byte) (epoch, error) {
	o, err := newAEAD13(p.suite, secret)
	return epoch{kind: k, opener: o, secret: secret}, err
}

// update returns the epoch after a key update (RFC 8446 section 7.2).
func (p *plan) update(e epoch) (epoch, bool) {
	if e.kind != application || e.secret == nil {
		return epoch{}, false
	}
	secret, err := expandLabel(p.suite.hash, e.secret, "traffic upd", len(e.secret))
	if err != nil {
		return epoch{}, false
	}
	next, err := p.newEpoch(application, secret)
	return next, err == nil
}

// support says why a session cannot be decrypted whatever the secrets are, or
// "".
func support(h *serverHello) capture.Reason {
	switch {
	case h.version != tls12 && h.version != tls13:
		return UnsupportedVersion
	case lookupSuite(h.version, h.suite) == nil || !h.null:
		return UnsupportedCipher
	}
	return ""
}
