package redact

import (
	"path"
	"strings"
)

// verdict is what the name of a value says of it.
type verdict uint8

const (
	open     verdict = iota // detectors decide
	redacted                // it is a secret
	kept                    // it is left as it is
)

// place is where a name is read.
type place uint8

const (
	inHeader place = iota
	inQuery
	inForm
	inCookie
	inJSON
	inXML
	places
)

// names decides by name, without regard to case, hyphens, underscores and other
// punctuation: accessToken is access_token.
type names struct {
	exact map[string]verdict
	globs []string // all of them secret
	free  []string // exceptions with a "*"
}

func newNames(secret, keep []string) names {
	n := names{exact: make(map[string]verdict)}
	for _, s := range secret {
		n.add(s, redacted, &n.globs)
	}
	for _, s := range keep {
		n.add(s, kept, &n.free)
	}
	return n
}

func (n *names) add(pattern string, v verdict, globs *[]string) {
	if pattern = plainName(pattern); strings.Contains(pattern, "*") {
		*globs = append(*globs, pattern)
	} else {
		n.exact[pattern] = v
	}
}

// of judges a name, and of a name like user[password] its last part too. What
// is kept by any reading is kept.
func (n *names) of(name string) verdict {
	whole, last := n.one(plainName(name)), n.one(plainName(lastPart(name)))
	switch {
	case whole == kept:
		return kept
	case whole == redacted || last == redacted:
		return redacted
	}
	return open
}

func (n *names) one(name string) verdict {
	if v := n.exact[name]; v == kept || anyMatch(n.free, name) {
		return kept
	} else if v == redacted || anyMatch(n.globs, name) {
		return redacted
	}
	return open
}

func anyMatch(patterns []string, name string) bool {
	for _, p := range patterns {
		if ok, _ := path.Match(p, name); ok {
			return true
		}
	}
	return false
}

func plainName(name string) string {
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		switch {
		case 'A' <= c && c <= 'Z':
			b.WriteByte(c + 'a' - 'A')
		case isAlnum(c) || c >= 0x80 || c == '*':
			b.WriteByte(c)
		}
	}
	return b.String()
}

// lastPart returns "password" of "user[password]", "user.password" and
// "password[]".
func lastPart(name string) string {
	name = strings.TrimSuffix(name, "[]")
	name = strings.TrimSuffix(name, "]")
	return name[strings.LastIndexAny(name, "[.")+1:]
}
