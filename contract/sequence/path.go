package sequence

import (
	"net/http"
	"slices"
	"strings"

	"twinspect.dev/contract/openapi"
)

// segments returns the segments of a path's template.
func segments(path string) []string {
	path = strings.Trim(path, "/")
	if path == "" {
		return nil
	}
	return strings.Split(path, "/")
}

// parameterOf returns the parameter that a segment consists of.
func parameterOf(segment string) (string, bool) {
	if len(segment) > 2 && segment[0] == '{' && segment[len(segment)-1] == '}' && strings.IndexByte(segment[1:], '{') < 0 {
		return segment[1 : len(segment)-1], true
	}
	return "", false
}

// shapeOf is the key of a path whatever its parameters are called: /orders/{id}
// and /orders/{orderId} have one.
func shapeOf(segs []string) string {
	var b strings.Builder
	for _, s := range segs {
		if strings.Contains(s, "{") {
			s = "{}"
		}
		b.WriteByte('/')
		b.WriteString(s)
	}
	return b.String()
}

// creating are segments that say no more than that the method is a POST.
var creating = []string{"create", "add", "new"}

// collectionOf returns the segments of the collection that a path is of or
// creates in: /orders for itself, and for /orders/create.
func collectionOf(method string, segs []string) []string {
	if n := len(segs); method == http.MethodPost && n > 1 && slices.Contains(creating, strings.ToLower(segs[n-1])) {
		return segs[:n-1]
	}
	return segs
}

// literals returns the segments that are no parameters.
func literals(segs []string) []string {
	return slices.DeleteFunc(slices.Clone(segs), func(s string) bool { return strings.Contains(s, "{") })
}

// position finds the parameter in the path: the index of its segment.
func position(segs []string, param string) int {
	return slices.IndexFunc(segs, func(s string) bool { p, ok := parameterOf(s); return ok && p == param })
}

// slug is a name for an operation in the names of cases and steps:
// "get-orders-orderid".
func slug(op *openapi.Operation) string {
	return strings.Join(append([]string{strings.ToLower(op.Method)}, slugParts(segments(op.Path))...), "-")
}

func slugParts(segs []string) []string {
	var out []string
	for _, s := range segs {
		if ws := words(s); len(ws) > 0 {
			out = append(out, strings.Join(ws, "-"))
		}
	}
	return out
}
