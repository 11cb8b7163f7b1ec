package conform

import (
	"hash/fnv"
	"strconv"
	"strings"
	"unicode/utf8"

	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/pointer"
	"twinspect.dev/contract/schema"
)

// maxCause is the length of a cause in bytes before the rest becomes a hash: what
// a line of a report holds, twice.
const maxCause = 200

// Bound returns the cause as it is, or, where it is longer than 200 bytes, its
// beginning and a hash of the whole.
func Bound(cause string) string {
	if len(cause) <= maxCause {
		return cause
	}
	end := maxCause
	for end > 0 && !utf8.RuneStart(cause[end]) {
		end--
	}
	hash := fnv.New64a()
	hash.Write([]byte(cause))
	return cause[:end] + "…" + strconv.FormatUint(hash.Sum64(), 16)
}

// causeOf joins what tells one defect from another: "body-schema 200 maximum
// /items/*/price". The status is the one that the document declares, such as
// "default", as what is declared once is broken once.
func causeOf(check contract.Check, status, keyword, where string) string {
	var b strings.Builder
	b.Grow(len(check) + len(status) + len(keyword) + len(where) + 3)
	for i, part := range [...]string{string(check), status, keyword, where} {
		if part == "" {
			continue
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(part)
	}
	return b.String()
}

// keywordOf tells a keyword for a cause. A type that is wrong is told with the
// one that is there, as a null that leaks is another defect than a number that
// is written as a string.
func keywordOf(v schema.Violation, value any) string {
	if v.Keyword != "type" {
		return v.Keyword
	}
	got, ok := pointer.Get(value, v.At)
	if !ok {
		return v.Keyword
	}
	return "type:" + typeName(got)
}

// byName are the keywords that are broken once for each name of a member.
var byName = map[string]bool{
	"required": true, "dependentRequired": true, "additionalProperties": true, "unevaluatedProperties": true,
}

// where tells the generalised place of a violation for a cause, with the name of
// the member that is missing, or too much, in the object: each such member is a
// defect of its own.
func (c *Conformer) where(at openapi.Place, value any, v schema.Violation) string {
	place := c.fold(at, value, v.At)
	if !byName[v.Keyword] {
		return place
	}
	name, ok := quoted(v.Message)
	switch {
	case !ok:
		return place
	case v.Keyword != "required" && looksLikeValue(name):
		return place + "/*"
	}
	return pointer.Join(place, name)
}

// quoted returns the first text in quotation marks, which is how a violation's
// message tells the name of a member.
func quoted(message string) (string, bool) {
	i := strings.IndexByte(message, '"')
	if i < 0 {
		return "", false
	}
	prefix, err := strconv.QuotedPrefix(message[i:])
	if err != nil {
		return "", false
	}
	name, err := strconv.Unquote(prefix)
	return name, err == nil
}

// fold generalises a pointer into a value of an answer that a schema describes.
func (c *Conformer) fold(at openapi.Place, value any, within string) string {
	if within == "" {
		return ""
	}
	var by Cursor
	if s := c.schema(at, schema.Response); s != nil {
		by = NewCursor(s.Compiled)
	}
	return by.Fold(value, within)
}
