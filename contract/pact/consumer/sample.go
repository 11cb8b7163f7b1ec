package consumer

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"

	"twinspect.dev/contract"
)

func number(n int) json.Number { return json.Number(strconv.Itoa(n)) }

// samples are texts of the classes.
var samples = map[string]string{
	"uuid": "5f0c1c9a-3d1f-4d7e-9f6b-2a8c4e6d1b30", "ulid": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "date": "2026-01-31", "time": "12:30:00",
	"date-time": "2026-01-31T12:30:00Z", "local-date-time": "2026-01-31T12:30:00", "email": "someone@example.com", "uri": "https://example.com/",
	"ipv4": "192.0.2.1", "ipv6": "2001:db8::1", "ip": "192.0.2.1", "digits": "12345678", "integer": "1", "decimal": "1.5", "hex": "0a1b2c",
}

// sample makes up a value of a field: the most frequent one where values were kept,
// else one of its class or type. It is always the same.
func sample(f *contract.Field) any {
	if f == nil {
		return "text"
	}
	common, n := "", uint64(0)
	for v, count := range f.Values {
		if count > n || count == n && v < common {
			common, n = v, count
		}
	}
	numeric, _ := isNumber(f.Types)
	switch {
	case f.Types["string"] > 0:
		return cmp.Or(common, samples[f.Class], strings.Repeat("x", min(max(f.MinLen, 1), 64)))
	case numeric:
		return json.Number(cmp.Or(numeral(common), numeral(f.Min), "1"))
	case f.Types["boolean"] > 0:
		return common != "false"
	case f.Types["null"] > 0:
		return nil
	}
	return cmp.Or(common, "text")
}

// numeral returns a text that is a number of JSON, else "".
func numeral(s string) string {
	var n json.Number
	if json.Unmarshal([]byte(s), &n) != nil {
		return ""
	}
	return n.String()
}

func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// lookup finds a header field.
func lookup(h map[string]string, name string) (string, bool) {
	for key, v := range h {
		if strings.EqualFold(key, name) {
			return v, true
		}
	}
	return "", false
}
