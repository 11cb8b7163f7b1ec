package rewrite

// splice is one replacement of src[from:to].
type splice struct {
	from, to int
	with     []byte
}

// apply returns src with the parts replaced, in new memory. The splices are in
// order and do not overlap.
func apply(src []byte, splices []splice) []byte {
	size := len(src)
	for i := range splices {
		size += len(splices[i].with) - (splices[i].to - splices[i].from)
	}
	out := make([]byte, 0, size)
	done := 0
	for i := range splices {
		out = append(append(out, src[done:splices[i].from]...), splices[i].with...)
		done = splices[i].to
	}
	return append(out, src[done:]...)
}
