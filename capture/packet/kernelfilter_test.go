package packet

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/bpf"
)

// runFilter runs the filter as the kernel does. The simulator knows nothing of
// a frame but its bytes, so the load of its protocol is replaced, and those of
// where it came from.
func runFilter(t *testing.T, list []uint16, protocol etherType, data []byte) int {
	raw, err := kernelFilter(selection{ports: list}, 1000)
	require.NoError(t, err)
	program, ok := bpf.Disassemble(raw)
	require.True(t, ok)
	for i, in := range program {
		if in == (bpf.LoadExtension{Num: bpf.ExtProto}) {
			program[i] = bpf.LoadConstant{Dst: bpf.RegA, Val: uint32(protocol)}
		} else if _, ok := in.(bpf.LoadExtension); ok {
			program[i] = bpf.LoadConstant{Dst: bpf.RegA, Val: 0}
		}
	}
	vm, err := bpf.NewVM(program)
	require.NoError(t, err)
	n, err := vm.Run(data)
	require.NoError(t, err)
	return n
}

func TestKernelFilterPassesThePortsAndWhatItCannotJudge(t *testing.T) {
	s4, s6 := segment4(t, testPayload), segment6(t, testPayload)
	options := append([]byte{0x46}, s4[1:20]...)
	options = joined(options, []byte{1, 1, 1, 1}, s4[20:])
	many := make([]uint16, maxKernelPorts+1)
	for i := range many {
		many[i] = uint16(i + 1)
	}
	for _, c := range []struct {
		name     string
		list     []uint16
		protocol etherType
		data     []byte
		pass     bool
	}{
		{"no ports", nil, typeIPv4, udpOver(t, 53, nil), true},
		{"destination port", []uint16{8080}, typeIPv4, s4, true},
		{"source port", []uint16{1, 40000}, typeIPv4, s4, true},
		{"other port", []uint16{80, 8081}, typeIPv4, s4, false},
		{"IPv4 options", []uint16{8080}, typeIPv4, options, true},
		{"IPv4 options, other port", []uint16{80}, typeIPv4, options, false},
		{"UDP", []uint16{53}, typeIPv4, udpOver(t, 53, nil), false},
		{"later fragment", []uint16{80}, typeIPv4, cut4(s4, 1, span{24, 32, true})[0], true},
		{"first fragment, other port", []uint16{80}, typeIPv4, cut4(s4, 1, span{0, 24, true})[0], false},
		{"IPv6", []uint16{8080}, typeIPv6, s6, true},
		{"IPv6, other port", []uint16{80}, typeIPv6, s6, false},
		{"IPv6 extension", []uint16{80}, typeIPv6, extension6(t, nil, []uint8{60}, make([]byte, 8)), true},
		{"IPv6 without TCP", []uint16{80}, typeIPv6, extension6(t, nil, []uint8{59}, make([]byte, 8)), false},
		{"a tag that is left", []uint16{80}, typeVLAN, s4, true},
		{"ARP", []uint16{80}, 0x0806, make([]byte, 28), false},
		{"as many ports as the kernel compares, the last", many[:maxKernelPorts], typeIPv4, portAt(s4, maxKernelPorts), true},
		{"as many ports as the kernel compares, none", many[:maxKernelPorts], typeIPv4, s4, false},
		{"more ports than the kernel compares", many, typeIPv4, s4, true},
		{"cut short", []uint16{8080}, typeIPv4, s4[:21], false},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, c.pass, runFilter(t, c.list, c.protocol, c.data) > 0)
		})
	}
}

// portAt returns the segment with another destination port.
func portAt(segment []byte, port uint16) []byte {
	b := append([]byte(nil), segment...)
	copy(b[22:], u16(port))
	return b
}

func TestRejectAllPassesNothing(t *testing.T) {
	program, ok := bpf.Disassemble(rejectAll())
	require.True(t, ok)
	vm, err := bpf.NewVM(program)
	require.NoError(t, err)
	n, err := vm.Run(segment4(t, testPayload))
	require.NoError(t, err)
	assert.Zero(t, n)
}
