package conform

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
)

// maxShown is how much of a text that an answer chose is put into a message: a
// media type with its parameters, or the name of a field, in one line.
const maxShown = 80

// shown quotes a text that the other side chose, cut where it is long.
func shown(s string) string {
	if len(s) > maxShown {
		end := maxShown
		for end > 0 && !utf8.RuneStart(s[end]) {
			end--
		}
		s = s[:end] + "…"
	}
	return strconv.Quote(s)
}

// sentence says what is wrong where inside a part of a message.
func sentence(part contract.Place, v schema.Violation) string {
	return string(contract.At(string(part), v.At)) + ": " + v.Message
}

func mediaShown(mediaType string) string {
	if mediaType == "" {
		return "(none)"
	}
	return shown(mediaType)
}

// mediaList says which media types are declared.
func mediaList(media []*openapi.Media) string {
	names := make([]string, len(media))
	for i, m := range media {
		names[i] = m.Type
	}
	return declared(names)
}

// declared says which of something are declared, the first ten by name: more are
// not read in a message.
func declared(names []string) string {
	const most = 10
	switch n := len(names); {
	case n == 0:
		return "none is"
	case n == 1:
		return "declared is " + names[0]
	case n > most:
		return "declared are " + strings.Join(names[:most], ", ") + " and " + strconv.Itoa(n-most) + " more"
	}
	return "declared are " + strings.Join(names, ", ")
}
