package compare

import (
	"bytes"
	"encoding/json"
	"strings"
)

// jsonMasker copies a JSON text and replaces the strings and numbers that are
// the values of secret members, at any depth, and secrets inside of other
// strings. The rest stays.
type jsonMasker struct {
	m    *masker
	src  []byte // the beginning of full that is looked at
	full []byte
	out  strings.Builder
	// secret says for each open container, and last for the value that is due,
	// whether it is a secret.
	secret []bool
}

// run returns the copy. It takes any bytes, and stops at the end of src.
func (w *jsonMasker) run(secret bool) string {
	w.secret = append(w.secret, secret)
	for i := 0; i < len(w.src); {
		switch c := w.src[i]; c {
		case '"':
			i = w.text(i)
			continue
		case '{', '[':
			w.secret = append(w.secret, w.due())
		case '}', ']':
			w.secret = w.secret[:max(1, len(w.secret)-1)]
		case ',':
			w.inherit()
		case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
			i = w.number(i)
			continue
		}
		w.out.WriteByte(w.src[i])
		i++
	}
	return w.out.String()
}

func (w *jsonMasker) due() bool { return w.secret[len(w.secret)-1] }

// inherit makes the next value as secret as the container that it lies in.
func (w *jsonMasker) inherit() {
	if n := len(w.secret); n > 1 {
		w.secret[n-1] = w.secret[n-2]
	}
}

// text copies a name or a string.
func (w *jsonMasker) text(i int) int {
	end := i + 1
	for end < len(w.full) && w.full[end] != '"' {
		if w.full[end] == '\\' {
			end++
		}
		end++
	}
	end = min(end+1, len(w.full))
	raw := w.full[i:end]
	switch isName := bytes.HasPrefix(bytes.TrimLeft(w.full[end:], " \t\r\n"), []byte{':'}); {
	case isName:
		var name string
		w.inherit()
		if json.Unmarshal(raw, &name) == nil && isSecretName(name) {
			w.secret[len(w.secret)-1] = true
		}
		w.out.Write(raw[:min(len(raw), maxMasked)])
	case w.due():
		w.out.WriteString(w.m.quoted(raw))
	default:
		w.out.WriteString(w.m.inText(string(raw[:min(len(raw), maxMasked)])))
	}
	return end
}

func (w *jsonMasker) number(i int) int {
	end := i
	for end < len(w.full) && strings.IndexByte("+-.eE0123456789", w.full[end]) >= 0 {
		end++
	}
	literal := string(w.full[i:end])
	if w.due() {
		literal = w.m.number(literal)
	}
	w.out.WriteString(cut(literal, maxMasked))
	return end
}

// likeJSON reports whether a text begins as JSON does, whatever follows.
func likeJSON(data []byte) bool {
	data = bytes.TrimLeft(data, "\ufeff \t\r\n")
	if inner, ok := bytes.CutPrefix(data, []byte{'['}); ok {
		inner = bytes.TrimLeft(inner, " \t\r\n")
		return len(inner) > 0 && (inner[0] == '{' || inner[0] == '"')
	}
	return bytes.HasPrefix(data, []byte{'{'})
}

// lines returns lines of a text as they may be shown. Of a text that looks like
// JSON, lines from its middle, which may lie inside of a secret member, show no
// value unless a document begins with them.
func (m *masker) lines(value []byte, isJSON, first bool) string {
	if !isJSON || len(value) == 0 || m.bare {
		return m.text(value)
	}
	masked := jsonMasker{m: m, src: value[:min(len(value), maxMasked)], full: value}
	return clip(m.inText(masked.run(!first && value[0] != '{' && value[0] != '[')), len(value))
}

// quoted returns the pseudonym of a JSON string in quotes.
func (m *masker) quoted(raw []byte) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		s = string(bytes.Trim(raw, `"`))
	}
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(m.pseudonym(s)) != nil {
		return `"` + m.pseudonym("x") + `"`
	}
	return strings.TrimSuffix(b.String(), "\n")
}
