package notify

import (
	"fmt"
	"strings"
)

// mark says how good the news are to those who do not see the colour.
func (m *message) mark() string { return [...]string{good: "✔", waiting: "…", bad: "✖"}[m.tone] }

// asides are the notes, and how many reasons are left out.
func (m *message) asides() []string {
	if m.more == 0 {
		return m.notes
	}
	return append([]string{counted(uint64(m.more), "more reason") + "."}, m.notes...)
}

// markdown writes a message in the Markdown that chats have in common: bold, quotes and
// links. What it quotes goes through escape.
func (m *message) markdown(escape func(string) string) string {
	var b strings.Builder
	for _, f := range m.facts {
		fmt.Fprintf(&b, "**%s**: %s\n\n", f.name, escape(f.value))
	}
	for _, r := range m.reasons {
		fmt.Fprintf(&b, "> %s\n", escape(r.text))
		if r.change != "" {
			fmt.Fprintf(&b, "> → %s\n", escape(r.change))
		}
		b.WriteByte('\n')
	}
	for _, n := range m.asides() {
		b.WriteString(n + "\n\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// quietURL encodes what means something in Markdown and may stand in a URL.
var quietURL = strings.NewReplacer("(", "%28", ")", "%29", "~", "%7E", "_", "%5F", "*", "%2A")

// linked writes the links in Markdown.
func (m *message) linked() string {
	parts := make([]string, len(m.links))
	for i, l := range m.links {
		parts[i] = "[" + widen(l.text) + "](" + quietURL.Replace(l.url) + ")"
	}
	return strings.Join(parts, " · ")
}

// summary is the message in a line, for where there is room for no more.
func (m *message) summary() string {
	if len(m.reasons) == 0 || m.reasons[0].text == "" {
		return m.title
	}
	return m.title + ": " + m.reasons[0].text
}
