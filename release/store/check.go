package store

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"
)

// MaxName bounds each text that is looked up: an entry of a PostgreSQL index holds 2704
// bytes (a third of a page, BTMaxItemSize), and the widest index has four texts.
const MaxName = 512

// MaxText bounds a sentence of an audit entry, a page of text; what is longer is cut,
// as an entry must never be lost.
const MaxText = 4 << 10

// name is a text that is looked up, with what a person calls it.
type name struct{ what, text string }

// checkNames refuses what one of the databases cannot hold, so that both refuse it.
func checkNames(names ...name) error {
	for _, n := range names {
		if len(n.text) > MaxName {
			return fmt.Errorf("%s of %d bytes: %w: want at most %d", n.what, len(n.text), ErrInvalid, MaxName)
		}
		if !utf8.ValidString(n.text) || strings.ContainsRune(n.text, 0) {
			return fmt.Errorf("%s %q: %w: want UTF-8 without NUL", n.what, n.text, ErrInvalid)
		}
	}
	return nil
}

// checkSubject is [checkNames] of a service and an image, which must be there.
func checkSubject(service, digest, base string) error {
	if service == "" || digest == "" {
		return fmt.Errorf("service %q, digest %q: %w: both are needed", service, digest, ErrInvalid)
	}
	return checkNames(name{"service", service}, name{"digest", digest}, name{"base digest", base})
}

// cut makes a text one that every database holds, at most most bytes long.
func cut(text string, most int) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
	if len(text) <= most {
		return text
	}
	const more = "…"
	return strings.ToValidUTF8(text[:most-len(more)], "") + more
}

// forever is the time of what has no end.
const forever = math.MaxInt64

// micros is a time as the databases keep it, 0 for the zero time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// whole is a time as it comes back from a database.
func whole(t time.Time) time.Time { return fromMicros(micros(t)) }
