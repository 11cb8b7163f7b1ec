package contractfile

import (
	"errors"
	"iter"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"twinspect.dev/capture/rulefile"
)

const (
	// maxNesting bounds brackets within each other and the depth of mappings; the
	// form needs 3 and 7.
	maxNesting = 16
	// maxMistakes ends a report that nobody reads to its end.
	maxMistakes = 100
)

// reader walks the YAML of one file and gathers its mistakes.
type reader struct{ rulefile.Reader }

// tree parses a file, nil where there are mistakes. It is as [rulefile.Reader.Tree],
// for files that are larger than people write by hand.
func (r *reader) tree(data []byte) ast.Node {
	if len(data) > MaxFile {
		r.Errorf(nil, "the file is larger than %d bytes", MaxFile)
		return nil
	}
	if !r.shallow(string(data)) {
		return nil
	}
	tokens := lexer.Tokenize(string(data))
	if r.refuse(tokens); r.Mistakes() > 0 {
		return nil
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.notYAML(err)
		return nil
	}
	if len(file.Docs) != 1 || file.Docs[0].Body == nil {
		r.Errorf(nil, "a contract is one YAML document; there are %d", len(file.Docs))
		return nil
	}
	return file.Docs[0].Body
}

// shallow refuses lines that are indented deeper than any of the form, before the
// parser calls itself for each level. Bodies of examples may be.
func (r *reader) shallow(text string) bool {
	deepest, line := 0, 0
	for l := range strings.SplitSeq(text, "\n") {
		line++
		body := strings.TrimLeft(l, " ")
		if indent := len(l) - len(body); indent <= deepest || body == "" || !opens(body) {
			continue
		} else if deepest = indent; indent > maxIndent {
			r.Errorf(&token.Token{Position: &token.Position{Line: line, Column: 1}}, "indented deeper than %d columns", maxIndent)
			return false
		}
	}
	return true
}

// maxIndent is far beyond what the form needs, 20, and the bodies of examples, of
// which messages nest below 20.
const maxIndent = 400

// opens reports whether a line may begin a level of YAML.
func opens(line string) bool { return strings.ContainsAny(line, ":-") }

func (r *reader) refuse(tokens token.Tokens) {
	brackets, entries, line := 0, 0, 0
	for _, t := range tokens {
		if t.Position.Line != line {
			line, entries = t.Position.Line, 0
		}
		switch t.Type {
		case token.AnchorType, token.AliasType, token.TagType, token.MergeKeyType, token.MappingKeyType, token.DirectiveType:
			r.Errorf(t, "%s is not supported in a contract; a text that begins so needs quotation marks", strings.ToLower(t.Type.String()))
		case token.InvalidType:
			r.Errorf(t, "not YAML")
		case token.SequenceStartType, token.MappingStartType:
			brackets++
		case token.SequenceEndType, token.MappingEndType:
			brackets--
		case token.SequenceEntryType:
			entries++
		}
		if brackets > maxNesting || entries > maxNesting {
			r.Errorf(t, "nested deeper than %d levels", maxNesting)
		}
		if r.Mistakes() >= maxMistakes {
			return
		}
	}
}

func (r *reader) notYAML(err error) {
	var yamlErr yaml.Error
	if !errors.As(err, &yamlErr) {
		r.Errorf(nil, "not YAML")
		return
	}
	r.Errorf(yamlErr.GetToken(), "not YAML: %s", yamlErr.GetMessage())
}

// members yields the members of a mapping whose keys are free, and reports keys
// that are there twice; an empty value is an empty mapping.
func (r *reader) members(n ast.Node, what string) iter.Seq2[*token.Token, ast.Node] {
	mapping, ok := n.(ast.MapNode)
	if !ok && n != nil && n.Type() != ast.NullType {
		r.Errorf(rulefile.Start(n), "%s is a mapping, not %s", what, r.Describe(n))
	}
	return func(yield func(*token.Token, ast.Node) bool) {
		if !ok {
			return
		}
		seen := map[string]*token.Token{}
		for it := mapping.MapRange(); it.Next() && r.Mistakes() < maxMistakes; {
			at := it.Key().GetToken()
			if first := seen[at.Value]; first != nil {
				r.Errorf(at, "%q is given twice in %s, first in line %d", shorten(at.Value), what, first.Position.Line)
				continue
			}
			seen[at.Value] = at
			if !yield(at, it.Value()) {
				return
			}
		}
	}
}

// texts returns a text or a list of texts.
func (r *reader) texts(f rulefile.Field) []string {
	list, ok := f.Value.(*ast.SequenceNode)
	if !ok {
		s, _ := r.Text(f)
		return []string{s}
	}
	var out []string
	for _, n := range list.Values {
		s, _ := r.Text(rulefile.Field{Key: f.Key, Value: n})
		out = append(out, s)
	}
	return out
}

// shorten keeps a message on a line.
func shorten(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
