package kafka

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"
)

// defaultDialTimeout covers the connection with its TLS and SASL handshakes: six
// round trips at a worst of 1 s each, and what a resolver takes.
const defaultDialTimeout = 10 * time.Second

// Config is how a topic is reached, for reading and for writing.
type Config struct {
	// Brokers are "host:port"; any one that answers leads to the others.
	Brokers []string
	Topic   string
	// TLS is nil for plain connections. Without a ServerName, the host of each
	// broker is verified.
	TLS *tls.Config
	// SASL is nil where the brokers ask for no credentials.
	SASL *SASL
	// ClientID names this program in the broker's logs and quotas; "twinspect"
	// where it is empty.
	ClientID string
	// DialTimeout bounds connecting with all handshakes; 10 s where it is 0.
	DialTimeout time.Duration
}

// SASL are credentials. No form of printing shows the password.
type SASL struct {
	// Mechanism is PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.
	Mechanism      string
	User, Password string
}

// String names the mechanism and the user.
func (s SASL) String() string { return s.Mechanism + " as " + s.User }

// Format implements [fmt.Formatter]: every verb is String's.
func (s SASL) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) }

// MarshalText implements [encoding.TextMarshaler], for JSON.
func (s SASL) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue implements [slog.LogValuer].
func (s SASL) LogValue() slog.Value { return slog.StringValue(s.String()) }

// The mechanisms of [SASL].
const (
	mechanismPlain    = "PLAIN"
	mechanismScram256 = "SCRAM-SHA-256"
	mechanismScram512 = "SCRAM-SHA-512"
)

func (s *SASL) mechanism() (sasl.Mechanism, error) {
	if s == nil {
		return nil, nil
	}
	if s.User == "" {
		return nil, errors.New("sasl: no user is given")
	}
	switch s.Mechanism {
	case mechanismPlain:
		return plain.Mechanism{Username: s.User, Password: s.Password}, nil
	case mechanismScram256:
		return scramMechanism(scram.SHA256, s)
	case mechanismScram512:
		return scramMechanism(scram.SHA512, s)
	}
	return nil, fmt.Errorf("sasl: unknown mechanism %q: want %s, %s or %s",
		s.Mechanism, mechanismPlain, mechanismScram256, mechanismScram512)
}

// scramMechanism leaves out the library's error, which may quote the password.
func scramMechanism(algorithm scram.Algorithm, s *SASL) (sasl.Mechanism, error) {
	m, err := scram.Mechanism(algorithm, s.User, s.Password)
	if err != nil {
		return nil, errors.New("sasl: user or password has characters that SCRAM forbids (RFC 4013)")
	}
	return m, nil
}

func (c Config) withDefaults() (Config, error) {
	if len(c.Brokers) == 0 {
		return c, errors.New("kafka: no broker is given")
	}
	if err := checkTopic(c.Topic); err != nil {
		return c, err
	}
	if c.ClientID == "" {
		c.ClientID = "twinspect"
	}
	if c.DialTimeout <= 0 {
		c.DialTimeout = defaultDialTimeout
	}
	return c, nil
}

// maxTopic is Kafka's own limit (org.apache.kafka.common.internals.Topic).
const maxTopic = 249

// checkTopic holds name to the grammar of Kafka's topics.
func checkTopic(name string) error {
	if name == "" || name == "." || name == ".." || len(name) > maxTopic {
		return fmt.Errorf("kafka: topic %.64q: want 1 to %d characters, and neither . nor .. alone", name, maxTopic)
	}
	for _, c := range []byte(name) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '.', c == '_', c == '-':
		default:
			return fmt.Errorf("kafka: topic %.64q: only letters, digits, '.', '_' and '-' are allowed", name)
		}
	}
	return nil
}
