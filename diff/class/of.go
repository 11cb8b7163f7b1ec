package class

import (
	"bytes"
	"encoding/json"
)

// Of returns every class that the value belongs to. text is a JSON value, or
// plain text such as a header field's value: what is not JSON is taken as a
// string. A JSON text that was cut short keeps its type and nothing more.
func Of(text []byte) Set {
	text = bytes.TrimSpace(text)
	if len(text) == 0 {
		return SetOf(String, Any)
	}
	switch text[0] {
	case '"':
		return ofQuoted(text)
	case '{':
		return SetOf(Object, Any)
	case '[':
		return SetOf(Array, Any)
	}
	switch string(text) {
	case "null":
		return SetOf(Null, Any)
	case "true", "false":
		return SetOf(Boolean, Any)
	}
	if n, ok := parseNumber(text); ok {
		return n.classes() | SetOf(Number, Any)
	}
	return ofString(text)
}

// ofQuoted classifies a JSON string by what it stands for.
func ofQuoted(text []byte) Set {
	content, ok := Unquote(text)
	if !ok {
		return SetOf(String, Any)
	}
	return ofString(content)
}

// Unquote returns what a JSON string stands for. It returns false where text is
// not a whole JSON string. The result may share memory with text.
func Unquote(text []byte) ([]byte, bool) {
	if len(text) < 2 || text[0] != '"' || text[len(text)-1] != '"' {
		return nil, false
	}
	content := text[1 : len(text)-1]
	if bytes.IndexByte(content, '\\') < 0 {
		return content, bytes.IndexByte(content, '"') < 0
	}
	var s string
	if json.Unmarshal(text, &s) != nil {
		return nil, false
	}
	return []byte(s), true
}

// maxShortForm is the length in bytes beyond which none of the short forms is
// looked for; the longest of them is a URL, which browsers and proxies cut at
// about this length.
const maxShortForm = 2048

func ofString(s []byte) Set {
	set := SetOf(String, Any)
	if len(s) == 0 {
		return set
	}
	visible := isVisible(s)
	if visible {
		set |= ofVisible(s)
	}
	if len(s) <= maxShortForm {
		set |= ofShort(s, visible)
	}
	return set
}

// ofVisible holds the classes that have no spaces and any length.
func ofVisible(s []byte) Set {
	set := SetOf(Token)
	if isDigits(s) {
		set |= SetOf(Digits)
	}
	if isHex(s) {
		set |= SetOf(Hex)
	}
	if isBase64(s) {
		set |= SetOf(Base64)
	}
	if isJWT(s) {
		set |= SetOf(JWT)
	}
	return set
}

// ofShort holds the classes whose form bounds the length.
func ofShort(s []byte, visible bool) Set {
	var set Set
	if _, ok := parseISO(s); ok {
		set |= SetOf(Time)
	}
	if _, ok := parseHTTPDate(s); ok {
		set |= SetOf(HTTPDate)
	}
	if !visible {
		return set
	}
	for _, f := range shortForms {
		if f.is(s) {
			set |= SetOf(f.class)
		}
	}
	return set
}

var shortForms = [...]struct {
	class Class
	is    func([]byte) bool
}{
	{UUID, isUUID}, {ULID, isULID}, {Date, isDate}, {Email, isEmail},
	{URL, isURL}, {IP, isIP}, {Semver, isSemver},
}
