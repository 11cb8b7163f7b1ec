package wire

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/packet"
	"twinspect.dev/capture/tcpstream"
)

const (
	asked    = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
	answered = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
)

// then reads segments, and then gives an error for ever.
type then struct {
	segments
	err error
}

func (r *then) ReadSegment(ctx context.Context, seg *packet.Segment) error {
	if len(r.segments) > 0 {
		return r.segments.ReadSegment(ctx, seg)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return r.err
}

// talk is one whole exchange and one request without answer.
func talk() segments {
	c := &conversation{}
	c.open()
	c.segment(0, packet.ACK, []byte(asked))
	c.segment(1, packet.ACK, []byte(answered))
	c.segment(0, packet.ACK, []byte("GET /b HTTP/1.1\r\nHo"))
	return c.list.stamp()
}

func TestCancelingGivesWhatThereIsAndThenTheError(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	s := New(Config{}, &then{talk(), io.EOF})
	var e capture.Exchange
	require.NoError(t, s.ReadExchange(ctx, &e))
	assert.True(t, e.Complete(), "an exchange is given as soon as it is complete")
	cancel()
	require.NoError(t, s.ReadExchange(ctx, &e))
	assert.Equal(t, "/b", e.Request.Target)
	assert.Equal(t, capture.EndOfCapture, e.Request.Incomplete)
	for range 2 {
		require.ErrorIs(t, s.ReadExchange(context.Background(), &e), context.Canceled)
	}
	for _, stage := range s.Account() {
		assert.NoError(t, stage.Balance())
		assert.Zero(t, stage.Open, stage.Name)
	}
}

func TestAnErrorOfTheSegmentsEndsTheStreamAfterWhatIsOpen(t *testing.T) {
	broken := errors.New("broken")
	s := New(Config{}, &then{talk(), broken})
	var e capture.Exchange
	require.NoError(t, s.ReadExchange(context.Background(), &e))
	require.NoError(t, s.ReadExchange(context.Background(), &e))
	assert.Equal(t, capture.EndOfCapture, e.Request.Incomplete)
	require.ErrorIs(t, s.ReadExchange(context.Background(), &e), broken)
}

// damaged reports one damaged record in the middle.
type damaged struct {
	segments
	told bool
}

func (r *damaged) ReadSegment(ctx context.Context, seg *packet.Segment) error {
	if !r.told && len(r.segments) == 2 {
		r.told = true
		return &capture.RecordError{Input: "x.pcap", Offset: 7, Reason: "damaged-record", Err: io.ErrUnexpectedEOF}
	}
	return r.segments.ReadSegment(ctx, seg)
}

func TestADamagedRecordIsPassedOnAndEndsNothing(t *testing.T) {
	s := New(Config{}, &damaged{segments: talk()})
	var got []capture.Exchange
	sink := capture.SinkFunc(func(_ context.Context, e *capture.Exchange) error {
		got = append(got, *e.Clone())
		return nil
	})
	stats, err := capture.Copy(context.Background(), sink, s, nil)
	require.NoError(t, err)
	assert.EqualValues(t, 1, stats.Dropped["damaged-record"])
	assert.Len(t, got, 2)
	assert.True(t, got[0].Complete())
}

func TestOnlyTheAskedPortsAreRecorded(t *testing.T) {
	for port, want := range map[uint16]int{80: 2, 81: 0} {
		segs := talk()
		s := New(Config{Ports: []uint16{port}}, &segs)
		stats, err := capture.Copy(context.Background(), capture.SinkFunc(func(context.Context, *capture.Exchange) error { return nil }), s, nil)
		require.NoError(t, err)
		assert.EqualValues(t, want, stats.Written)
		if want == 0 {
			assert.EqualValues(t, 6, s.Account()[0].Filtered[OtherPort])
		}
	}
}

func TestAConnectionWithoutEndIsGivenUpWhenIdle(t *testing.T) {
	segs := talk()
	later := segs[0]
	later.Time = later.Time.Add(time.Hour)
	later.Seq, later.Network = 99, 7
	segs = append(segs, later)
	s := New(Config{Streams: tcpstream.Config{Idle: time.Minute}}, &segs)
	var e capture.Exchange
	require.NoError(t, s.ReadExchange(context.Background(), &e))
	require.NoError(t, s.ReadExchange(context.Background(), &e))
	assert.Equal(t, capture.Evicted, e.Request.Incomplete)
	assert.EqualValues(t, 1, s.Events().Idle)
}
