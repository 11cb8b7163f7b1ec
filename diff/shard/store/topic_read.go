package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	kafkago "github.com/segmentio/kafka-go"

	"twinspect.dev/capture/kafka"
)

const (
	// requestTimeout bounds one request; a leader waits for its replicas for half
	// of it.
	requestTimeout = 15 * time.Second
	// retryFor is the delivery.timeout.ms of the Java client: a leader election
	// and a broker's restart take less.
	retryFor = 2 * time.Minute
	// The pause between attempts doubles from the first to the last, about what
	// a leader election takes.
	firstBackoff = 50 * time.Millisecond
	lastBackoff  = 2 * time.Second
	// fetchBytes is several records of the greatest size.
	fetchBytes = 8 << 20
)

// caughtUp reads the topic to its present end, and at least to the offset least,
// and calls then with the index to itself.
func (t *Topic) caughtUp(ctx context.Context, least int64, then func()) error {
	select {
	case t.mu <- struct{}{}:
		defer func() { <-t.mu }()
	case <-ctx.Done():
		return ctx.Err()
	}
	end, err := t.end(ctx)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	for end = max(end, least); t.index.next < end; {
		next, err := t.fetch(ctx, t.index.next, func(r fetched) {
			if k, ok := parseKey(r.key); ok && r.value != nil {
				t.index.note(k, r.offset)
			}
		})
		if err != nil {
			return fmt.Errorf("store: %w", err)
		}
		t.index.next = next
	}
	then()
	return nil
}

// end returns the offset behind the last record.
func (t *Topic) end(ctx context.Context) (int64, error) {
	b, err := t.bounds(ctx)
	return b.LastOffset, err
}

func (t *Topic) bounds(ctx context.Context) (bounds kafkago.PartitionOffsets, err error) {
	err = t.retry(ctx, func(ctx context.Context) error {
		res, err := t.client.ListOffsets(ctx, &kafkago.ListOffsetsRequest{
			Topics: map[string][]kafkago.OffsetRequest{t.cfg.Topic: {kafkago.FirstOffsetOf(0), kafkago.LastOffsetOf(0)}},
		})
		if err != nil {
			return err
		}
		if len(res.Topics[t.cfg.Topic]) == 0 {
			return kafkago.UnknownTopicOrPartition
		}
		bounds = res.Topics[t.cfg.Topic][0]
		return bounds.Error
	})
	return bounds, err
}

// fetched is one record.
type fetched struct {
	offset     int64
	key, value []byte
}

// fetch gives each the records of one answer and returns the offset to go on at.
func (t *Topic) fetch(ctx context.Context, from int64, each func(fetched)) (next int64, err error) {
	var records []fetched
	err = t.retry(ctx, func(ctx context.Context) error {
		records, next, err = t.answer(ctx, from)
		return err
	})
	for _, r := range records {
		each(r)
	}
	return next, err
}

func (t *Topic) answer(ctx context.Context, from int64) ([]fetched, int64, error) {
	res, err := t.client.Fetch(ctx, &kafkago.FetchRequest{
		Topic: t.cfg.Topic, Partition: 0, Offset: from, MinBytes: 1, MaxBytes: fetchBytes, MaxWait: 500 * time.Millisecond,
	})
	if err != nil {
		return nil, from, err
	}
	if errors.Is(res.Error, kafkago.OffsetOutOfRange) {
		b, err := t.bounds(ctx)
		if err == nil && b.FirstOffset <= from {
			err = errTruncated
		}
		return nil, max(from, b.FirstOffset), err
	}
	if res.Error != nil {
		return nil, from, res.Error
	}
	return read(res.Records, from)
}

var errTruncated = errors.New("the topic was emptied or made anew")

// read takes the records of an answer from the offset on. One whose end is cut
// off comes with the next.
func read(records kafkago.RecordReader, from int64) (all []fetched, next int64, err error) {
	next = from
	for {
		r, err := records.ReadRecord()
		if err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) && next > from {
				err = nil
			}
			return all, next, err
		}
		if r.Offset < from {
			continue
		}
		f, err := copied(r)
		if err != nil {
			return all, next, err
		}
		all = append(all, f)
		next = r.Offset + 1
	}
}

func copied(r *kafkago.Record) (fetched, error) {
	f := fetched{offset: r.Offset}
	var err1, err2 error
	if r.Key != nil {
		f.key, err1 = io.ReadAll(r.Key)
	}
	if r.Value != nil {
		f.value, err2 = io.ReadAll(r.Value)
	}
	return f, errors.Join(err1, err2)
}

// retry repeats op while its error may pass.
func (t *Topic) retry(ctx context.Context, op func(context.Context) error) error {
	start, wait := time.Now(), firstBackoff
	for {
		err := bounded(ctx, op)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, errTruncated) || !kafka.Passing(err) || time.Since(start)+wait > retryFor:
			return t.cfg.Explain(err)
		}
		// The layout that failed is asked anew.
		t.transport.CloseIdleConnections()
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
		wait = min(2*wait, lastBackoff)
	}
}

func bounded(ctx context.Context, op func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	return op(ctx)
}
