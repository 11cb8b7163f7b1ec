package notify

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean makes one line of at most so many characters of an untrusted text: without what
// is not seen, as controls, and marks that turn the direction of what follows.
func clean(text string, most int) string {
	var line []rune
	space := false
	for _, r := range text {
		switch {
		case unicode.IsSpace(r) || unicode.IsControl(r):
			space = len(line) > 0
			continue
		case unicode.Is(unicode.Cf, r):
			continue
		case !unicode.IsGraphic(r):
			r = unicode.ReplacementChar
		}
		if space {
			line = append(line, ' ')
		}
		line, space = append(line, r), false
		if len(line) > most {
			return string(line[:most-1]) + "…"
		}
	}
	return string(line)
}

// escapeSlack escapes what Slack asks for
// (https://docs.slack.dev/messaging/formatting-message-text#escaping). Without < there
// is no mention and no link.
func escapeSlack(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}

// markupOfFeishu are characters that mean something in the Markdown of Feishu's cards,
// which are written as references there.
const markupOfFeishu = "&<>*_~[]()#`\\!-+:|@/$"

func escapeFeishu(text string) string {
	const digits = "0123456789"
	var b strings.Builder
	for _, r := range text {
		if r < utf8.RuneSelf && strings.ContainsRune(markupOfFeishu, r) {
			b.WriteString("&#")
			if r >= 100 {
				b.WriteByte(digits[r/100])
			}
			b.WriteByte(digits[r/10%10])
			b.WriteByte(digits[r%10])
			b.WriteByte(';')
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// wide returns a character of ASCII in its full width.
func wide(r rune) rune { return r - '!' + '\uff01' }

// widen writes what means something in Markdown in its full width, for services that
// document no escapes. An underscore inside a word means nothing, and signs that make
// lists and lines do so only at the beginning.
func widen(text string) string {
	text = strings.ReplaceAll(text, "://", "\uff1a//")
	runes := []rune(text)
	isWord := func(i int) bool {
		return i >= 0 && i < len(runes) && (unicode.IsLetter(runes[i]) || unicode.IsDigit(runes[i]))
	}
	out := make([]rune, len(runes))
	for i, r := range runes {
		out[i] = r
		switch {
		case strings.ContainsRune("&<>*~[]`\\|@#", r), r == '_' && !(isWord(i-1) && isWord(i+1)), i == 0 && strings.ContainsRune("-+=", r):
			out[i] = wide(r)
		}
	}
	return string(out)
}
