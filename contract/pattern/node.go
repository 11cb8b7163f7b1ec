package pattern

// node is a part of an expression.
type node interface{}

type (
	// chars is one character of a class.
	chars struct{ class class }
	// sequence is one part after the other.
	sequence struct{ parts []node }
	// choice is one of several.
	choice struct{ of []node }
	// repeat is a part min to max times; max is -1 where there is no end.
	repeat struct {
		of       node
		min, max int
		lazy     bool
	}
	// group is a part that is captured by its number, from 1.
	group struct {
		of     node
		number int
	}
	// again is what a group captured.
	again struct{ number int }
	// named is again before the number of its name is known.
	named struct{ name string }
	// look is an assertion on what follows or what is before.
	look struct {
		of             node
		behind, negate bool
	}
	// edge is ^, $, \b or \B.
	edge struct{ kind byte }
)

// walk calls f for n and everything in it.
func walk(n node, f func(node)) {
	f(n)
	switch n := n.(type) {
	case *sequence:
		for _, p := range n.parts {
			walk(p, f)
		}
	case *choice:
		for _, p := range n.of {
			walk(p, f)
		}
	case *repeat:
		walk(n.of, f)
	case *group:
		walk(n.of, f)
	case *look:
		walk(n.of, f)
	}
}

// hintsOf returns the classes within positive lookarounds, the one that holds
// everything left out: it says nothing.
func hintsOf(root node) []class {
	var hints []class
	walk(root, func(n node) {
		l, ok := n.(*look)
		if !ok || l.negate {
			return
		}
		walk(l.of, func(n node) {
			if c, ok := n.(*chars); ok && c.class.size() < 1<<16 {
				hints = append(hints, c.class)
			}
		})
	})
	return hints
}
