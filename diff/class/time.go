package class

import (
	"bytes"
	"net/http"
	"strconv"
	"time"
)

// AsTime returns the time that a JSON value or plain text stands for: a string
// of class Time, Date or HTTPDate, or a number of class EpochSeconds or
// EpochMillis. A time without an offset is taken as UTC.
func AsTime(text []byte) (time.Time, bool) {
	text = bytes.TrimSpace(text)
	if n, ok := parseNumber(text); ok {
		return epoch(n)
	}
	if content, ok := Unquote(text); ok {
		text = content
	}
	if len(text) > maxTime {
		return time.Time{}, false
	}
	if t, ok := parseISO(text); ok {
		return t, true
	}
	if t, ok := parseHTTPDate(text); ok {
		return t, true
	}
	t, err := time.Parse(time.DateOnly, string(text))
	return t, err == nil
}

func epoch(n number) (time.Time, bool) {
	set := n.classes()
	whole, err := strconv.ParseInt(string(n.whole), 10, 64)
	if err != nil || !set.Has(EpochSeconds) && !set.Has(EpochMillis) {
		return time.Time{}, false
	}
	if set.Has(EpochMillis) {
		return time.UnixMilli(whole).UTC(), true
	}
	nanos := 0
	for i := range 9 {
		nanos *= 10
		if i < len(n.fraction) {
			nanos += int(n.fraction[i] - '0')
		}
	}
	return time.Unix(whole, int64(nanos)).UTC(), true
}

// maxTime is longer than every form of a time that is read.
const maxTime = 64

// isoLayouts are tried in order once the text begins like a date. Go's parser
// takes a fraction after the seconds where the layout has none.
var isoLayouts = [...]string{
	"2006-01-02T15:04:05Z07:00",
	"2006-01-02T15:04:05Z0700",
	"2006-01-02T15:04:05Z07",
	"2006-01-02T15:04:05",
	"2006-01-02T15:04Z07:00",
	"2006-01-02T15:04",
	"2006-01-02 15:04:05 Z0700 MST",
	"2006-01-02 15:04:05 Z07:00",
	"2006-01-02 15:04:05 MST",
	"2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04:05Z07",
	"2006-01-02 15:04:05",
	"20060102T150405Z0700",
}

func parseISO(s []byte) (time.Time, bool) {
	if len(s) < 15 || len(s) > maxTime || !every(s[:4], isDigit) {
		return time.Time{}, false
	}
	if s[10] != 'T' && s[10] != 't' && s[10] != ' ' && s[8] != 'T' {
		return time.Time{}, false
	}
	text := string(bytes.ToUpper(s)) // RFC 3339 section 5.6 allows t and z
	for _, layout := range isoLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func parseHTTPDate(s []byte) (time.Time, bool) {
	if len(s) < 24 || len(s) > maxTime || !isLetter(s[0]) || !isLetter(s[2]) {
		return time.Time{}, false
	}
	t, err := http.ParseTime(string(s))
	return t, err == nil
}

func isDate(s []byte) bool {
	if len(s) != len(time.DateOnly) || s[4] != '-' {
		return false
	}
	_, err := time.Parse(time.DateOnly, string(s))
	return err == nil
}
