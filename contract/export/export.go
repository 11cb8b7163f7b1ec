// Package export writes a suite of cases in the forms of other programs: a Go test
// file, a collection of Postman, and a file of HTTP requests for editors.
//
// All three hold the same requests, as message.Codec writes them, and expect the
// same statuses; the Go test also holds answers against the document. Credentials
// are variables named by their security schemes, never values.
//
// What a form cannot say stands in it as a comment with the reason, and is counted
// at its end and by [Context.Left].
package export

import (
	"bufio"
	"fmt"
	"io"
	"iter"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/message"
	"twinspect.dev/contract/openapi"
)

// Context is what an export needs beside the cases.
type Context struct {
	Document *openapi.Document
	Codec    *message.Codec
	// DocumentPath is the path of the document as the exported file is to have it;
	// "" takes Document.Path.
	DocumentPath string
	// Package is the package of a Go test, "contract_test" where it is "".
	Package string
	// BaseURL is the provider's URL to begin with, "http://localhost:8080" where it
	// is "".
	BaseURL string
	// Tool is the name and version of the program, "" where they should not show.
	Tool string
	// Left is told of each case that is left out whole or in part; it may be nil.
	Left func(Left)
}

// Left is something of a case that a form cannot say.
type Left struct {
	Case   string // its ID
	Reason capture.Reason
	Detail string
	// Whole says that the case is left out, not a part of what it checks.
	Whole bool
}

// The reasons.
const (
	NotEncodable capture.Reason = "not-encodable" // a request has no form on the wire
	NoOperation  capture.Reason = "no-operation"  // the document does not have the operation
	NoVariable   capture.Reason = "no-variable"   // a value of an earlier answer cannot be put there
	NotText      capture.Reason = "not-text"      // a body is not text
	NotOneLine   capture.Reason = "not-one-line"  // a body has lines that the form takes for its own
	NoPages      capture.Reason = "pages"         // a list is not followed to its end
	NoComparison capture.Reason = "comparison"    // an answer is not compared with an earlier step
	NoScheme     capture.Reason = "no-scheme"     // a security scheme that no field of a request is for
	NoValidation capture.Reason = "no-validation" // answers are not held against the document
)

func (x *Context) documentPath() string {
	if x.DocumentPath != "" {
		return x.DocumentPath
	}
	return x.Document.Path
}

func (x *Context) baseURL() string {
	if x.BaseURL != "" {
		return x.BaseURL
	}
	return "http://localhost:8080"
}

// output writes the pieces of a file and counts what is left out. It keeps the
// first error.
type output struct {
	*bufio.Writer
	x     *Context
	whole uint64
	part  uint64
}

func (x *Context) output(w io.Writer) *output {
	return &output{Writer: bufio.NewWriterSize(w, 64<<10), x: x}
}

func (o *output) printf(format string, args ...any) { _, _ = fmt.Fprintf(o, format, args...) }

// leave counts what is left out of a case.
func (o *output) leave(l Left) {
	if l.Whole {
		o.whole++
	} else {
		o.part++
	}
	if o.x.Left != nil {
		o.x.Left(l)
	}
}

// account says what the file does not hold.
func (o *output) account() string {
	return fmt.Sprintf("%d cases and %d checks of the suite cannot be said in this form; each is told where it would stand.", o.whole, o.part)
}

// flush ends the file.
func (o *output) flush() error {
	if err := o.Flush(); err != nil {
		return fmt.Errorf("write the export: %w", err)
	}
	return nil
}

// each calls a function with every part, until one fails.
func each(parts iter.Seq2[contract.Part, error], do func(*contract.Part) error) error {
	for p, err := range parts {
		if err != nil {
			return fmt.Errorf("export the suite: %w", err)
		}
		if err := do(&p); err != nil {
			return fmt.Errorf("export the cases of %s: %w", p.Operation, err)
		}
	}
	return nil
}
