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

// valueOf returns the one value of a request.
func valueOf(r *contract.Request) any {
	for _, values := range []map[string]any{r.Path, r.Query, r.Header, r.Cookie} {
		for _, v := range values {
			return v
		}
	}
	return nil
}
