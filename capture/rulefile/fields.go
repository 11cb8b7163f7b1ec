package rulefile

import (
	"iter"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// Field is one member of a mapping.
type Field struct {
	Key   *token.Token
	Value ast.Node
}

// Fields is the members of a mapping by their keys.
type Fields map[string]Field

// Given returns those of the keys that are there.
func (f Fields) Given(keys []string) []string {
	var given []string
	for _, k := range keys {
		if _, ok := f[k]; ok {
			given = append(given, k)
		}
	}
	return given
}

// Root returns the members of a file of the version, which its member version
// names; known are those beside it. It is nil where the file is no mapping.
func (r *Reader) Root(root ast.Node, version string, known ...string) Fields {
	if root == nil || root.Type() == ast.NullType {
		r.Errorf(nil, "the file is empty; it begins with version: %s", version)
		return nil
	}
	fields := r.Fields(root, "the rule file", append([]string{"version"}, known...)...)
	if fields == nil {
		return nil
	}
	if f, ok := fields["version"]; !ok {
		r.Errorf(Start(root), "version is missing; this program reads version: %s", version)
	} else if v, ok := r.Scalar(f.Value, "version is a number"); ok && v != version {
		r.Errorf(Start(f.Value), "version %s is not known; this program reads version: %s", v, version)
	}
	return fields
}

// Fields returns the members of the mapping, and reports unknown and repeated
// keys. owner names the mapping in messages. It is nil where n is no mapping.
func (r *Reader) Fields(n ast.Node, owner string, known ...string) Fields {
	mapping, ok := n.(ast.MapNode)
	if !ok {
		r.Errorf(Start(n), "%s is a mapping with the keys %s; this is %s", owner, OneOf(known), r.Describe(n))
		return nil
	}
	fields := make(Fields)
	for it := mapping.MapRange(); it.Next(); {
		key := it.Key().GetToken()
		first, repeated := fields[key.Value]
		switch {
		case !slices.Contains(known, key.Value):
			r.Errorf(key, "unknown key %q in %s%s; allowed are %s", key.Value, owner, DidYouMean(key.Value, known), OneOf(known))
		case repeated:
			r.Errorf(key, "%q is given twice, first in line %d", key.Value, first.Key.Position.Line)
		default:
			fields[key.Value] = Field{Key: key, Value: it.Value()}
		}
	}
	return fields
}

// Entries yields the nodes of a list, until there are more mistakes than anybody
// reads, and reports anything else; an empty value is an empty list.
func (r *Reader) Entries(f Field) iter.Seq[ast.Node] {
	list, ok := f.Value.(*ast.SequenceNode)
	if !ok && f.Value.Type() != ast.NullType {
		r.Errorf(Start(f.Value), "%s is a list, not %s", f.Key.Value, r.Describe(f.Value))
	}
	return func(yield func(ast.Node) bool) {
		for i := 0; ok && i < len(list.Values) && len(r.errs) < maxErrors; i++ {
			if !yield(list.Values[i]) {
				return
			}
		}
	}
}

// OneOrMore returns the nodes of a list, or the one node that stands for a list.
// It reports an empty list; instead says what to write.
func (r *Reader) OneOrMore(f Field, instead string) []ast.Node {
	list, ok := f.Value.(*ast.SequenceNode)
	if !ok {
		return []ast.Node{f.Value}
	}
	if len(list.Values) == 0 {
		r.Errorf(Start(f.Value), "%s is an empty list; %s", f.Key.Value, instead)
	}
	return list.Values
}

// ToMeanAll is what to write instead of an empty list that limits something.
const ToMeanAll = "leave it out to mean all"

// Words returns a text or a list of texts, at least one.
func (r *Reader) Words(f Field, want string) []string {
	var words []string
	for _, n := range r.OneOrMore(f, ToMeanAll) {
		if text, ok := r.Scalar(n, want); ok {
			words = append(words, text)
		}
	}
	return words
}

// Scalar returns the text of a plain value; want says what is wanted.
func (r *Reader) Scalar(n ast.Node, want string) (string, bool) {
	text, _ := TextOf(n)
	if text = strings.TrimSpace(text); text != "" {
		return text, true
	}
	r.Errorf(Start(n), "%s, not %s", want, r.Describe(n))
	return "", false
}

// Text returns a plain value as it is, which may be the empty text.
func (r *Reader) Text(f Field) (string, bool) {
	text, ok := TextOf(f.Value)
	if !ok {
		r.Errorf(Start(f.Value), "%s is a text, not %s", f.Key.Value, r.Describe(f.Value))
	}
	return text, ok
}

// IsTrue reports whether the value is true, and reports anything else: what is
// switched off is left out instead.
func (r *Reader) IsTrue(f Field) bool {
	if b, ok := f.Value.(*ast.BoolNode); ok && b.Value {
		return true
	}
	r.Errorf(Start(f.Value), "%s is true or left out, not %s", f.Key.Value, r.Describe(f.Value))
	return false
}
