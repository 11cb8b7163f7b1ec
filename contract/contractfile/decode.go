package contractfile

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"twinspect.dev/capture/rulefile"
	"twinspect.dev/contract"
)

// Decode reads the bytes of a file; name is the file's, for messages. The error
// holds every mistake with its line (rulefile.Errors).
func Decode(name string, data []byte) (*contract.Contract, error) {
	d := &decoder{reader: reader{rulefile.Reader{File: name, Hidden: true}}, operations: map[string]*operation{}}
	root := d.tree(data)
	if root == nil {
		return nil, d.Err()
	}
	d.root(root)
	if err := d.Err(); err != nil {
		return nil, err
	}
	return &d.contract, nil
}

// decoder makes a contract of one file.
type decoder struct {
	reader
	contract   contract.Contract
	operations map[string]*operation
	order      []*operation
}

// operation, response and field are what was read, with where it stands.
type operation struct {
	contract.Interaction
	at        *token.Token
	counted   bool
	request   shapes
	responses map[string]*response
	order     []*response
}

type response struct {
	contract.Answer
	at      *token.Token
	counted bool
	fields  shapes
}

type shapes struct {
	by    map[string]*field
	order []*field
}

type field struct {
	contract.Field
	at       *token.Token
	optional bool
	types    []string
	values   []string
	counted  bool
}

func (d *decoder) root(n ast.Node) {
	fields := d.Fields(n, "a contract", "schema", "version", "consumer", "provider", "document", "operations", "counts")
	if fields == nil || !d.version(n, fields) {
		return
	}
	c := &d.contract
	c.Schema, c.Version = contract.ContractSchema, d.text(fields, "version")
	c.Consumer, c.Provider = d.text(fields, "consumer"), d.text(fields, "provider")
	for _, name := range []string{"consumer", "provider", "operations", "counts"} {
		if _, ok := fields[name]; !ok {
			d.Errorf(rulefile.Start(n), "%s is missing", name)
		}
	}
	if f, ok := fields["document"]; ok {
		d.document(f.Value)
	}
	if f, ok := fields["operations"]; ok {
		for at, n := range d.members(f.Value, "operations") {
			d.operation(at, n)
		}
	}
	if f, ok := fields["counts"]; ok && d.Mistakes() == 0 {
		d.counts(f.Value)
		d.finish()
	}
}

// version refuses another form than is read.
func (d *decoder) version(n ast.Node, fields rulefile.Fields) bool {
	schema, version := d.text(fields, "schema"), d.text(fields, "version")
	if schema != contract.ContractSchema {
		d.Errorf(d.start(n, fields, "schema"), "this is no contract of a consumer; its schema is %s", contract.ContractSchema)
		return false
	}
	whole, rest, ok := strings.Cut(version, ".")
	number, err := strconv.ParseUint(whole, 10, 31)
	_, restErr := strconv.ParseUint(rest, 10, 31)
	switch {
	case err != nil || !ok || restErr != nil || number == 0:
		d.Errorf(d.start(n, fields, "version"), "version is two numbers with a dot, such as %q", contract.ContractVersion)
	case number > major:
		d.Errorf(d.start(n, fields, "version"), "version %s is of a later program; this one reads up to %d", version, major)
	default:
		return true
	}
	return false
}

func (d *decoder) start(n ast.Node, fields rulefile.Fields, name string) *token.Token {
	if f, ok := fields[name]; ok {
		return f.Key
	}
	return rulefile.Start(n)
}

func (d *decoder) text(fields rulefile.Fields, name string) string {
	f, ok := fields[name]
	if !ok {
		return ""
	}
	s, _ := d.Text(f)
	return s
}

func (d *decoder) document(n ast.Node) {
	f := d.Fields(n, "document", "path", "title", "version", "openapi", "sha256")
	d.contract.Document = &contract.DocumentInfo{
		Path: d.text(f, "path"), Title: d.text(f, "title"), Version: d.text(f, "version"), OpenAPI: d.text(f, "openapi"), SHA256: d.text(f, "sha256"),
	}
}

func (d *decoder) operation(at *token.Token, n ast.Node) {
	op := &operation{at: at, responses: map[string]*response{}}
	op.Operation = at.Value
	d.operations[at.Value] = op
	d.order = append(d.order, op)
	if n.Type() == ast.NullType {
		return
	}
	f := d.Fields(n, "an operation", "id", "request", "responses")
	op.OperationID = d.text(f, "id")
	if f, ok := f["request"]; ok {
		op.request = d.shapes(f.Value, "request")
	}
	if f, ok := f["responses"]; ok {
		for at, n := range d.members(f.Value, "responses") {
			d.response(op, at, n)
		}
	}
}

func (d *decoder) response(op *operation, at *token.Token, n ast.Node) {
	r := &response{at: at}
	status, err := strconv.Atoi(at.Value)
	if err != nil || status < 0 || status > 999 || strconv.Itoa(status) != at.Value {
		d.Errorf(at, "a status is a number up to 999")
		return
	}
	r.Status = status
	op.responses[at.Value] = r
	op.order = append(op.order, r)
	if n.Type() == ast.NullType {
		return
	}
	f := d.Fields(n, "a response", "media", "fields", "example")
	r.MediaType = d.text(f, "media")
	if f, ok := f["fields"]; ok {
		r.fields = d.shapes(f.Value, "fields")
	}
	if f, ok := f["example"]; ok {
		r.Example = d.example(f.Value)
	}
}

func (d *decoder) shapes(n ast.Node, what string) shapes {
	s := shapes{by: map[string]*field{}}
	for at, n := range d.members(n, what) {
		f := d.shape(at, n)
		s.by[at.Value] = f
		s.order = append(s.order, f)
	}
	return s
}

var typeNames = []string{"array", "boolean", "integer", "null", "number", "object", "string"}

func (d *decoder) shape(at *token.Token, n ast.Node) *field {
	out := &field{at: at}
	out.At = contract.Place(at.Value)
	f := d.Fields(n, "a field", "type", "optional", "form", "values", "many", "min", "max", "length", "state", "in")
	out.Class, out.Min, out.Max = d.text(f, "form"), d.number(f, "min"), d.number(f, "max")
	if f, ok := f["type"]; ok {
		out.types = d.texts(f)
		for _, name := range out.types {
			if !slices.Contains(typeNames, name) {
				d.Errorf(f.Key, "%q is no type%s; types are %s", shorten(name), rulefile.DidYouMean(name, typeNames), rulefile.OneOf(typeNames))
			}
		}
		d.once(f.Key, out.types)
	}
	if f, ok := f["optional"]; ok {
		out.optional = d.IsTrue(f)
	}
	if f, ok := f["many"]; ok {
		out.Many = d.IsTrue(f)
	}
	if f, ok := f["values"]; ok {
		out.values = d.texts(f)
		d.once(f.Key, out.values)
		if out.Many {
			d.Errorf(f.Key, "values are not told where there are many")
		}
	}
	if f, ok := f["length"]; ok {
		out.MinLen, out.MaxLen = d.span(f)
	}
	d.usage(out, f)
	return out
}

// once reports words that a list has twice.
func (d *decoder) once(at *token.Token, words []string) {
	sorted := slices.Sorted(slices.Values(words))
	if len(slices.Compact(sorted)) < len(words) {
		d.Errorf(at, "%s holds something twice", at.Value)
	}
}

// number reads a number as it stands.
func (d *decoder) number(fields rulefile.Fields, name string) string {
	f, ok := fields[name]
	if !ok {
		return ""
	}
	s, _ := rulefile.TextOf(f.Value)
	if !isNumber(s) {
		d.Errorf(f.Key, "%s is a number as JSON writes it", name)
	}
	return s
}

// isNumber reports whether a text is a number of JSON.
func isNumber(s string) bool {
	return s != "" && (s[0] == '-' || s[0] >= '0' && s[0] <= '9') && json.Valid([]byte(s))
}

// span reads "3" or "3..40".
func (d *decoder) span(f rulefile.Field) (from, to int) {
	s, _ := rulefile.TextOf(f.Value)
	first, last, two := strings.Cut(s, "..")
	if !two {
		last = first
	}
	from, err := strconv.Atoi(first)
	to, err2 := strconv.Atoi(last)
	if err != nil || err2 != nil || from < 0 || from > to {
		d.Errorf(f.Key, "%s is a number, or two such as 3..40", f.Key.Value)
		return 0, 0
	}
	return from, to
}

var (
	stateNames = []string{string(contract.Used), string(contract.Seen), string(contract.Never)}
	howNames   = []string{string(contract.Exact), string(contract.Numeric), string(contract.Substring), string(contract.Computed), string(contract.Decides)}
)

func (d *decoder) usage(out *field, f rulefile.Fields) {
	if f, ok := f["state"]; ok {
		s, _ := d.Text(f)
		if !slices.Contains(stateNames, s) {
			d.Errorf(f.Key, "%q is no state%s; states are %s", shorten(s), rulefile.DidYouMean(s, stateNames), rulefile.OneOf(stateNames))
		}
		out.Usage.State = contract.State(s)
	}
	in, ok := f["in"]
	if !ok {
		return
	}
	texts := d.texts(in)
	d.once(in.Key, texts)
	for _, s := range texts {
		how, into, _ := strings.Cut(s, " ")
		if !slices.Contains(howNames, how) {
			d.Errorf(in.Key, "%q is no comparison%s; comparisons are %s", shorten(how), rulefile.DidYouMean(how, howNames), rulefile.OneOf(howNames))
		}
		out.Usage.Evidence = append(out.Usage.Evidence, contract.Evidence{How: contract.How(how), Into: into})
	}
}

func (d *decoder) example(n ast.Node) *contract.Sample {
	f := d.Fields(n, "an example", "target", "requestHeader", "request", "responseHeader", "response")
	return &contract.Sample{
		Target: d.text(f, "target"), RequestHeader: d.header(f, "requestHeader"), ResponseHeader: d.header(f, "responseHeader"),
		Request: d.body(f, "request"), Response: d.body(f, "response"),
	}
}

func (d *decoder) header(fields rulefile.Fields, name string) map[string]string {
	f, ok := fields[name]
	if !ok {
		return nil
	}
	out := map[string]string{}
	for at, n := range d.members(f.Value, name) {
		out[at.Value], _ = d.Text(rulefile.Field{Key: at, Value: n})
	}
	return out
}

// body reads a body, which stands as a text of JSON.
func (d *decoder) body(fields rulefile.Fields, name string) any {
	f, ok := fields[name]
	if !ok {
		return nil
	}
	s, _ := d.Text(f)
	dec := json.NewDecoder(strings.NewReader(s))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil || strings.TrimSpace(s[dec.InputOffset():]) != "" {
		d.Errorf(f.Key, "%s is a text of JSON", name)
		return nil
	}
	return v
}

// instant reads a time.
func (d *decoder) instant(fields rulefile.Fields, name string) time.Time {
	f, ok := fields[name]
	if !ok {
		return time.Time{}
	}
	s, _ := rulefile.TextOf(f.Value)
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		d.Errorf(f.Key, "%s is a time such as 2026-11-20T10:00:00Z", name)
		return time.Time{}
	}
	return t.UTC()
}
