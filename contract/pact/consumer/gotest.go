package consumer

import (
	"fmt"
	"go/format"
	"go/token"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/pact"
)

// GoTest writes a test of what the consumer expects of its provider, of the package
// pkg and with the standard library alone, for a developer to go on from: a provider
// that answers as the pact says, and for each interaction a function variable in which
// the consumer's own client is called. A test without one is skipped. The request that
// the client makes is held against that of the pact by method, path, query and the
// members of a JSON body.
//
// The contract, which may be nil, tells how often each operation was called.
func GoTest(w io.Writer, c *contract.Contract, p *pact.Pact, pkg string) error {
	if !token.IsIdentifier(pkg) {
		return fmt.Errorf("write the Go test: %q is no name of a package", pkg)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "// Tests of what %s expects of %s, begun by twinspect from recorded traffic.\n// Call the client in each of the functions below; a test without a call is skipped.\npackage %s\n%s",
		oneLine(p.Consumer), oneLine(p.Provider), pkg, goHead)
	taken := map[string]bool{}
	for i := range p.Interactions {
		it := &p.Interactions[i]
		if it.Kind != pact.HTTP || it.Request == nil || it.Response == nil {
			fmt.Fprintf(&b, "\n// Left out: %s is no exchange over HTTP.\n", oneLine(it.Description))
			continue
		}
		goInteraction(&b, c, it, testName(it.Description, taken))
	}
	b.WriteString(goProvider)
	source, err := format.Source([]byte(b.String()))
	if err != nil {
		return fmt.Errorf("format the Go test: %w", err)
	}
	_, err = w.Write(source)
	return err
}

func goInteraction(b *strings.Builder, c *contract.Contract, it *pact.Interaction, name string) {
	fmt.Fprintf(b, "\n// call%s calls the client so that it sends %s %s to baseURL,\n// and returns an error where it does not make of the answer what it should.\nvar call%s func(baseURL string) error\n",
		name, oneLine(it.Request.Method), oneLine(it.Request.Path), name)
	fmt.Fprintf(b, "\n// %s.%s\nfunc Test%s(t *testing.T) {\n", oneLine(it.Description), called(c, it), name)
	fmt.Fprintf(b, "runPact(t, call%s, pactInteraction{\n", name)
	fmt.Fprintf(b, "method: %s, path: %s, pathPattern: %s,\n", strconv.Quote(it.Request.Method), strconv.Quote(it.Request.Path), goRaw(ruleText(it.Request.Rules, pact.InPath)))
	goMap(b, "query", "map[string][]string", it.Request.Query)
	if body := it.Request.Body.Bytes(); len(body) > 0 && it.Request.Body.IsJSON {
		fmt.Fprintf(b, "body: %s,\n", goRaw(string(body)))
	}
	fmt.Fprintf(b, "status: %d,\n", it.Response.Status)
	header := maps.Clone(it.Response.Header)
	if kind := it.Response.Body.ContentType; kind != "" && header["Content-Type"] == nil {
		if header == nil {
			header = map[string][]string{}
		}
		header["Content-Type"] = []string{kind}
	}
	goMap(b, "header", "map[string][]string", header)
	if body := it.Response.Body.Bytes(); len(body) > 0 {
		fmt.Fprintf(b, "answer: %s,\n", goRaw(string(body)))
	}
	b.WriteString("})\n}\n")
}

// called tells how often the consumer made the call, as a sentence to append.
func called(c *contract.Contract, it *pact.Interaction) string {
	if c == nil {
		return ""
	}
	for i := range c.Interactions {
		for _, r := range c.Interactions[i].Responses {
			if it.Description == fmt.Sprintf("%s answers %d", c.Interactions[i].Operation, r.Status) {
				return fmt.Sprintf(" It was seen in %d of %d calls.", r.Calls, c.Interactions[i].Calls)
			}
		}
	}
	return ""
}

func ruleText(rules pact.Rules, c pact.Category) string {
	for _, r := range rules[c][""].Rules {
		if r.Match == "regex" {
			return r.Text("regex")
		}
	}
	return ""
}

func goMap(b *strings.Builder, name, kind string, m map[string][]string) {
	if len(m) == 0 {
		return
	}
	fmt.Fprintf(b, "%s: %s{\n", name, kind)
	for _, key := range slices.Sorted(maps.Keys(m)) {
		fmt.Fprintf(b, "%s: {", strconv.Quote(key))
		for _, v := range m[key] {
			b.WriteString(strconv.Quote(v) + ", ")
		}
		b.WriteString("},\n")
	}
	b.WriteString("},\n")
}

// goRaw writes a text between back quotes where it can stand there, which is easier to
// read and to edit.
func goRaw(s string) string {
	if strconv.CanBackquote(s) {
		return "`" + s + "`"
	}
	return strconv.Quote(s)
}

// oneLine keeps a text in its comment.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 || r == 0xfeff
	}), " ")
}

// testName makes a name that no other test has.
func testName(description string, taken map[string]bool) string {
	var b strings.Builder
	for word := range strings.FieldsFuncSeq(description, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}) {
		if word == strings.ToUpper(word) {
			word = strings.ToLower(word)
		}
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	name := "Pact" + b.String()
	for n := 2; taken[name]; n++ {
		name = "Pact" + b.String() + "_" + strconv.Itoa(n)
	}
	taken[name] = true
	return name
}
