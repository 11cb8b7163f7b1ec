package compare

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"

	"twinspect.dev/diff"
	"twinspect.dev/diff/jsondiff"
	"twinspect.dev/diff/project"
	"twinspect.dev/diff/rules"
)

// maxOpen is how deep documents may lie in strings of each other; two is the
// most that services send on purpose.
const maxOpen = 4

// opening is a string that is read as a document, on both sides.
type opening struct {
	json        jsondiff.Differ
	base, other []byte
	path        jsondiff.Path // to the string, and in front of those inside
	depth       int           // the length of path
	token       bool
}

// member tells of one difference between two documents.
func (c *Comparer) member(ch jsondiff.Change) {
	if c.markup && c.level == 0 && c.reordered(&ch) {
		return
	}
	ch.Path = c.absolute(ch.Path)
	it := rules.Item{Part: diff.Body, Path: ch.Path, Kind: ch.Kind, Base: ch.Base, Other: ch.Other}
	switch decision := c.scope.Decide(it); {
	case decision == rules.Hide:
	case decision == rules.Keep && c.opens(&ch):
	default:
		c.tellMember(&it, decision)
	}
}

// decided tells of a difference unless the rules hide it.
func (c *Comparer) decided(it *rules.Item) {
	if decision := c.scope.Decide(*it); decision != rules.Hide {
		c.tellMember(it, decision)
	}
}

func (c *Comparer) tellMember(it *rules.Item, decision rules.Decision) {
	if decision == rules.Broken {
		it.Kind = diff.Class
	}
	secret := c.isSecret(it.Path)
	c.tell(*it, it.Path.Fold(), it.Path.String(), c.mask.document(it.Base, secret), c.mask.document(it.Other, secret))
}

// absolute returns the path from the body's root.
func (c *Comparer) absolute(path jsondiff.Path) jsondiff.Path {
	if c.level == 0 {
		return path
	}
	o := c.opened[c.level-1]
	o.path = append(o.path[:o.depth], path...)
	return o.path
}

// isSecret reports whether the value at path is a secret: by its name, or as
// part of a token. What a token says of how it is signed is none.
func (c *Comparer) isSecret(path jsondiff.Path) bool {
	for _, o := range c.opened[:c.level] {
		if o.token {
			return len(path) <= o.depth || path[o.depth].Name != "header"
		}
	}
	return isSecretPath(path)
}

// opens compares two strings by the documents in them, where both have one in
// the same form. It reports whether it did.
func (c *Comparer) opens(ch *jsondiff.Change) bool {
	if ch.Kind != diff.Changed || c.level == maxOpen || !isString(ch.Base) || !isString(ch.Other) {
		return false
	}
	if c.opened[c.level] == nil {
		c.opened[c.level] = new(opening)
	}
	o := c.opened[c.level]
	var formsX, formsY project.Forms
	if o.base, formsX = c.open(o.base[:0], ch.Base); formsX == 0 {
		return false
	}
	if o.other, formsY = c.open(o.other[:0], ch.Other); formsX&formsY == 0 {
		return false
	}
	o.path, o.depth = append(o.path[:0], ch.Path...), len(ch.Path)
	o.token = formsX == project.Token
	c.level++
	err := o.json.Compare(o.base, o.other, c.jsonOptions(), c.member)
	c.level--
	o.base, o.other = keep(o.base), keep(o.other)
	return err == nil
}

func isString(raw []byte) bool { return len(raw) > 2 && raw[0] == '"' }

// open appends the document in a JSON string to dst. A string that has no form in
// UTF-8 holds none.
func (c *Comparer) open(dst, raw []byte) ([]byte, project.Forms) {
	plain := raw[1 : len(raw)-1]
	if bytes.IndexByte(plain, '\\') >= 0 {
		var s string
		if !utf8.Valid(raw) || json.Unmarshal(raw, &s) != nil || bytes.ContainsRune([]byte(s), utf8.RuneError) {
			return dst, 0
		}
		plain = []byte(s)
	}
	return c.opener.Append(dst, plain)
}
