package mesh

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"sigs.k8s.io/yaml"
)

// Print writes what the plan does, a line an object, then the notes.
func (p *Plan) Print(w io.Writer) error {
	var b bytes.Buffer
	for _, s := range p.Steps {
		fmt.Fprintf(&b, "%-9s  %s\n", s.Action, s.Object)
		if s.Err != nil {
			fmt.Fprintf(&b, "           %s\n", indent(s.Err.Error()))
		}
	}
	for _, n := range p.Notes {
		fmt.Fprintf(&b, "note       %s\n", n)
	}
	_, err := b.WriteTo(w)
	return err
}

func indent(s string) string { return strings.ReplaceAll(s, "\n", "\n           ") }

// YAML returns the objects as kubectl would take them, in the order of
// creation; those that are refused are a comment.
func (p *Plan) YAML() ([]byte, error) {
	var b bytes.Buffer
	for _, s := range p.Steps {
		if s.Action == Refuse {
			fmt.Fprintf(&b, "# refused: %s\n", s.Object)
			continue
		}
		doc, err := objectYAML(s.want)
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", s.Object, err)
		}
		b.WriteString("---\n")
		b.Write(doc)
	}
	return b.Bytes(), nil
}

// objectYAML leaves out what only the API server fills in.
func objectYAML(o object) ([]byte, error) {
	raw, err := yaml.Marshal(o)
	if err != nil {
		return nil, err
	}
	var fields map[string]any
	if err := yaml.Unmarshal(raw, &fields); err != nil {
		return nil, err
	}
	delete(fields, "status")
	if meta, ok := fields["metadata"].(map[string]any); ok {
		delete(meta, "creationTimestamp")
	}
	return yaml.Marshal(fields)
}

// stanzasYAML are the lanes' routes without the default, which the owner has.
func (p *Plan) stanzasYAML() string {
	vs := p.Routes.virtualService()
	vs.Spec.Http = vs.Spec.Http[:2]
	raw, err := objectYAML(vs)
	if err != nil {
		return err.Error()
	}
	var fields struct {
		Spec struct {
			HTTP []any `json:"http"`
		} `json:"spec"`
	}
	if err := yaml.Unmarshal(raw, &fields); err != nil {
		return err.Error()
	}
	out, err := yaml.Marshal(map[string]any{"http": fields.Spec.HTTP})
	if err != nil {
		return err.Error()
	}
	return string(out)
}
