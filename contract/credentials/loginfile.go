package credentials

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/theory/jsonpath"

	"twinspect.dev/capture"
	"twinspect.dev/capture/rulefile"
	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/replay/token"
)

var (
	loginKeys = []string{"operation", "method", "path", "body", "form", "headers", "token", "token-header", "token-cookie", "every"}
	tokenKeys = []string{"token", "token-header", "token-cookie"}
)

func (r *reader) login(f rulefile.Field) *given {
	fields := r.Fields(f.Value, "login", loginKeys...)
	if fields == nil {
		return nil
	}
	l := &login{sender: r.config.Sender}
	if l.sender == nil {
		r.Errorf(f.Key, "a login needs a provider to ask")
	}
	before := r.Mistakes()
	op := r.target(f, fields, l)
	l.every = r.duration(fields, "every", "every is after how long to log in again, such as 10m")
	r.answer(f, fields, l)
	body, form, headers := r.body(fields), r.pairs(fields, "form"), r.pairs(fields, "headers")
	if body != nil && form != nil {
		r.Errorf(fields["form"].Key, "login has body or form, not both")
	}
	if r.Mistakes() == before {
		r.write(f, l, op, body, form)
	}
	for name, values := range headers {
		l.request.Header = append(l.request.Header.Without(name), capture.Field{Name: name, Value: values[0]})
	}
	return &given{cost: costLogin, renews: true, source: func([]string) token.Source { return l }}
}

// target reads which operation, or which method and path, is asked.
func (r *reader) target(owner rulefile.Field, fields rulefile.Fields, l *login) *openapi.Operation {
	l.request.Proto = "HTTP/1.1"
	if f, ok := fields["operation"]; ok {
		name := r.plain(f)
		op := r.config.Document.Operation(name)
		if len(fields.Given([]string{"method", "path"})) > 0 {
			r.Errorf(f.Key, "login has operation, or method and path")
		}
		switch {
		case op == nil && name != "":
			r.Errorf(rulefile.Start(f.Value), "the document has no such operation; one is named as POST /login")
		case op != nil && strings.Contains(op.Path, "{"):
			r.Errorf(rulefile.Start(f.Value), "the path of the operation has parameters; give method and path instead")
		case op != nil:
			l.request.Method, l.request.Target = op.Method, op.Path
		}
		return op
	}
	l.request.Method = strings.ToUpper(r.required(owner, fields, "method", r.plain))
	l.request.Target = r.required(owner, fields, "path", r.text)
	if t := l.request.Target; t != "" && (t[0] != '/' || strings.ContainsFunc(t, func(c rune) bool { return c <= ' ' || c == 0x7F })) {
		r.Errorf(rulefile.Start(fields["path"].Value), "path begins with a slash and has no spaces, such as /login")
	}
	return nil
}

// answer reads where the answer has the token.
func (r *reader) answer(owner rulefile.Field, fields rulefile.Fields, l *login) {
	present := fields.Given(tokenKeys)
	if len(present) != 1 {
		r.Errorf(owner.Key, "login has exactly one of %s; this one has %d", rulefile.OneOf(tokenKeys), len(present))
		return
	}
	f := fields[present[0]]
	text := r.plain(f)
	switch present[0] {
	case "token-header":
		l.header = text
	case "token-cookie":
		l.cookie = text
	default:
		var err error
		if l.path, err = jsonpath.Parse(text); err != nil && text != "" {
			r.Errorf(rulefile.Start(f.Value), "token is a JSONPath (RFC 9535) such as $.token")
		}
	}
}

// content is what a body says.
type content struct{ tree any }

func (r *reader) body(fields rulefile.Fields) *content {
	f, ok := fields["body"]
	if !ok {
		return nil
	}
	return &content{r.tree(f.Value, 0)}
}

// tree reads a value as JSON has it; variables are replaced in its texts.
func (r *reader) tree(n ast.Node, depth int) any {
	if depth > rulefile.MaxNesting {
		r.Errorf(rulefile.Start(n), "nested deeper than %d levels", rulefile.MaxNesting)
		return nil
	}
	switch n := n.(type) {
	case *ast.NullNode:
		return nil
	case *ast.BoolNode:
		return n.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		if text := n.GetToken().Value; json.Valid([]byte(text)) {
			return json.Number(text)
		}
		r.Errorf(rulefile.Start(n), "this is not a number in JSON; a text needs quotation marks")
		return nil
	case *ast.SequenceNode:
		list := make([]any, 0, len(n.Values))
		for _, v := range n.Values {
			list = append(list, r.tree(v, depth+1))
		}
		return list
	case ast.MapNode:
		return r.object(n, depth)
	}
	text, ok := rulefile.TextOf(n)
	if !ok {
		r.Errorf(rulefile.Start(n), "a value is what JSON can say, not %s", r.Describe(n))
	}
	return r.expand(n, text)
}

func (r *reader) object(n ast.MapNode, depth int) any {
	object := make(map[string]any)
	for it := n.MapRange(); it.Next(); {
		key := it.Key().GetToken()
		if _, ok := object[key.Value]; ok {
			r.Errorf(key, "%q is given twice", key.Value)
		}
		object[key.Value] = r.tree(it.Value(), depth+1)
	}
	return object
}

// pairs reads a mapping of texts; nil where there is none.
func (r *reader) pairs(fields rulefile.Fields, key string) url.Values {
	f, ok := fields[key]
	if !ok {
		return nil
	}
	pairs := make(url.Values)
	n, ok := f.Value.(ast.MapNode)
	if !ok {
		r.Errorf(rulefile.Start(f.Value), "%s is a mapping of names and texts, not %s", key, r.Describe(f.Value))
		return pairs
	}
	for it := n.MapRange(); it.Next(); {
		name := it.Key().GetToken()
		if pairs.Has(name.Value) {
			r.Errorf(name, "%q is given twice", name.Value)
		}
		text, ok := rulefile.TextOf(it.Value())
		if text = r.expand(it.Value(), text); !ok || key == "headers" && !token.IsValid(text) {
			r.Errorf(name, "%q has no text that can stand there", name.Value)
		}
		pairs.Set(name.Value, text)
	}
	return pairs
}

// write makes the request of a login.
func (r *reader) write(at rulefile.Field, l *login, op *openapi.Operation, body *content, form url.Values) {
	switch {
	case form != nil:
		l.send("application/x-www-form-urlencoded", []byte(form.Encode()))
	case body == nil:
	case op != nil && op.Body != nil && r.config.Codec != nil:
		media := preferred(op.Body.Media)
		req, err := r.config.Codec.Encode(op, &contract.Request{Target: l.request.Target, Body: &contract.Body{MediaType: media, Value: body.tree}})
		if err != nil {
			r.Errorf(at.Key, "the body cannot be written as %s, which the operation takes", media)
			return
		}
		l.request = req
	default:
		data, err := json.Marshal(body.tree)
		if err != nil {
			r.Errorf(at.Key, "the body cannot be written as JSON")
			return
		}
		l.send("application/json", data)
	}
}

func (l *login) send(contentType string, body []byte) {
	l.request.Header = append(l.request.Header, capture.Field{Name: http.CanonicalHeaderKey("Content-Type"), Value: contentType})
	l.request.Body, l.request.BodySize = body, int64(len(body))
}

// preferred returns the media type for a body: JSON where it is taken.
func preferred(media []*openapi.Media) string {
	for _, m := range media {
		if m.Type == "application/json" || strings.HasSuffix(m.Type, "+json") {
			return m.Type
		}
	}
	if len(media) > 0 && !strings.Contains(media[0].Type, "*") {
		return media[0].Type
	}
	return "application/json"
}
