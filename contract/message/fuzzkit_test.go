package message

import (
	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
)

func requestOf(op *openapi.Operation, target, field, cookie string) capture.Request {
	return capture.Request{Method: op.Method, Target: target, Message: capture.Message{Header: capture.Header{
		{Name: "Color", Value: field}, {Name: "Cookie", Value: cookie}}}}
}

// sameRequest compares the values but for the types of scalars: values that are
// not valid are written as they are.
func sameRequest(a, b *contract.Request) bool {
	for _, values := range [][2]map[string]any{{a.Path, b.Path}, {a.Query, b.Query}, {a.Header, b.Header}, {a.Cookie, b.Cookie}} {
		if len(values[0]) != len(values[1]) {
			return false
		}
		for name, v := range values[0] {
			if !alike(v, values[1][name]) {
				return false
			}
		}
	}
	return true
}
