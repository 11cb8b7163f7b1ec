package kafka

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	kafkago "github.com/segmentio/kafka-go"

	"twinspect.dev/capture"
)

// The reasons that this package counts under.
const (
	// TooLarge: the record is above the limit of the producer or the broker.
	TooLarge capture.Reason = "message-too-large"
	// BadTimestamp: the broker refuses the record's time
	// (message.timestamp.before.max.ms and after.max.ms).
	BadTimestamp capture.Reason = "kafka-timestamp"
	// Invalid: the broker refuses the record for another reason.
	Invalid capture.Reason = "kafka-invalid"
	// Unencodable: the exchange has more fields than the format holds.
	Unencodable capture.Reason = "too-many-fields"
	// Unacknowledged: no broker took the record in time.
	Unacknowledged capture.Reason = "kafka-unacknowledged"
	// Malformed: the record's value is not an exchange.
	Malformed capture.Reason = "kafka-malformed"
	// Expired: retention removed the record before it was read.
	Expired capture.Reason = "kafka-expired"
	// Truncated: the partition ends before the window, having been cut or made anew.
	Truncated capture.Reason = "kafka-truncated"
	// Oversized: the record's batch decompresses to more than the reader allows.
	Oversized capture.Reason = "kafka-batch-too-large"
	// Corrupt: the record's batch is damaged: its checksum, its compression or its
	// records are wrong.
	Corrupt capture.Reason = "kafka-corrupt"
	// Unsupported: the record is in a message format before 2, of Kafka 0.11.
	Unsupported capture.Reason = "kafka-old-format"
	// Compacted: the offset holds no record, as compaction leaves it.
	Compacted capture.Reason = "kafka-compacted"
	// Control: the offset holds a transaction's marker.
	Control capture.Reason = "kafka-control"
	// Aborted: the record's transaction was aborted.
	Aborted capture.Reason = "kafka-aborted"
	// Duplicate: an exchange with this ID was given before.
	Duplicate capture.Reason = "duplicate"
)

// refusal returns under which reason a broker will never take a record.
func refusal(err error) (capture.Reason, bool) {
	switch {
	case errors.Is(err, kafkago.MessageSizeTooLarge), errors.Is(err, kafkago.RecordListTooLarge):
		return TooLarge, true
	case errors.Is(err, kafkago.InvalidTimestamp):
		return BadTimestamp, true
	case errors.Is(err, kafkago.InvalidRecord), errors.Is(err, kafkago.InvalidMessageSize),
		errors.Is(err, kafkago.PolicyViolation):
		return Invalid, true
	}
	return "", false
}

// retriable reports whether an error may pass by itself. Errors of the network
// do; so does every one that the protocol calls so.
func retriable(err error) bool {
	var code kafkago.Error
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case errors.Is(err, context.Canceled):
		return false
	case errors.As(err, &certificate), errors.As(err, &record):
		return false
	case errors.As(err, &code):
		return code.Temporary() || code == kafkago.Unknown || code == kafkago.OffsetOutOfRange ||
			code == kafkago.BrokerNotAvailable || code == kafkago.ReplicaNotAvailable
	}
	return true
}

// explain says what to do about an error.
func (c *client) explain(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("kafka topic %s at %s: %s: %w", c.cfg.Topic, strings.Join(c.cfg.Brokers, ","), c.advice(err), err)
}

func (c *client) advice(err error) string {
	user := "anonymous"
	if c.cfg.SASL != nil {
		user = fmt.Sprintf("user %q (%s)", c.cfg.SASL.User, c.cfg.SASL.Mechanism)
	}
	var code kafkago.Error
	if errors.As(err, &code) {
		switch code {
		case kafkago.UnknownTopicOrPartition:
			return "the topic does not exist: create it, or check its name and that " + user + " may describe it"
		case kafkago.SASLAuthenticationFailed:
			return "the broker refuses " + user + ": check user, password and mechanism"
		case kafkago.UnsupportedSASLMechanism:
			return "the broker does not offer the mechanism of " + user + ": choose another"
		case kafkago.TopicAuthorizationFailed:
			return user + " may not use the topic: grant Read to readers, Write to writers, Describe to both"
		case kafkago.GroupAuthorizationFailed:
			return user + " may not use the group: grant Read on it"
		}
		return "the broker answers with an error"
	}
	return c.adviceOnConnection(err, user)
}

func (c *client) adviceOnConnection(err error, user string) string {
	var certificate *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var record tls.RecordHeaderError
	var network *net.OpError
	switch {
	case errors.As(err, &certificate), errors.As(err, &authority):
		return "the broker's certificate is not trusted: give its authority (ca) or the right host"
	case errors.As(err, &record):
		return "the broker does not speak TLS on this port"
	case c.cfg.SASL != nil && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)):
		return "the broker closed the connection: check the password of " + user +
			", and whether it wants TLS on this port"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the broker closed the connection: it may want TLS or credentials on this port"
	case errors.As(err, &network):
		return "no broker can be reached: check addresses and network"
	case errors.Is(err, context.DeadlineExceeded):
		return "no broker answered in time: check addresses, network and whether it wants TLS"
	}
	return "no usable answer"
}
