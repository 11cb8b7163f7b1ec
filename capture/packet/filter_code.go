package packet

import "golang.org/x/net/bpf"

// label is a place in a program that is named before it is known.
type label int

// item is an instruction, or a branch whose targets are labels.
type item struct {
	ins     bpf.Instruction // nil for a branch
	cond    bpf.JumpTest
	val     uint32
	yes, no label
}

// code is a program in the making. Branches go forward only, as the kernel
// demands.
type code struct {
	items  []item
	places []int // of labels, in items
	// aux is set where the outermost VLAN tag is not in the frame but beside
	// it, as the kernel has it.
	aux bool
	// kernel is set where frames have no link-layer header, which shortens
	// their length.
	kernel bool
	// negated is set below an odd number of negations.
	negated bool
}

func (c *code) label() label {
	c.places = append(c.places, -1)
	return label(len(c.places) - 1)
}

func (c *code) place(l label) { c.places[l] = len(c.items) }

func (c *code) add(ins bpf.Instruction) { c.items = append(c.items, item{ins: ins}) }

func (c *code) branch(cond bpf.JumpTest, val uint32, yes, no label) {
	c.items = append(c.items, item{cond: cond, val: val, yes: yes, no: no})
}

// goTo is a branch that is always taken.
func (c *code) goTo(l label) { c.branch(bpf.JumpGreaterOrEqual, 0, l, l) }

// oneOf branches to yes where the loaded value is one of vals, else to no.
func (c *code) oneOf(yes, no label, vals ...uint32) {
	for _, v := range vals[:len(vals)-1] {
		next := c.label()
		c.branch(bpf.JumpEqual, v, yes, next)
		c.place(next)
	}
	c.branch(bpf.JumpEqual, vals[len(vals)-1], yes, no)
}

func (c *code) load(off uint32, size int) { c.add(bpf.LoadAbsolute{Off: off, Size: size}) }
func (c *code) mask(bits uint32)          { c.add(bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: bits}) }

// inBand is how many of the tags are in the frame.
func (c *code) inBand(tags int) int {
	if c.aux {
		return max(tags-1, 0)
	}
	return tags
}

// network is the offset of the header behind so many VLAN tags.
func (c *code) network(tags int) uint32 { return uint32(4 * c.inBand(tags)) }

// protocol loads the type of that header.
func (c *code) protocol(tags int) {
	if c.inBand(tags) == 0 {
		c.add(bpf.LoadExtension{Num: bpf.ExtProto})
		return
	}
	c.load(c.network(tags)-2, 2)
}

// is goes on where the header behind the tags is of that type, and to no
// where it is not.
func (c *code) is(tags int, t etherType, no label) {
	next := c.label()
	c.protocol(tags)
	c.branch(bpf.JumpEqual, uint32(t), next, no)
	c.place(next)
}

func (c *code) end(accept, reject label, snapLen int) {
	c.place(accept)
	c.add(bpf.RetConstant{Val: uint32(snapLen)})
	c.place(reject)
	c.add(bpf.RetConstant{Val: 0})
}

// layout finds out where each item lies, and which branches have a target
// beyond the 255 instructions that a conditional jump of classic BPF reaches:
// they take three. Each round makes another branch longer, or is the last.
func (c *code) layout() (at []int, far []bool) {
	at = make([]int, len(c.items)+1)
	far = make([]bool, len(c.items))
	for changed := true; changed; {
		changed = false
		for i := range c.items {
			at[i+1] = at[i] + 1
			if far[i] {
				at[i+1] += 2
			}
		}
		for i, it := range c.items {
			if it.ins != nil || far[i] {
				continue
			}
			if furthest := max(at[c.places[it.yes]], at[c.places[it.no]]); furthest-at[i]-1 > 255 {
				far[i], changed = true, true
			}
		}
	}
	return at, far
}

// link fills in the distances.
func (c *code) link() []bpf.Instruction {
	at, far := c.layout()
	out := make([]bpf.Instruction, 0, at[len(c.items)])
	for i, it := range c.items {
		if it.ins != nil {
			out = append(out, it.ins)
			continue
		}
		yes, no := at[c.places[it.yes]]-at[i]-1, at[c.places[it.no]]-at[i]-1
		if !far[i] {
			out = append(out, bpf.JumpIf{Cond: it.cond, Val: it.val, SkipTrue: uint8(yes), SkipFalse: uint8(no)})
			continue
		}
		out = append(out, bpf.JumpIf{Cond: it.cond, Val: it.val, SkipFalse: 1},
			bpf.Jump{Skip: uint32(yes - 1)}, bpf.Jump{Skip: uint32(no - 2)})
	}
	return out
}
