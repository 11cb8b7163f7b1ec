package kafka

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/fetch"
)

// fetchRequest asks for records of one partition. The library would unpack the
// answer's batches without a limit; this keeps them as they are on the wire.
type fetchRequest struct {
	fetch.Request
	clientID string
	version  int16
}

var (
	_ protocol.RawExchanger  = (*fetchRequest)(nil)
	_ protocol.BrokerMessage = (*fetchRequest)(nil)
)

// fetchAnswer is what a broker says about the partition.
type fetchAnswer struct {
	err error
	// lastStable is the offset behind which records wait for their transaction.
	lastStable, logStart int64
	aborted              []abortedTransaction
	records              []byte
}

// abortedTransaction is one whose records begin at the offset first.
type abortedTransaction struct{ producer, first int64 }

// ApiKey implements [protocol.Message].
//
//nolint:staticcheck // the name is the interface's
func (*fetchAnswer) ApiKey() protocol.ApiKey { return protocol.Fetch }

// Required implements [protocol.RawExchanger]: always.
func (f *fetchRequest) Required(versions map[protocol.ApiKey]int16) bool {
	f.version = versions[protocol.Fetch]
	return true
}

const (
	// oldestFetch is the version with transactions, of Kafka 0.11 (2017); the
	// library takes at most version 11, whose fields have fixed sizes.
	oldestFetch = 4
	// correlation can be the same always: a connection has one request on its
	// way.
	correlation = 1
	// maxAnswer bounds an answer: to what was asked for, at most maxFetch, a
	// broker adds as much as the first batch is longer. Kafka's default for that
	// (message.max.bytes) is 1 MiB.
	maxAnswer = 256 << 20
)

// RawExchange implements [protocol.RawExchanger].
func (f *fetchRequest) RawExchange(rw io.ReadWriter) (protocol.Message, error) {
	if f.version < oldestFetch {
		return nil, fmt.Errorf("the broker fetches by version %d: at least %d is needed: %w",
			f.version, oldestFetch, kafkago.UnsupportedVersion)
	}
	if err := protocol.WriteRequest(rw, f.version, correlation, f.clientID, &f.Request); err != nil {
		return nil, err
	}
	b, err := readAnswer(rw)
	if err != nil {
		return nil, err
	}
	return parseAnswer(b, f.version)
}

// readAnswer takes memory as the bytes arrive, not as the first four promise.
func readAnswer(r io.Reader) ([]byte, error) {
	var head [8]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n := int64(binary.BigEndian.Uint32(head[:])) - 4
	if got := binary.BigEndian.Uint32(head[4:]); n < 0 || n > maxAnswer || got != correlation {
		return nil, fmt.Errorf("an answer of %d bytes to request %d: %w", n, got, errAnswer)
	}
	var b bytes.Buffer
	b.Grow(int(min(n, maxFetch)) + bytes.MinRead)
	if _, err := io.CopyN(&b, r, n); err != nil {
		return nil, noEOF(err)
	}
	return b.Bytes(), nil
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

var errAnswer = errors.New("the broker's answer does not follow the protocol")

// parseAnswer reads the answer to a request for one partition (Kafka protocol
// guide, "Fetch Response", versions 4 to 11). The records are a part of b.
func parseAnswer(b []byte, version int16) (*fetchAnswer, error) {
	c := cursor{b: b}
	a := new(fetchAnswer)
	c.take(4) // throttle time
	var code int16
	if version >= 7 {
		code = c.int16()
		c.take(4) // session
	}
	if topics := c.int32(); topics != 1 {
		if code != 0 {
			return &fetchAnswer{err: kafkago.Error(code)}, nil
		}
		return nil, errAnswer
	}
	c.take(int(c.int16())) // topic
	if partitions := c.int32(); partitions != 1 {
		return nil, errAnswer
	}
	c.take(4) // partition
	if of := c.int16(); of != 0 {
		code = of
	}
	c.take(8) // high watermark
	a.lastStable = c.int64()
	if version >= 5 {
		a.logStart = c.int64()
	}
	for range c.count(16) {
		a.aborted = append(a.aborted, abortedTransaction{producer: c.int64(), first: c.int64()})
	}
	if version >= 11 {
		c.take(4) // preferred replica
	}
	a.records = c.take(c.count(1))
	if c.bad {
		return nil, errAnswer
	}
	if code != 0 {
		a.err = kafkago.Error(code)
	}
	return a, nil
}

// cursor reads numbers from the front of b. After one that is not there, bad is
// set and all others are 0.
type cursor struct {
	b   []byte
	bad bool
}

func (c *cursor) take(n int) []byte {
	if n < 0 || n > len(c.b) || c.bad {
		c.bad = true
		return nil
	}
	part := c.b[:n:n]
	c.b = c.b[n:]
	return part
}

func (c *cursor) int16() int16 {
	if b := c.take(2); b != nil {
		return int16(binary.BigEndian.Uint16(b))
	}
	return 0
}

func (c *cursor) int32() int32 {
	if b := c.take(4); b != nil {
		return int32(binary.BigEndian.Uint32(b))
	}
	return 0
}

func (c *cursor) int64() int64 {
	if b := c.take(8); b != nil {
		return int64(binary.BigEndian.Uint64(b))
	}
	return 0
}

// count is how many elements of at least size bytes follow; null has none.
func (c *cursor) count(size int) int {
	n := int(c.int32())
	if n > len(c.b)/size {
		c.bad = true
	}
	if n < 0 || c.bad {
		return 0
	}
	return n
}
