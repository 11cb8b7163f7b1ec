package kafka

import (
	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/sasl"
)

// Transport returns a transport of the library's with the addresses'
// encryption and credentials, for programs that keep something else than
// exchanges in a topic. The caller closes its idle connections.
func (c Config) Transport() (*kafkago.Transport, error) {
	c, mechanism, err := c.ready()
	if err != nil {
		return nil, err
	}
	return &kafkago.Transport{
		DialTimeout: c.DialTimeout, MetadataTTL: metadataTTL, MetadataTopics: []string{c.Topic},
		ClientID: c.ClientID, TLS: c.TLS, SASL: mechanism,
	}, nil
}

// Dialer returns a dialer of the library's with the same, as its consumer
// groups use it.
func (c Config) Dialer() (*kafkago.Dialer, error) {
	c, mechanism, err := c.ready()
	if err != nil {
		return nil, err
	}
	return &kafkago.Dialer{
		ClientID: c.ClientID, Timeout: c.DialTimeout, DualStack: true, TLS: c.TLS, SASLMechanism: mechanism,
	}, nil
}

// ready returns the settings with their defaults, and the credentials as the
// library takes them.
func (c Config) ready() (Config, sasl.Mechanism, error) {
	c, err := c.withDefaults()
	if err != nil {
		return c, nil, err
	}
	mechanism, err := c.SASL.mechanism()
	return c, mechanism, err
}

// Explain adds to an error of the library what to do about it; nil stays nil.
func (c Config) Explain(err error) error { return (&client{cfg: c}).explain(err) }

// Passing reports whether an error of the library may pass by itself, so that
// what failed is worth repeating.
func Passing(err error) bool { return err != nil && retriable(err) }
