package packet

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
	"github.com/stretchr/testify/require"
)

// traffic is 64 MiB of Ethernet, IPv4 and TCP: two frames of a full segment,
// one acknowledgement, one request.
func traffic(b *testing.B) []recorded {
	var frames []recorded
	for _, n := range []int{1448, 0, 1448, 300} {
		data := framed(b, layers.EthernetTypeIPv4, segment4(b, manyBytes(n)))
		frames = append(frames, recorded{frameTime, data, len(data)})
	}
	var out []recorded
	for size := 0; size < 64<<20; {
		for _, r := range frames {
			out = append(out, r)
			size += len(r.data)
		}
	}
	return out
}

// benchFile counts the bytes of the capture before its compression.
func benchFile(b *testing.B, file []byte, size, frames int) {
	b.ReportAllocs()
	b.SetBytes(int64(size))
	for b.Loop() {
		f, err := NewFile("bench", bytes.NewReader(file))
		require.NoError(b, err)
		var s Segment
		n := 0
		for err = f.ReadSegment(context.Background(), &s); err == nil; err = f.ReadSegment(context.Background(), &s) {
			n++
		}
		require.ErrorIs(b, err, io.EOF)
		require.Equal(b, frames, n)
		require.NoError(b, f.Close())
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(frames), "ns/frame")
}

func BenchmarkFile(b *testing.B) {
	frames := traffic(b)
	pcap := pcapFile(b, frames)
	b.Run("pcap", func(b *testing.B) { benchFile(b, pcap, len(pcap), len(frames)) })
	b.Run("pcapng", func(b *testing.B) { benchFile(b, ngFile(b, frames), len(pcap), len(frames)) })
	b.Run("gzip", func(b *testing.B) { benchFile(b, gzipped(b, pcap), len(pcap), len(frames)) })
	b.Run("zstd", func(b *testing.B) { benchFile(b, zstded(b, pcap), len(pcap), len(frames)) })
}

// BenchmarkPcapgo reads the same bytes by gopacket alone, without copies and
// with its decoder that does not allocate: what this package is measured by.
func BenchmarkPcapgo(b *testing.B) {
	frames := traffic(b)
	file := pcapFile(b, frames)
	for name, decode := range map[string]bool{"read": false, "read and decode": true} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(file)))
			for b.Loop() {
				r, err := pcapgo.NewReader(bytes.NewReader(file))
				require.NoError(b, err)
				parse := layersDecoder()
				n := 0
				for {
					data, _, err := r.ZeroCopyReadPacketData()
					if errors.Is(err, io.EOF) {
						break
					}
					require.NoError(b, err)
					if !decode || parse(data) {
						n++
					}
				}
				require.Equal(b, len(frames), n)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(frames)), "ns/frame")
		})
	}
}

// layersDecoder is gopacket's DecodingLayerParser for Ethernet, IP and TCP.
func layersDecoder() func([]byte) bool {
	var eth layers.Ethernet
	var v4 layers.IPv4
	var v6 layers.IPv6
	var tcp layers.TCP
	var payload gopacket.Payload
	parser := gopacket.NewDecodingLayerParser(layers.LayerTypeEthernet, &eth, &v4, &v6, &tcp, &payload)
	var found []gopacket.LayerType
	return func(data []byte) bool {
		err := parser.DecodeLayers(data, &found)
		return err == nil && len(found) >= 3
	}
}

// BenchmarkDecode compares the decoders on a frame that is in the cache.
func BenchmarkDecode(b *testing.B) {
	plain := framed(b, layers.EthernetTypeIPv4, segment4(b, manyBytes(1448)))
	b.Run("own", func(b *testing.B) {
		d := newDecoder(selection{})
		f := frameOf(linkEthernet, plain)
		var s Segment
		for b.Loop() {
			d.decode(f, &s)
		}
	})
	b.Run("layers", func(b *testing.B) {
		parse := layersDecoder()
		for b.Loop() {
			parse(plain)
		}
	})
	vxlan := framed(b, layers.EthernetTypeIPv4, udpOver(b, 4789, joined([]byte{8, 0, 0, 0, 0, 0, 42, 0}, plain)))
	b.Run("own, VXLAN", func(b *testing.B) {
		d := newDecoder(selection{})
		f := frameOf(linkEthernet, vxlan)
		var s Segment
		for b.Loop() {
			d.decode(f, &s)
		}
	})
}
