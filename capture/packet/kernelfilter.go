package packet

import (
	"fmt"
	"slices"

	"golang.org/x/net/bpf"
)

// maxKernelPorts bounds the ports that the kernel compares: a jump of classic
// BPF reaches 255 instructions, and each port takes two. For more ports the
// kernel passes all of TCP and the process compares.
const maxKernelPorts = 100

// kernelFilter returns the classic BPF program that passes snapLen bytes of the
// frames with one of the ports, and of those whose ports only the process can
// find: later fragments of IPv4, IPv6 with extension headers, and frames that have
// a VLAN tag left when the card's own has been taken off. Frames begin behind
// the link-layer header, as those of a SOCK_DGRAM packet socket do.
func kernelFilter(list []uint16, snapLen int) ([]bpf.RawInstruction, error) {
	if len(list) == 0 {
		return bpf.Assemble([]bpf.Instruction{bpf.RetConstant{Val: uint32(snapLen)}})
	}
	a := &assembler{}
	a.linkPart()
	a.ipv4Part()
	a.ipv6Part()
	a.portPart(list)
	a.label("reject")
	a.add(bpf.RetConstant{Val: 0})
	a.label("accept")
	a.add(bpf.RetConstant{Val: uint32(snapLen)})
	program, err := a.link()
	if err != nil {
		return nil, err
	}
	return bpf.Assemble(program)
}

// rejectAll is the program that passes nothing.
func rejectAll() []bpf.RawInstruction {
	return []bpf.RawInstruction{{Op: 0x06}} // ret #0
}

// linkPart decides by the protocol and leaves the offset of the IP header in X.
// Whether a tag precedes the IP header depends on the version of the kernel;
// the process finds out.
func (a *assembler) linkPart() {
	a.add(bpf.LoadConstant{Dst: bpf.RegX, Val: 0}, bpf.LoadExtension{Num: bpf.ExtProto})
	a.jumpIf(bpf.JumpEqual, uint32(typeIPv4), "ipv4")
	a.jumpIf(bpf.JumpEqual, uint32(typeIPv6), "ipv6")
	for _, t := range []etherType{typeVLAN, typeQinQ, typeOldQinQ} {
		a.jumpIf(bpf.JumpEqual, uint32(t), "accept")
	}
	a.jump("reject")
}

func (a *assembler) ipv4Part() {
	a.label("ipv4")
	a.add(bpf.LoadIndirect{Off: 9, Size: 1})
	a.jumpIf(bpf.JumpNotEqual, protoTCP, "reject")
	a.add(bpf.LoadIndirect{Off: 6, Size: 2})
	a.jumpIf(bpf.JumpBitsSet, 0x1fff, "accept")
	a.add(
		bpf.LoadIndirect{Off: 0, Size: 1},
		bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: 0xf},
		bpf.ALUOpConstant{Op: bpf.ALUOpShiftLeft, Val: 2},
		bpf.ALUOpX{Op: bpf.ALUOpAdd}, bpf.TAX{},
	)
	a.jump("ports")
}

func (a *assembler) ipv6Part() {
	a.label("ipv6")
	a.add(bpf.LoadIndirect{Off: 6, Size: 1})
	for _, next := range []uint32{protoHopByHop, protoRouting, protoFragment, protoAH, protoDestOpts} {
		a.jumpIf(bpf.JumpEqual, next, "accept")
	}
	a.jumpIf(bpf.JumpNotEqual, protoTCP, "reject")
	a.add(bpf.LoadConstant{Dst: bpf.RegX, Val: 40})
}

func (a *assembler) portPart(list []uint16) {
	a.label("ports")
	if len(list) > maxKernelPorts {
		a.jump("accept")
		return
	}
	for _, off := range []uint32{0, 2} {
		a.add(bpf.LoadIndirect{Off: off, Size: 2})
		for _, port := range slices.Compact(slices.Sorted(slices.Values(list))) {
			a.jumpIf(bpf.JumpEqual, uint32(port), "accept")
		}
	}
}

// assembler puts a program together whose jumps name their targets.
type assembler struct {
	code   []bpf.Instruction
	labels map[string]int
	jumps  map[int]string
}

func (a *assembler) add(code ...bpf.Instruction) { a.code = append(a.code, code...) }

func (a *assembler) label(name string) {
	if a.labels == nil {
		a.labels = make(map[string]int)
	}
	a.labels[name] = len(a.code)
}

func (a *assembler) mark(target string) {
	if a.jumps == nil {
		a.jumps = make(map[int]string)
	}
	a.jumps[len(a.code)] = target
}

func (a *assembler) jump(target string) {
	a.mark(target)
	a.add(bpf.Jump{})
}

func (a *assembler) jumpIf(cond bpf.JumpTest, val uint32, target string) {
	a.mark(target)
	a.add(bpf.JumpIf{Cond: cond, Val: val})
}

// link fills in the distances. Jumps go forward only.
func (a *assembler) link() ([]bpf.Instruction, error) {
	for at, target := range a.jumps {
		to, ok := a.labels[target]
		skip := to - at - 1
		if !ok || skip < 0 {
			return nil, fmt.Errorf("kernel filter: no way to %q", target)
		}
		switch jump := a.code[at].(type) {
		case bpf.Jump:
			jump.Skip = uint32(skip)
			a.code[at] = jump
		case bpf.JumpIf:
			if skip > 255 {
				return nil, fmt.Errorf("kernel filter: %q is %d instructions away", target, skip)
			}
			jump.SkipTrue = uint8(skip)
			a.code[at] = jump
		}
	}
	return a.code, nil
}
