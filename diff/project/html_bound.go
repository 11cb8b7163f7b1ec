package project

import (
	"bytes"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

const (
	// maxHTMLNodes bounds the memory for a page that is parsed to some 400 MiB at
	// 112 bytes a node and attributes beside; real pages have some ten thousand.
	maxHTMLNodes = 3 << 20
	// maxOpen is how many elements the parser has open at once.
	maxOpen = 512
	// cloned is how many elements the adoption agency algorithm makes for one tag:
	// four in each of eight rounds (WHATWG HTML, section 13.2.6.4.7).
	cloned = 32
)

// htmlNodes returns no less than the number of nodes that a parser makes of the
// document. Formatting elements that are left open are made anew in each
// element that follows, so that it may be far more than there are tags: each tag
// and text may bring back all that are open, which are no more than three of
// each form between two markers, and one link (section 13.2.4.3). Reading ends
// where the bound is passed.
func htmlNodes(data []byte) int {
	z := html.NewTokenizer(bytes.NewReader(data))
	open := map[string]bool{} // forms of the formatting tags so far
	n := 0
	for n <= maxHTMLNodes {
		kind := z.Next()
		if kind == html.ErrorToken {
			break
		}
		n += 1 + min(maxOpen, 3*len(open)+2)
		if kind != html.StartTagToken && kind != html.SelfClosingTagToken && kind != html.EndTagToken {
			continue
		}
		raw := z.Raw()
		name, _ := z.TagName()
		tag := atom.Lookup(name)
		if !isFormatting(tag) {
			continue
		}
		if kind == html.EndTagToken || tag == atom.A || tag == atom.Nobr {
			n += cloned
		} else if 3*len(open) < maxOpen && !open[string(raw)] {
			open[string(raw)] = true
		}
	}
	return n
}

func isFormatting(tag atom.Atom) bool {
	switch tag {
	case atom.A, atom.B, atom.Big, atom.Code, atom.Em, atom.Font, atom.I, atom.Nobr, atom.S, atom.Small, atom.Strike,
		atom.Strong, atom.Tt, atom.U:
		return true
	}
	return false
}
