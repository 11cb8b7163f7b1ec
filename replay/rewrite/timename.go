package rewrite

// timeWords are the words that make a name one of a time wherever they stand in
// it: "created_time", "expiresIn", "timestampMs".
var timeWords = map[string]bool{
	"time": true, "timestamp": true, "date": true, "datetime": true, "expires": true, "expiry": true, "expiration": true,
	"deadline": true, "since": true, "until": true,
}

// timeEnds are the words that do so at the end of a name: "updated_at", "validTo".
var timeEnds = map[string]bool{
	"at": true, "from": true, "to": true, "exp": true, "iat": true, "nbf": true, "ts": true, "before": true, "after": true,
	"start": true, "end": true, "created": true, "updated": true, "modified": true, "when": true, "on": true,
}

// maxName bounds the work on a name; no time has a longer one.
const maxName = 64

// isTimeName reports whether a field or a member of that name is likely to hold a
// time. Words are parted by case, or by what is no letter.
func isTimeName[T ~string | ~[]byte](name T) bool {
	if len(name) > maxName {
		return false
	}
	var buf [maxName]byte
	word := buf[:0]
	last := false
	end := func() bool {
		if len(word) == 0 {
			return false
		}
		last = timeEnds[string(word)]
		found := timeWords[string(word)]
		word = buf[:0]
		return found
	}
	for i := range len(name) {
		c := name[i]
		isUpper := 'A' <= c && c <= 'Z'
		startsWord := isUpper && i > 0 && (name[i-1] < 'A' || name[i-1] > 'Z')
		if (startsWord || !isUpper && (c < 'a' || c > 'z')) && end() {
			return true
		}
		if isUpper || 'a' <= c && c <= 'z' {
			word = append(word, c|0x20)
		}
	}
	return end() || last
}
