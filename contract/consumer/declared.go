package consumer

import (
	"slices"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/conform"
	"twinspect.dev/contract/message"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/promise"
	"twinspect.dev/contract/shape"
)

// declare adds the fields that the document declares for a response and that never
// came.
func declare(res *contract.Answer, doc *openapi.Document, op *openapi.Operation) {
	if op == nil {
		return
	}
	declared := conform.Declared(op, res.Status)
	if declared == nil {
		return
	}
	come := make(map[contract.Place]bool, len(res.Fields))
	for i := range res.Fields {
		come[res.Fields[i].At] = true
		// A map whose few keys are told apart has come with any of them.
		if up, _, ok := shape.Up(res.Fields[i].At); ok {
			come[shape.Down(up, "*")] = true
		}
	}
	add := func(at contract.Place) {
		if !come[at] {
			res.Fields = append(res.Fields, contract.Field{At: at, Of: res.Calls, Usage: contract.Usage{State: contract.Never}})
		}
	}
	for _, h := range declared.Headers {
		add(contract.At("header", h.Name))
	}
	if m := message.Best(declared.Media, res.MediaType); m != nil && m.Schema != "" {
		for _, pointer := range promise.Fields(doc, m.Schema) {
			if reachable(pointer, come) {
				add(contract.At("body", pointer))
			}
		}
	}
	slices.SortFunc(res.Fields, func(a, b contract.Field) int { return strings.Compare(string(a.At), string(b.At)) })
}

// reachable leaves out what lies below a field that never came itself: the field
// alone says enough.
func reachable(pointer string, come map[contract.Place]bool) bool {
	parent := pointer[:strings.LastIndexByte(pointer, '/')]
	return parent == "" || come[contract.At("body", parent)]
}
