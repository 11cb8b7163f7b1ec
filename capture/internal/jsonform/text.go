// Package jsonform writes exchanges as JSON that a person can read, and reads
// them back without loss.
//
// Text of the wire need not be UTF-8, which JSON must be. A text that is UTF-8
// is a JSON string; any other is an object {"base64":"..."}. The two cannot be
// taken for each other, so every text comes back byte for byte.
package jsonform

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"twinspect.dev/capture"
)

// Text is a text of the wire.
type Text string

type rawText struct {
	Base64 *string `json:"base64"`
}

// MarshalJSON implements [json.Marshaler].
func (t Text) MarshalJSON() ([]byte, error) { return appendText(nil, string(t)) }

func appendText(b []byte, s string) ([]byte, error) {
	if utf8.ValidString(s) {
		return jsontext.AppendQuote(b, s)
	}
	b = append(b, `{"base64":"`...)
	b = base64.StdEncoding.AppendEncode(b, []byte(s))
	return append(b, `"}`...), nil
}

// UnmarshalJSON implements [json.Unmarshaler].
func (t *Text) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '{' {
		var raw rawText
		if err := strict(b, &raw); err != nil {
			return err
		}
		if raw.Base64 == nil {
			return errors.New(`text is an object without "base64"`)
		}
		decoded, err := base64.StdEncoding.DecodeString(*raw.Base64)
		if err != nil {
			return fmt.Errorf("text: %w", err)
		}
		*t = Text(decoded)
		return nil
	}
	return json.Unmarshal(b, (*string)(t))
}

// strict is [json.Unmarshal] that does not accept unknown fields.
func strict(b []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	return dec.Decode(v)
}

// Header is a list of fields as [["Name","value"], ...].
type Header []capture.Field

// MarshalJSON implements [json.Marshaler].
func (h Header) MarshalJSON() ([]byte, error) {
	b := []byte{'['}
	var err error
	for i, f := range h {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendText(append(b, '['), f.Name); err != nil {
			return nil, err
		}
		if b, err = appendText(append(b, ','), f.Value); err != nil {
			return nil, err
		}
		b = append(b, ']')
	}
	return append(b, ']'), nil
}

// UnmarshalJSON implements [json.Unmarshaler].
func (h *Header) UnmarshalJSON(b []byte) error {
	var pairs [][]Text
	if err := json.Unmarshal(b, &pairs); err != nil {
		return fmt.Errorf("header: %w", err)
	}
	*h = make(Header, len(pairs))
	for i, p := range pairs {
		if len(p) != 2 {
			return fmt.Errorf("header field %d has %d parts: want a name and a value", i, len(p))
		}
		(*h)[i] = capture.Field{Name: string(p[0]), Value: string(p[1])}
	}
	return nil
}

// Labels is an object, or a list of pairs where a name is not UTF-8.
type Labels map[string]string

// MarshalJSON implements [json.Marshaler]. The names are in order.
func (l Labels) MarshalJSON() ([]byte, error) {
	object := make(map[string]Text, len(l))
	pairs := make(Header, 0, len(l))
	valid := true
	for _, name := range slices.Sorted(maps.Keys(l)) {
		object[name] = Text(l[name])
		pairs = append(pairs, capture.Field{Name: name, Value: l[name]})
		valid = valid && utf8.ValidString(name)
	}
	if !valid {
		return pairs.MarshalJSON()
	}
	return json.Marshal(object)
}

// UnmarshalJSON implements [json.Unmarshaler].
func (l *Labels) UnmarshalJSON(b []byte) error {
	*l = make(Labels)
	if len(b) > 0 && b[0] == '[' {
		var pairs Header
		if err := pairs.UnmarshalJSON(b); err != nil {
			return fmt.Errorf("labels: %w", err)
		}
		for _, p := range pairs {
			(*l)[p.Name] = p.Value
		}
		return nil
	}
	var object map[string]Text
	if err := json.Unmarshal(b, &object); err != nil {
		return fmt.Errorf("labels: %w", err)
	}
	for name, value := range object {
		(*l)[name] = string(value)
	}
	return nil
}

// Time is an instant as RFC 3339 in UTC with nanoseconds. One outside of the
// years 0 to 9999, which that cannot write, is "@seconds.nanoseconds" since
// 1970, the nanoseconds as nine digits counted forward.
type Time struct{ time.Time }

// MarshalJSON implements [json.Marshaler].
func (t Time) MarshalJSON() ([]byte, error) {
	utc := t.UTC()
	if y := utc.Year(); y < 0 || y > 9999 {
		return fmt.Appendf(nil, `"@%d.%09d"`, t.Unix(), t.Nanosecond()), nil
	}
	return utc.AppendFormat(nil, `"`+time.RFC3339Nano+`"`), nil
}

// UnmarshalJSON implements [json.Unmarshaler].
func (t *Time) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("time: %w", err)
	}
	if instant, ok := strings.CutPrefix(s, "@"); ok {
		seconds, nanos, _ := strings.Cut(instant, ".")
		sec, err := strconv.ParseInt(seconds, 10, 64)
		if err != nil {
			return fmt.Errorf("time %q: %w", s, err)
		}
		nsec, err := strconv.ParseUint(nanos, 10, 30)
		if err != nil || len(nanos) != 9 {
			return fmt.Errorf("time %q: want nine digits after the point", s)
		}
		t.Time = time.Unix(sec, int64(nsec)).UTC()
		return nil
	}
	parsed, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return fmt.Errorf("time %q: want RFC 3339, such as 2006-01-02T15:04:05.123456789Z", s)
	}
	t.Time = parsed.UTC()
	return nil
}
