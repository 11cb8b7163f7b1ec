package packet

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"bytes"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/bpf"
)

// expressions are compared with tcpdump over the corpus.
var expressions = []string{
	"ip", "ip6", "arp", "rarp", "tcp", "udp", "icmp", "icmp6", "sctp",
	"port 80", "tcp port 80", "udp port 53", "port http", "port 80 or 8080", "port 80 or port 8080 and tcp",
	"tcp dst port 80", "src port 80", "src and dst port 80", "src or dst port 80",
	"portrange 80-90", "tcp portrange 8000-9000", "src portrange 1024-65535", "portrange 9000-80",
	"host 10.0.0.1", "src host 10.0.0.1", "dst host 10.0.0.1", "host 10.0.0.1 or 10.0.0.2",
	"src 127.0.0.1", "src and dst host 127.0.0.1", "ip host 127.0.0.1", "arp host 10.0.0.1",
	"host ::1", "ip6 host ::1", "src host ::1 and tcp", "host (10.0.0.1 or ::1)",
	"net 10.0.0.0/8", "net 10", "src net 192.168", "dst net 192.168.0.0/16", "net 10.0.0.0 mask 255.0.0.0",
	"net 0.0.0.0/0", "net 128.0.0.0/1", "ip6 net fe80::/10", "net 2000::/3", "net ::1",
	"not port 80", "not (port 80)", "!tcp && ! udp", "not not tcp", "not host ::1",
	"(tcp and port 80) or udp", "tcp and not port 80", "tcp or udp and port 80", "tcp or (udp and port 80)",
	"port 80 and (81 or 443)", "port 80 or not 81", "tcp port (80 or 81)", "ip and tcp port 80 and host 10.0.0.1",
	"vlan", "vlan 5", "vlan and port 80", "vlan and vlan", "vlan and vlan and tcp", "not vlan",
	"tcp or (vlan and tcp)", "vlan and host 10.0.0.1 or ip6", "vlan and not ip", "vlan and portrange 1-1023",
	"greater 100", "less 100", "less 100 and tcp", "not greater 1000", "greater 0",
	"ip proto 6", "ip6 proto 58", "proto 17", `ip proto \tcp`,
	"tcp port 80 or udp port 53 and host 10.0.0.1",
	strings.Repeat("port 81 or ", 40) + "port 80",
}

// ethernetFrames are the Ethernet frames of the corpus.
func ethernetFrames(t testing.TB) []frame {
	dir := os.Getenv("TWINSPECT_CORPORA")
	if dir == "" {
		dir = "../../../shared/corpora"
	}
	files, err := filepath.Glob(filepath.Join(dir, "http-captures", "*.pcap*"))
	require.NoError(t, err)
	if len(files) == 0 {
		t.Skip("no corpus of captures in " + dir)
	}
	var frames []frame
	for _, name := range files {
		file, err := os.Open(name)
		require.NoError(t, err)
		defer file.Close()
		if in, err := openInput(file); err == nil {
			defer in.close()
			if recs, err := openRecords(&stream{window: newWindow(in.plain), raw: &in.raw}); err == nil {
				frames = appendFrames(frames, recs)
			}
		}
	}
	return frames
}

func appendFrames(frames []frame, recs records) []frame {
	var f frame
	for recs.next(&f) == nil {
		if f.link == linkEthernet {
			f.data = bytes.Clone(f.data)
			frames = append(frames, f)
		}
	}
	return frames
}

// fragment reports whether a frame holds one, where this language differs.
func (f *frame) fragment() bool {
	t, b := be16(f.data[12:]), f.data[ethernetHeader:]
	for t == typeVLAN || t == typeQinQ || t == typeOldQinQ {
		if len(b) < 4 {
			return false
		}
		t, b = be16(b[2:]), b[4:]
	}
	return t == typeIPv4 && len(b) > 8 && be16(b[6:])&0x1fff != 0 || t == typeIPv6 && len(b) > 6 && b[6] == protoFragment
}

func TestFilterAgreesWithTcpdump(t *testing.T) {
	if _, err := exec.LookPath("tcpdump"); err != nil {
		t.Skip("tcpdump is not installed: the filter is not compared with it")
	}
	frames := ethernetFrames(t)
	for _, expr := range expressions {
		theirs, err := bpf.NewVM(tcpdumpProgram(t, expr))
		require.NoError(t, err)
		ours, err := compileFilter(expr)
		require.NoError(t, err)
		hits, differ := 0, 0
		for i := range frames {
			f := &frames[i]
			if len(f.data) < ethernetHeader || f.wire != len(f.data) || f.fragment() {
				continue
			}
			n, err := theirs.Run(f.data)
			require.NoError(t, err)
			view, _ := f.seen()
			if n > 0 {
				hits++
			}
			if ours.inBand.pass(&view) != (n > 0) {
				differ++
			}
		}
		assert.Zero(t, differ, "%q passes %d frames", expr, hits)
	}
}

func tcpdumpProgram(t *testing.T, expr string) []bpf.Instruction {
	out, err := exec.Command("tcpdump", "-y", "EN10MB", "-ddd", expr).Output()
	require.NoError(t, err, expr)
	var raw []bpf.RawInstruction
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n")[1:] {
		var v [4]uint64
		for i, field := range strings.Fields(line) {
			v[i], err = strconv.ParseUint(field, 10, 32)
			require.NoError(t, err)
		}
		raw = append(raw, bpf.RawInstruction{Op: uint16(v[0]), Jt: uint8(v[1]), Jf: uint8(v[2]), K: uint32(v[3])})
	}
	program, ok := bpf.Disassemble(raw)
	require.True(t, ok)
	return program
}
