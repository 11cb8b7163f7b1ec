package packet

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
)

// recorded is a frame as the tests write it to a file.
type recorded struct {
	at   time.Time
	data []byte
	wire int
}

// someFrames are n frames with segments that differ in time and length, every
// fourth one cut by a snap length.
func someFrames(tb testing.TB, n int) []recorded {
	var out []recorded
	for i := range n {
		data := framed(tb, layers.EthernetTypeIPv4, segment4(tb, manyBytes(20+i*13%90)))
		r := recorded{frameTime.Add(time.Duration(i) * 1001 * time.Microsecond), data, len(data)}
		if i%4 == 3 {
			r.data = data[:len(data)-7]
		}
		out = append(out, r)
	}
	return out
}

func (r recorded) info() gopacket.CaptureInfo {
	return gopacket.CaptureInfo{Timestamp: r.at, CaptureLength: len(r.data), Length: r.wire}
}

// pcapFile writes little-endian pcap.
func pcapFile(tb testing.TB, frames []recorded) []byte {
	var b bytes.Buffer
	w := pcapgo.NewWriter(&b)
	require.NoError(tb, w.WriteFileHeader(65535, layers.LinkTypeEthernet))
	for _, r := range frames {
		require.NoError(tb, w.WritePacket(r.info(), r.data))
	}
	return b.Bytes()
}

// pcapWith writes pcap of any byte order and magic number.
func pcapWith(order binary.AppendByteOrder, magic uint32, minor uint16, link uint32, frames []recorded) []byte {
	b := order.AppendUint32(nil, magic)
	b = order.AppendUint16(order.AppendUint16(b, 2), minor)
	b = order.AppendUint32(order.AppendUint32(b, 0), 0)
	b = order.AppendUint32(order.AppendUint32(b, 64), link) // a snap length that is not kept to
	for _, r := range frames {
		sub := uint32(r.at.Nanosecond())
		if magic == pcapMicroseconds {
			sub /= 1000
		}
		b = order.AppendUint32(order.AppendUint32(b, uint32(r.at.Unix())), sub)
		captured, wire := uint32(len(r.data)), uint32(r.wire)
		if minor < 3 {
			captured, wire = wire, captured
		}
		b = order.AppendUint32(order.AppendUint32(b, captured), wire)
		b = append(b, r.data...)
	}
	return b
}

// ngFile writes pcapng as pcapgo does.
func ngFile(tb testing.TB, frames []recorded) []byte {
	var b bytes.Buffer
	w, err := pcapgo.NewNgWriter(&b, layers.LinkTypeEthernet)
	require.NoError(tb, err)
	for _, r := range frames {
		require.NoError(tb, w.WritePacket(r.info(), r.data))
	}
	require.NoError(tb, w.Flush())
	return b.Bytes()
}

// ngBlock is one block of pcapng.
func ngBlock(order binary.AppendByteOrder, kind uint32, body []byte) []byte {
	for len(body)%4 != 0 {
		body = append(body, 0)
	}
	b := order.AppendUint32(nil, kind)
	b = order.AppendUint32(b, uint32(len(body)+12))
	b = append(b, body...)
	return order.AppendUint32(b, uint32(len(body)+12))
}

func ngSection(order binary.AppendByteOrder) []byte {
	b := order.AppendUint32(nil, ngByteOrder)
	b = order.AppendUint16(order.AppendUint16(b, 1), 0)
	return ngBlock(order, ngSectionHeader, order.AppendUint64(b, 1<<64-1))
}

// ngOption is one option, padded.
func ngOption(order binary.AppendByteOrder, code uint16, value ...byte) []byte {
	b := order.AppendUint16(order.AppendUint16(nil, code), uint16(len(value)))
	b = append(b, value...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

func ngInterfaceBlock(order binary.AppendByteOrder, link linkType, snap uint32, options ...[]byte) []byte {
	b := order.AppendUint16(order.AppendUint16(nil, uint16(link)), 0)
	return ngBlock(order, ngInterface, append(order.AppendUint32(b, snap), joined(options...)...))
}

func ngEnhancedBlock(order binary.AppendByteOrder, iface uint32, ticks uint64, r recorded) []byte {
	b := order.AppendUint32(nil, iface)
	b = order.AppendUint32(order.AppendUint32(b, uint32(ticks>>32)), uint32(ticks))
	b = order.AppendUint32(order.AppendUint32(b, uint32(len(r.data))), uint32(r.wire))
	return ngBlock(order, ngEnhanced, append(b, r.data...))
}

func gzipped(tb testing.TB, b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(b)
	require.NoError(tb, err)
	require.NoError(tb, w.Close())
	return out.Bytes()
}

func zstded(tb testing.TB, b []byte) []byte {
	w, err := zstd.NewWriter(nil)
	require.NoError(tb, err)
	return w.EncodeAll(b, nil)
}

// readAll reads a whole file from memory: its segments, the damage, and the
// account, which must balance and hold nothing back.
func readAll(tb testing.TB, file []byte) ([]Segment, []*capture.RecordError, capture.Stats) {
	tb.Helper()
	f, err := NewFile("test", bytes.NewReader(file))
	require.NoError(tb, err)
	defer f.Close()
	var segments []Segment
	var damage []*capture.RecordError
	var s Segment
	for {
		err := f.ReadSegment(tb.Context(), &s)
		var bad *capture.RecordError
		if err == nil {
			c := s
			c.Payload = bytes.Clone(s.Payload)
			segments = append(segments, c)
			continue
		}
		if errors.As(err, &bad) {
			require.Equal(tb, "test", bad.Input)
			damage = append(damage, bad)
			continue
		}
		require.ErrorIs(tb, err, io.EOF)
		account := f.Account()
		require.NoError(tb, account.Balance())
		require.Zero(tb, account[0].Open)
		require.Equal(tb, uint64(len(segments)), account[0].Written)
		require.ErrorIs(tb, f.ReadSegment(tb.Context(), &s), io.EOF, "the end stays the end")
		return segments, damage, account[0].Stats
	}
}
