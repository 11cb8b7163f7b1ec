package wire

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
	"github.com/google/gopacket/tcpassembly"
	"github.com/google/gopacket/tcpassembly/tcpreader"
	"github.com/stretchr/testify/require"
)

// runGopacket reads a capture file as gopacket's own example of HTTP does: its
// assembler, and net/http's reader on a goroutine for each direction. It counts
// responses; which request they answer stays open.
func runGopacket(t require.TestingT, file []byte) int {
	r, err := pcapgo.NewReader(bytes.NewReader(file))
	require.NoError(t, err)
	messages := &httpStreams{}
	assembler := tcpassembly.NewAssembler(tcpassembly.NewStreamPool(messages))
	source := gopacket.NewPacketSource(r, r.LinkType())
	source.Lazy, source.NoCopy = true, true
	for {
		packet, err := source.NextPacket()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			require.NoError(t, err)
		}
		if tcp, ok := packet.TransportLayer().(*layers.TCP); ok {
			assembler.AssembleWithTimestamp(packet.NetworkLayer().NetworkFlow(), tcp, packet.Metadata().Timestamp)
		}
	}
	assembler.FlushAll()
	messages.running.Wait()
	return int(messages.responses.Load())
}

// httpStreams reads the messages of every direction.
type httpStreams struct {
	running   sync.WaitGroup
	responses atomic.Int64
}

// New implements tcpassembly.StreamFactory.
func (m *httpStreams) New(_, transport gopacket.Flow) tcpassembly.Stream {
	stream := tcpreader.NewReaderStream()
	answers := transport.Src().String() == "80"
	m.running.Go(func() {
		defer tcpreader.DiscardBytesToEOF(&stream)
		in := bufio.NewReader(&stream)
		for m.read(in, answers) {
		}
	})
	return &stream
}

func (m *httpStreams) read(in *bufio.Reader, answers bool) bool {
	if !answers {
		req, err := http.ReadRequest(in)
		return err == nil && tcpreader.DiscardBytesToEOF(req.Body) >= 0
	}
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		return false
	}
	tcpreader.DiscardBytesToEOF(resp.Body)
	m.responses.Add(1)
	return true
}
