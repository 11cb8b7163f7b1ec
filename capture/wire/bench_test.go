package wire

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/packet"
	"twinspect.dev/capture/sample"
)

// pcap writes n exchanges with bodies of size bytes over connections of 50, as a
// capture file of Ethernet frames.
func pcap(n, size int) []byte {
	var b bytes.Buffer
	header := []uint32{0xa1b2c3d4, 4<<16 | 2, 0, 0, 65535, 1}
	for _, v := range header {
		b.Write(binary.LittleEndian.AppendUint32(nil, v))
	}
	body := strings.Repeat("x", size)
	clock := uint32(0)
	for done := 0; done < n; {
		c := &conversation{isn: [2]uint32{uint32(done), uint32(done) * 7}}
		c.open()
		for range 50 {
			q := fmt.Sprintf("GET /items/%d HTTP/1.1\r\nHost: example.org\r\nAccept: application/json\r\nUser-Agent: bench\r\n\r\n", done)
			c.segment(0, packet.ACK, []byte(q))
			r := fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\nServer: x\r\n\r\n%s", size, body)
			for len(r) > 0 {
				k := min(len(r), 1448)
				c.segment(1, packet.ACK, r[:k])
				r = r[k:]
			}
			c.segment(0, packet.ACK, nil)
			done++
		}
		c.close()
		for _, s := range c.list {
			clock++
			frame(&b, &s, clock, uint16(10000+done/50%50000))
		}
	}
	return b.Bytes()
}

// frame writes one segment as a record of a capture file.
func frame(b *bytes.Buffer, s *packet.Segment, clock uint32, port uint16) {
	const eth, ip, tcp = 14, 20, 20
	f := make([]byte, eth+ip+tcp, eth+ip+tcp+len(s.Payload))
	f[12] = 8
	f[14] = 0x45
	binary.BigEndian.PutUint16(f[16:], uint16(ip+tcp+len(s.Payload)))
	f[22], f[23] = 64, 6
	src, dst := s.Src.Addr().As4(), s.Dst.Addr().As4()
	copy(f[26:], src[:])
	copy(f[30:], dst[:])
	ports := [2]uint16{port, 80}
	if s.Src == ends[1] {
		ports = [2]uint16{80, port}
	}
	binary.BigEndian.PutUint16(f[34:], ports[0])
	binary.BigEndian.PutUint16(f[36:], ports[1])
	binary.BigEndian.PutUint32(f[38:], s.Seq)
	binary.BigEndian.PutUint32(f[42:], s.Ack)
	f[46], f[47] = 5<<4, s.Flags
	f = append(f, s.Payload...)
	for _, v := range []uint32{1_800_000_000 + clock/1_000_000, clock % 1_000_000, uint32(len(f)), uint32(len(f))} {
		b.Write(binary.LittleEndian.AppendUint32(nil, v))
	}
	b.Write(f)
}

// run reads a capture file to its end and counts whole exchanges.
func run(t require.TestingT, file []byte) (whole int) {
	f, err := packet.NewFile("bench.pcap", bytes.NewReader(file))
	require.NoError(t, err)
	defer f.Close()
	s := New(Config{Agent: "bench"}, f)
	var e capture.Exchange
	for {
		err := s.ReadExchange(context.Background(), &e)
		if errors.Is(err, io.EOF) {
			return whole
		}
		if err != nil {
			require.NoError(t, err)
		}
		if e.Complete() {
			whole++
		}
	}
}

func TestAFileOfManyConnectionsLosesNoPair(t *testing.T) {
	require.Equal(t, 20_000, run(t, pcap(20_000, 300)))
}

// BenchmarkPcapToExchanges is the whole path from the bytes of a capture file,
// by turns with what gopacket and net/http offer for it, so that both meet the
// same load of the machine. The rates are of processor time.
func BenchmarkPcapToExchanges(b *testing.B) {
	for _, size := range []int{300, 1100, 16 << 10} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			const n = 20_000
			file := pcap(n, size)
			var ours, theirs usage
			for b.Loop() {
				ours.add(b, func() { require.Equal(b, n, run(b, file)) })
				theirs.add(b, func() { require.Equal(b, n, runGopacket(b, file)) })
			}
			total := float64(len(file)) * float64(b.N)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(total/1e6/ours.cpu.Seconds(), "MB/s")
			b.ReportMetric(float64(ours.allocs)/n/float64(b.N), "allocs/exchange")
			b.ReportMetric(total/1e6/theirs.cpu.Seconds(), "gopacket-MB/s")
			b.ReportMetric(theirs.cpu.Seconds()/ours.cpu.Seconds(), "times-gopacket")
		})
	}
}

// usage sums up what several runs took of this process.
type usage struct {
	cpu    time.Duration
	allocs uint64
}

func (u *usage) add(b *testing.B, run func()) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start, err := sample.ReadUsage()
	require.NoError(b, err)
	run()
	end, err := sample.ReadUsage()
	require.NoError(b, err)
	u.cpu += end.CPU - start.CPU
	runtime.ReadMemStats(&after)
	u.allocs += after.Mallocs - before.Mallocs
}
