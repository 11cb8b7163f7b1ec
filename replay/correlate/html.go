package correlate

import (
	"bytes"
	"html"
)

// html visits the values of hidden inputs and the contents of meta elements. It
// is a scanner, not a parser: a tag inside a script or a comment counts too.
func (w *walker) html(b []byte) {
	for at := 0; ; {
		open := bytes.IndexByte(b[at:], '<')
		if open < 0 {
			return
		}
		at += open + 1
		switch {
		case hasTag(b[at:], "input"):
			at = w.element(b, at+len("input"), "value")
		case hasTag(b[at:], "meta"):
			at = w.element(b, at+len("meta"), "content")
		}
	}
}

func hasTag(b []byte, name string) bool {
	return len(b) > len(name) && bytes.EqualFold(b[:len(name)], []byte(name)) && blank(b[len(name)])
}

func blank(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '/'
}

// element reads the attributes from at on, visits the value of an input that is
// hidden or of a meta, and returns the index after them.
func (w *walker) element(b []byte, at int, valueName string) int {
	var name, value []byte
	start, visible := 0, valueName == "value"
	for {
		for at < len(b) && blank(b[at]) {
			at++
		}
		if at >= len(b) || b[at] == '>' {
			break
		}
		var key, text []byte
		var from int
		if key, text, from, at = attribute(b, at); key == nil {
			return at
		}
		switch {
		case bytes.EqualFold(key, []byte("name")):
			name = text
		case bytes.EqualFold(key, []byte(valueName)):
			value, start = text, from
		case bytes.EqualFold(key, []byte("type")):
			visible = !bytes.EqualFold(text, []byte("hidden"))
		}
	}
	if len(name) > 0 && len(value) > 0 && !visible && len(value) <= maxValue {
		w.name = append(w.name[:0], html.UnescapeString(string(name))...)
		w.buf = append(w.buf[:0], html.UnescapeString(string(value))...)
		w.give(HTML, nameKey(HTML, w.name), 0, w.buf, start, start+len(value))
	}
	return at
}

// attribute reads one attribute (WHATWG HTML section 13.1.2.3). from is where
// its value begins, next the index after it; key is nil at the end of b.
func attribute(b []byte, at int) (key, value []byte, from, next int) {
	start := at
	for at < len(b) && !blank(b[at]) && b[at] != '=' && b[at] != '>' {
		at++
	}
	if at == start { // a stray "="
		at++
	}
	key = b[start:min(at, len(b))]
	for at < len(b) && blank(b[at]) && b[at] != '/' {
		at++
	}
	if at >= len(b) || b[at] != '=' {
		return key, nil, at, at
	}
	at++
	for at < len(b) && blank(b[at]) && b[at] != '/' {
		at++
	}
	if at >= len(b) {
		return nil, nil, at, at
	}
	if quote := b[at]; quote == '"' || quote == '\'' {
		size := bytes.IndexByte(b[at+1:], quote)
		if size < 0 {
			return nil, nil, at, len(b)
		}
		return key, b[at+1 : at+1+size], at + 1, at + size + 2
	}
	start = at
	for at < len(b) && (b[at] == '/' || !blank(b[at])) && b[at] != '>' {
		at++
	}
	return key, b[start:at], start, at
}
