package jsondiff

// skim returns the place behind the value that begins at i, 0 where it is broken
// or nested more than depth levels deep. It keeps nothing of it.
func skim(src []byte, i, depth int) (end int) {
	if i == len(src) {
		return 0
	}
	switch src[i] {
	case '{':
		return skimObject(src, i, depth)
	case '[':
		return skimArray(src, i, depth)
	}
	return scalarEnd(src, i)
}

func skimArray(src []byte, i, depth int) (end int) {
	if depth == 0 {
		return 0
	}
	if i = space(src, i+1); i < len(src) && src[i] == ']' {
		return i + 1
	}
	for more := true; more; {
		if i = skim(src, i, depth-1); i == 0 {
			return 0
		}
		if i, more = follow(src, i, ']'); i == 0 {
			return 0
		}
	}
	return i
}

func skimObject(src []byte, i, depth int) (end int) {
	if depth == 0 {
		return 0
	}
	if i = space(src, i+1); i < len(src) && src[i] == '}' {
		return i + 1
	}
	for more := true; more; {
		if i == len(src) || src[i] != '"' {
			return 0
		}
		name, _, msg := scanString(src, i)
		if msg != "" {
			return 0
		}
		if i = colon(src, name); i == 0 {
			return 0
		}
		if i = skim(src, i, depth-1); i == 0 {
			return 0
		}
		if i, more = follow(src, i, '}'); i == 0 {
			return 0
		}
	}
	return i
}

// colon returns where the value begins whose name ends at i, 0 where no colon
// stands between them.
func colon(src []byte, i int) int {
	if i = space(src, i); i == len(src) || src[i] != ':' {
		return 0
	}
	return space(src, i+1)
}

// follow reads what stands behind a value: a comma, then next is where the next
// element or name is due, or the closing bracket, then next is the place behind
// it. next is 0 where neither does.
func follow(src []byte, i int, closing byte) (next int, more bool) {
	if i = space(src, i); i == len(src) {
		return 0, false
	}
	switch src[i] {
	case ',':
		return space(src, i+1), true
	case closing:
		return i + 1, false
	}
	return 0, false
}
