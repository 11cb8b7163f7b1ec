package schema

import (
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

func isIPv4(s string) bool {
	a, err := netip.ParseAddr(s)
	return err == nil && a.Is4()
}

func isIPv6(s string) bool {
	a, err := netip.ParseAddr(s)
	return err == nil && a.Is6() && a.Zone() == ""
}

// isHostname checks a name (RFC 1123 section 2.1); labels that encode others must
// encode lawful ones (RFC 5891 section 4.4).
func isHostname(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if !isLabel(label) {
			return false
		}
	}
	return true
}

func isLabel(label string) bool {
	if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
		return false
	}
	for i := range len(label) {
		if c := label[i]; !isLetter(c) && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	if len(label) < 4 || label[2:4] != "--" {
		return true
	}
	if !strings.EqualFold(label[:2], "xn") {
		return false
	}
	decoded, err := profile.ToUnicode(strings.ToLower(label))
	return err == nil && isULabel(decoded)
}

// profile checks labels as registries do (RFC 5891 section 4).
var profile = idna.New(idna.ValidateLabels(true), idna.VerifyDNSLength(true), idna.StrictDomainName(true),
	idna.BidiRule(), idna.CheckJoiners(true), idna.CheckHyphens(true))

// isIDNHostname checks a name whose labels may have letters of all scripts. The
// dots are those of RFC 3490 section 3.1.
func isIDNHostname(s string) bool {
	s = strings.NewReplacer("。", ".", "．", ".", "｡", ".").Replace(s)
	if ascii, err := profile.ToASCII(s); err != nil || !isHostname(ascii) {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if !isULabel(label) {
			return false
		}
	}
	return true
}

// isULabel checks what the profile does not: the characters that depend on their
// neighbours (RFC 5892 appendix A), and those that are never allowed
// (section 2.6).
func isULabel(label string) bool {
	runes := []rune(label)
	arabic, extended, katakana := false, false, false
	for i, c := range runes {
		switch {
		case c == '·' && (i == 0 || i+1 == len(runes) || runes[i-1] != 'l' || runes[i+1] != 'l'):
			return false
		case c == '\u0375' && (i+1 == len(runes) || !unicode.Is(unicode.Greek, runes[i+1])):
			return false
		case (c == '\u05f3' || c == '\u05f4') && (i == 0 || !unicode.Is(unicode.Hebrew, runes[i-1])):
			return false
		case strings.ContainsRune("\u0640\u07fa\u302e\u302f\u3031\u3032\u3033\u3034\u3035\u303b", c):
			return false
		}
		arabic = arabic || c >= 0x660 && c <= 0x669
		extended = extended || c >= 0x6f0 && c <= 0x6f9
		katakana = katakana || unicode.In(c, unicode.Hiragana, unicode.Katakana, unicode.Han) && c != '・'
	}
	if strings.ContainsRune(label, '・') && !katakana || arabic && extended {
		return false
	}
	return len(runes) == 0 || !unicode.Is(unicode.M, runes[0])
}

// isEmail checks a Mailbox (RFC 5321 section 4.1.2).
func isEmail(s string) bool { return isMailbox(s, false) }

// isIDNEmail checks one that may have letters of all scripts (RFC 6531
// section 3.3).
func isIDNEmail(s string) bool { return utf8.ValidString(s) && isMailbox(s, true) }

func isMailbox(s string, all bool) bool {
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at > 64 {
		return false
	}
	local, domain := s[:at], s[at+1:]
	if !isLocal(local, all) {
		return false
	}
	if literal, ok := strings.CutPrefix(domain, "["); ok {
		literal, ok = strings.CutSuffix(literal, "]")
		if six, is6 := strings.CutPrefix(literal, "IPv6:"); is6 {
			return ok && isIPv6(six)
		}
		return ok && isIPv4(literal)
	}
	return isHostname(domain) || all && isIDNHostname(domain)
}

func isLocal(local string, all bool) bool {
	if strings.HasPrefix(local, `"`) {
		return isQuoted(local, all)
	}
	for atom := range strings.SplitSeq(local, ".") {
		if atom == "" || strings.ContainsFunc(atom, func(c rune) bool { return !isAtext(c, all) }) {
			return false
		}
	}
	return true
}

// isAtext is of RFC 5322 section 3.2.3.
func isAtext(c rune, all bool) bool {
	if c >= utf8.RuneSelf {
		return all
	}
	return isLetter(byte(c)) || c >= '0' && c <= '9' || strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", c)
}

func isQuoted(local string, all bool) bool {
	inner, ok := strings.CutSuffix(local[1:], `"`)
	if !ok {
		return false
	}
	escaped := false
	for _, c := range inner {
		switch {
		case c < ' ' || c == 0x7f || c >= utf8.RuneSelf && !all:
			return false
		case escaped:
			escaped = false
		case c == '\\':
			escaped = true
		case c == '"':
			return false
		}
	}
	return !escaped
}
