package twinpb_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
	"twinspect.dev/capture/archive/twinpb"
	"twinspect.dev/capture/capturetest"
)

// The bytes written field by field are those of the generated code, both ways.
func TestTheBytesAreThoseOfTheSchema(t *testing.T) {
	var d twinpb.Decoder
	rapid.Check(t, func(t *rapid.T) {
		want := capturetest.Exchange().Draw(t, "exchange")
		written, err := twinpb.AppendExchange(nil, want)
		require.NoError(t, err)
		var m twinpb.Exchange
		require.NoError(t, proto.Unmarshal(written, &m))
		requireSame(t, want, &m)
		generated, err := proto.MarshalOptions{Deterministic: true}.Marshal(&m)
		require.NoError(t, err)
		require.Len(t, generated, len(written))

		var got capture.Exchange
		require.NoError(t, d.Exchange(generated, &got))
		if diff := capturetest.Diff(want, &got); diff != "" {
			t.Fatalf("%s", diff)
		}
	})
}

// requireSame spot-checks that the numbers of the fields mean the same.
func requireSame(t *rapid.T, e *capture.Exchange, m *twinpb.Exchange) {
	require.Equal(t, e.Request.Target, string(m.GetRequest().GetTarget()))
	require.Equal(t, e.Request.Proto, string(m.GetRequest().GetProto()))
	require.EqualValues(t, e.Response.Status, m.GetResponse().GetStatus())
	require.Equal(t, e.Response.Reason, string(m.GetResponse().GetReason()))
	require.Len(t, m.GetResponse().GetInterim(), len(e.Response.Interim))
	require.True(t, bytes.Equal(e.Response.Body, m.GetResponse().GetMessage().GetBody()))
	require.Equal(t, e.Response.BodySize, m.GetResponse().GetMessage().GetBodySize())
	require.Equal(t, e.Request.End.IsZero(), m.GetRequest().GetMessage().GetEnd() == nil)
	if end := m.GetRequest().GetMessage().GetEnd(); end != nil {
		require.Equal(t, e.Request.End.Unix(), end.GetSeconds())
		require.EqualValues(t, e.Request.End.Nanosecond(), end.GetNanos())
	}
	require.Equal(t, e.Context.Session, string(m.GetContext().GetSession()))
	require.Equal(t, e.Context.SpanID, string(m.GetContext().GetSpanId()))
	require.Equal(t, e.Context.Index, m.GetContext().GetIndex())
	require.Len(t, m.GetContext().GetLabels(), len(e.Context.Labels))
}

func TestAnAccountIsKept(t *testing.T) {
	want := capture.Account{
		{Name: "packets", Unit: "frames", Stats: capture.Stats{
			Seen: 1 << 40, Written: 3, Open: 4,
			Filtered: map[capture.Reason]uint64{"a": 1, "\xff": 2}, Dropped: map[capture.Reason]uint64{"b": 3},
		}},
		{},
	}
	b, err := twinpb.MarshalAccount(want)
	require.NoError(t, err)
	got, err := twinpb.UnmarshalAccount(b)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(want, got, cmpopts.EquateEmpty()))
	_, err = twinpb.UnmarshalAccount([]byte{0xff})
	require.Error(t, err)
}

func TestFieldsOfALaterSchemaArePassedOver(t *testing.T) {
	want := capturetest.Samples()[0]
	b, err := twinpb.AppendExchange(nil, want)
	require.NoError(t, err)
	b = protowire.AppendTag(b, 99, protowire.Fixed64Type)
	b = protowire.AppendFixed64(b, 7)
	b = protowire.AppendTag(b, 1, protowire.VarintType)
	b = protowire.AppendVarint(b, 7)
	var d twinpb.Decoder
	var got capture.Exchange
	require.NoError(t, d.Exchange(b, &got))
	require.Empty(t, capturetest.Diff(want, &got))
}

func TestTooManyFieldsAreRefusedBothWays(t *testing.T) {
	e := &capture.Exchange{}
	e.Request.Header = make(capture.Header, twinpb.MaxFields)
	b, err := twinpb.AppendExchange(nil, e)
	require.NoError(t, err)
	var d twinpb.Decoder
	var got capture.Exchange
	require.NoError(t, d.Exchange(b, &got))
	require.Len(t, got.Request.Header, twinpb.MaxFields)

	e.Context.Labels = map[string]string{"one": "more"}
	_, err = twinpb.AppendExchange(nil, e)
	require.ErrorIs(t, err, twinpb.ErrTooManyFields)
	more, err := twinpb.AppendExchange(nil, capturetest.Samples()[0])
	require.NoError(t, err)
	require.ErrorIs(t, d.Exchange(append(b, more...), &got), twinpb.ErrTooManyFields)
	require.Empty(t, capturetest.Diff(&capture.Exchange{}, &got))
}

func FuzzDecoder(f *testing.F) {
	for _, e := range capturetest.Samples() {
		b, err := twinpb.AppendExchange(nil, e)
		require.NoError(f, err)
		f.Add(b)
	}
	f.Add([]byte{0x0a, 0x01, 0x00})
	f.Fuzz(func(t *testing.T, b []byte) {
		var d twinpb.Decoder
		var e, again capture.Exchange
		err := d.Exchange(b, &e)
		if err != nil {
			return
		}
		want := e.Clone()
		written, err := twinpb.AppendExchange(nil, want)
		require.NoError(t, err)
		require.NoError(t, d.Exchange(written, &again))
		require.Empty(t, capturetest.Diff(want, &again))
	})
}
