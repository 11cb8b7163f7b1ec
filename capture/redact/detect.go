package redact

import "bytes"

// detector is a set of what is looked for in values of any name.
type detector uint8

const (
	detectCard detector = 1 << iota
	detectMail
	detectToken
	detectKey
)

// text runs the detectors over v, and returns nil where they find nothing.
func (p *pass) text(v []byte) []byte { return p.traced(v, tracesOf(v)) }

// traced runs those detectors over v whose traces it has.
func (p *pass) traced(v []byte, t traces) []byte {
	if t = t.worth(); t == 0 && !p.cut {
		return nil
	}
	ed := editor{src: v}
	for i := 0; i < len(v); {
		if traceOf[v[i]]&t == 0 {
			i++
			continue
		}
		i = p.detect(&ed, i)
	}
	if p.cut && !p.check {
		p.tail(&ed)
	}
	return ed.result()
}

// detect looks at what the byte at i may belong to, and returns from where to
// look on.
func (p *pass) detect(ed *editor, i int) int {
	v, c := ed.src, ed.src[i]
	switch {
	case isDigit(c):
		return p.detectNumber(ed, i)
	case c == '@':
		from, to := mailAt(v, i, 1)
		return p.found(ed, detectMail, from, to, i+1)
	case c == '%':
		return p.detectEncodedMail(ed, i)
	case c == 'J':
		from, to := tokenAt(v, i)
		return p.found(ed, detectToken, from, to, i+1)
	case c == '?' || c == '&' || c == '#' || c == ';':
		return p.detectParameter(ed, i)
	case c == ':':
		return p.detectUserinfo(ed, i)
	}
	if !isKeyTrace(v, i) {
		return i + 1
	}
	from, to := keyAt(v, i)
	return p.found(ed, detectKey, from, to, i+1)
}

// found replaces the span, unless it is empty or such is not looked for.
func (p *pass) found(ed *editor, d detector, from, to, next int) int {
	if to <= from || from < ed.done || p.r.detectors&d == 0 {
		return next
	}
	ed.replace(from, to, p.secret(ed.src[from:to], kindOf[d]))
	return max(to, next)
}

var kindOf = map[detector]string{detectCard: "card", detectMail: "email", detectToken: "jwt", detectKey: "key"}

func isAlnum(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// isTokenByte is base64url.
func isTokenByte(c byte) bool { return isAlnum(c) || c == '-' || c == '_' }

func isLocalByte(c byte) bool {
	return isAlnum(c) || c == '.' || c == '_' || c == '%' || c == '+' || c == '-' || c >= 0x80
}

// maxAddress bounds both sides of an address (RFC 5321 section 4.5.3.1.3).
const maxAddress = 254

// mailAt returns the address around the at sign at i, which is width bytes
// long; an empty span where there is none, or one of a pseudonym.
func mailAt(v []byte, i, width int) (from, to int) {
	from = i
	for from > 0 && i-from < maxAddress && isLocalByte(v[from-1]) {
		from--
	}
	for from < i && (v[from] == '.' || v[from] == '-' || v[from] == '%') {
		from++
	}
	begin := i + width
	to = begin
	for to < len(v) && to-begin < maxAddress && (isAlnum(v[to]) || v[to] == '-' || v[to] == '.' || v[to] >= 0x80) {
		to++
	}
	for to > begin && (v[to-1] == '.' || v[to-1] == '-') {
		to--
	}
	if from == i || !isDomain(v[begin:to]) || string(v[begin:to]) == mailDomain {
		return 0, 0
	}
	return from, to
}

// isDomain asks for two labels, of which the last is a name. "icon@2x.png" is
// the usual name of a picture.
func isDomain(v []byte) bool {
	dot := bytes.LastIndexByte(v, '.')
	if dot <= 0 || len(v)-dot-1 < 2 || isDigit(v[0]) && bytes.HasPrefix(v[1:], []byte("x.")) {
		return false
	}
	for _, c := range v[dot+1:] {
		if isDigit(c) && !bytes.HasPrefix(v[dot+1:], []byte("xn--")) {
			return false
		}
	}
	return true
}

// detectEncodedMail finds addresses whose at sign is percent-encoded.
func (p *pass) detectEncodedMail(ed *editor, i int) int {
	v := ed.src
	if !bytes.HasPrefix(v[i:], []byte("%40")) || p.r.detectors&detectMail == 0 {
		return i + 1
	}
	from, to := mailAt(v, i, 3)
	if to <= from || from < ed.done {
		return i + 1
	}
	plain := append(append(bytes.Clone(v[from:i]), '@'), v[i+3:to]...)
	if out := p.secret(plain, kindOf[detectMail]); out != nil {
		ed.replace(from, to, bytes.ReplaceAll(out, []byte("@"), []byte("%40")))
	}
	return to
}

// detectNumber looks for a card at the beginning of a run of digits.
func (p *pass) detectNumber(ed *editor, i int) int {
	v := ed.src
	end := i
	for end < len(v) && isDigit(v[end]) {
		end++
	}
	if end-i < minCard && end-i != 4 || i > 0 && (v[i-1] == '.' || isAlnum(v[i-1])) {
		return end
	}
	to := end
	if end-i < minCard {
		to = groupsEnd(v, i, end)
	}
	if to < len(v) && isAlnum(v[to]) || !isCard(v[i:to]) {
		return end
	}
	return p.found(ed, detectCard, i, to, end)
}

// groupsEnd returns where the groups 4-4-4-4, 4-4-4-4-3, 4-6-5 or 4-6-4 end that
// begin at i, and end where they are none.
func groupsEnd(v []byte, i, end int) int {
	if end-i != 4 || end >= len(v) || v[end] != ' ' && v[end] != '-' {
		return end
	}
	sep, last := v[end], end
	for to := end; to < len(v) && v[to] == sep && to-i < maxCard; {
		from := to + 1
		for to = from; to < len(v) && isDigit(v[to]) && to-from < 7; to++ {
		}
		if n := to - from; n < 3 || n > 6 {
			break
		}
		if last = to; isCard(v[i:last]) {
			break
		}
	}
	return last
}

// tokenAt returns the JSON Web Token or its encrypted kin whose "eyJ" ends at i.
func tokenAt(v []byte, i int) (from, to int) {
	from = i - 2
	if from < 0 || v[from] != 'e' || v[from+1] != 'y' || from > 0 && isTokenByte(v[from-1]) {
		return 0, 0
	}
	dots := 0
	for to = i; to < len(v) && (isTokenByte(v[to]) || v[to] == '.' && dots < 4); to++ {
		if v[to] == '.' {
			dots++
		}
	}
	for dots > 2 && v[to-1] == '.' { // ends a sentence
		to, dots = to-1, dots-1
	}
	if dots < 2 {
		return 0, 0
	}
	return from, to
}

// prefixes begin the keys of issuers who made them recognisable.
var prefixes = [][]byte{
	[]byte("github_pat_"), []byte("ghp_"), []byte("gho_"), []byte("ghu_"), []byte("ghs_"), []byte("ghr_"),
	[]byte("glpat-"), []byte("sk_live_"), []byte("sk_test_"), []byte("rk_live_"), []byte("rk_test_"),
	[]byte("whsec_"), []byte("sk-"), []byte("xoxb-"), []byte("xoxp-"), []byte("xoxa-"), []byte("xoxs-"), []byte("xapp-"),
	[]byte("AKIA"), []byte("ASIA"), []byte("AIza"), []byte("ya29."), []byte("SG."), []byte("npm_"), []byte("pypi-"),
	[]byte("hf_"), []byte("shpat_"), []byte("dop_v1_"),
}

const (
	// minKey is the shortest rest of a key: that of Amazon's identifiers.
	minKey = 16
	// minPrefix is the shortest of prefixes.
	minPrefix = 3
)

// prefixOf returns the length of the issuer's prefix of v, 0 where v is no key.
func prefixOf(v []byte) int {
	for _, prefix := range prefixes {
		if !bytes.HasPrefix(v, prefix) || len(v) < len(prefix)+minKey {
			continue
		}
		if n := len(prefix); keyEnd(v, n) == len(v) {
			return n
		}
	}
	return 0
}

func keyEnd(v []byte, i int) int {
	for i < len(v) && (isTokenByte(v[i]) || v[i] == '.' && i+1 < len(v) && isTokenByte(v[i+1])) {
		i++
	}
	return i
}

// keyAt returns the key whose prefix has the byte at i, or the inside of a
// private key in armour (RFC 7468).
func keyAt(v []byte, i int) (from, to int) {
	if v[i] == '-' && bytes.HasPrefix(v[i:], []byte("-----BEGIN ")) {
		return armourAt(v, i)
	}
	for from = i; from > 0 && i-from < 7 && isAlnum(v[from-1]); from-- {
	}
	if from > 0 && isTokenByte(v[from-1]) {
		return 0, 0
	}
	if to = keyEnd(v, i); to-from < minKey+minPrefix {
		return 0, 0
	}
	if prefixOf(v[from:to]) == 0 {
		return 0, 0
	}
	return from, to
}

func armourAt(v []byte, i int) (from, to int) {
	line, _, _ := bytes.Cut(v[i:], []byte("\n"))
	label, rest, ok := bytes.Cut(line[len("-----BEGIN "):], []byte("-----"))
	if !ok || !bytes.HasSuffix(label, []byte("PRIVATE KEY")) && !bytes.HasSuffix(label, []byte("PRIVATE KEY BLOCK")) {
		return 0, 0
	}
	from = i + len(line) - len(rest)
	if n := bytes.Index(v[from:], []byte("-----END ")); n >= 0 {
		return from, from + n
	}
	return from, len(v)
}
