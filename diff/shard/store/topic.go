package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	kafkago "github.com/segmentio/kafka-go"

	"twinspect.dev/capture/kafka"
)

// maxPart is what a record of an object holds. The broker's default
// max.message.bytes of 1,048,588 covers it with its key and framing.
const maxPart = 1<<20 - 4096

// Topic keeps objects in partition 0 of a topic, whose order says who was first.
// An object is one record or several, under keys of their own, so that the
// topic may be compacted; it must not expire while the run lasts. The object
// whose last record comes first is the one of its name.
//
// The names of all objects of the topic are held in memory.
type Topic struct {
	cfg       kafka.Config
	transport *kafkago.Transport
	client    *kafkago.Client

	// mu holds a token while the topic is read on.
	mu    chan struct{}
	index index

	closing sync.Once
}

// OpenTopic returns the store at an address of the form that [kafka.Target]
// describes, without a window and a group. The error says what to do where the
// topic is missing or the credentials are refused.
func OpenTopic(ctx context.Context, address string) (*Topic, error) {
	target, err := kafka.ParseURL(address)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	if target.Group != "" || target.Window != nil || len(target.Partitions) > 0 ||
		!target.From.IsZero() || !target.To.IsZero() {
		return nil, errors.New("store: a topic that keeps objects has no window and no group")
	}
	transport, err := target.Config.Transport()
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	t := &Topic{
		cfg: target.Config, transport: transport,
		client: &kafkago.Client{Addr: kafkago.TCP(target.Config.Brokers...), Transport: transport, Timeout: requestTimeout},
		mu:     make(chan struct{}, 1), index: newIndex(),
	}
	if err := errors.Join(bounded(ctx, t.check), ctx.Err()); err != nil {
		transport.CloseIdleConnections()
		return nil, err
	}
	return t, nil
}

// check tries once what is tried again later, so that a missing topic or wrong
// credentials are told at once.
func (t *Topic) check(ctx context.Context) error {
	m, err := t.client.Metadata(ctx, &kafkago.MetadataRequest{Topics: []string{t.cfg.Topic}})
	if err == nil {
		err = kafkago.UnknownTopicOrPartition
		for _, topic := range m.Topics {
			if topic.Name == t.cfg.Topic && len(topic.Partitions) > 0 {
				err = topic.Error
			}
		}
	}
	return t.cfg.Explain(err)
}

// Close implements [Store].
func (t *Topic) Close() error {
	t.closing.Do(t.transport.CloseIdleConnections)
	return nil
}

// Put implements [Store].
func (t *Topic) Put(ctx context.Context, name string, data []byte) error {
	if err := check(name, data); err != nil {
		return err
	}
	exists := false
	if err := t.caughtUp(ctx, 0, func() { _, exists = t.index.objects[name] }); err != nil {
		return err
	}
	if exists {
		return fmt.Errorf("%s: %w", name, ErrExists)
	}
	attempt := rand.Text()
	var next int64
	parts := slices.Collect(slices.Chunk(data, maxPart))
	for i, part := range parts {
		offset, err := t.produce(ctx, key{name, attempt, i, len(parts)}.bytes(), part)
		if err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
		next = offset + 1
	}
	var winner string
	if err := t.caughtUp(ctx, next, func() { winner = t.index.objects[name].attempt }); err != nil {
		return err
	}
	switch winner {
	case attempt:
		return nil
	case "":
		return fmt.Errorf("write %s: the topic has lost what was written to it", name)
	}
	return fmt.Errorf("%s: %w", name, ErrExists)
}

// produce writes one record and returns its offset.
func (t *Topic) produce(ctx context.Context, key, value []byte) (offset int64, err error) {
	err = t.retry(ctx, func(ctx context.Context) error {
		res, err := t.client.Produce(ctx, &kafkago.ProduceRequest{
			Topic: t.cfg.Topic, Partition: 0, RequiredAcks: kafkago.RequireAll, Compression: kafkago.Zstd,
			Records: kafkago.NewRecordReader(kafkago.Record{
				Time: time.Now(), Key: kafkago.NewBytes(key), Value: kafkago.NewBytes(value),
			}),
		})
		if err != nil {
			return err
		}
		offset = res.BaseOffset
		return res.Error
	})
	if errors.Is(err, kafkago.MessageSizeTooLarge) || errors.Is(err, kafkago.RecordListTooLarge) {
		return 0, fmt.Errorf("%w: raise max.message.bytes of the topic to 1 MiB: %w", ErrTooLarge, err)
	}
	return offset, err
}

// Get implements [Store].
func (t *Topic) Get(ctx context.Context, name string) ([]byte, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	var object object
	err := t.caughtUp(ctx, 0, func() { object = t.index.objects[name] })
	if err != nil {
		return nil, err
	}
	if object.attempt == "" {
		return nil, fmt.Errorf("%s: %w", name, ErrMissing)
	}
	var data []byte
	for i, offset := range object.offsets {
		part, err := t.part(ctx, key{name, object.attempt, i, len(object.offsets)}, offset)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		data = append(data, part...)
	}
	return data, nil
}

var errGone = errors.New("its record is gone from the topic: does it expire?")

// part reads the record of a part, which compaction may have replaced by a later
// one that is the same: a part that was written again because its answer was
// lost.
func (t *Topic) part(ctx context.Context, k key, offset int64) (part []byte, err error) {
	want, found := string(k.bytes()), false
	end, err := t.end(ctx)
	for err == nil && !found && offset < end {
		offset, err = t.fetch(ctx, offset, func(r fetched) {
			if !found && string(r.key) == want {
				part, found = r.value, true
			}
		})
	}
	if err == nil && !found {
		err = errGone
	}
	return part, err
}

// List implements [Store].
func (t *Topic) List(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		var names []string
		err := t.caughtUp(ctx, 0, func() { names = slices.Collect(maps.Keys(t.index.objects)) })
		if err != nil {
			yield("", err)
			return
		}
		for _, name := range names {
			if strings.HasPrefix(name, prefix) && !yield(name, nil) {
				return
			}
		}
	}
}
