package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/capture/redact"
	"twinspect.dev/capture/trace"
)

// redactSpan hides the secrets of a span, and returns how many. A span is one
// exchange to the redactor, so that rules for a service and an operation hold: its
// texts and the attributes that stand for headers are fields of the header, its other
// attributes are a form, as their names are of the kind that parameters have.
func redactSpan(r *redact.Redactor, sp *trace.Span) int {
	e := capture.Exchange{Context: capture.Context{Service: sp.Service}}
	e.Request.Method, e.Request.Target = sp.HTTP.Method, sp.HTTP.Target
	texts := [...]*string{&sp.Name, &sp.Message, &sp.DB.Statement, &sp.HTTP.Route, &sp.Peer}
	header := make(capture.Header, 0, len(texts)+len(sp.Attributes))
	for _, text := range texts {
		header = append(header, capture.Field{Name: "text", Value: *text})
	}
	lists, form := make([]int, len(sp.Attributes)), []byte(nil)
	for i, a := range sp.Attributes {
		name, ok := headerOf(a.Key)
		if !ok {
			form = appendPair(form, a)
			continue
		}
		values := listOf(a.Value)
		lists[i] = len(values)
		for _, v := range values {
			header = append(header, capture.Field{Name: name, Value: v})
		}
	}
	e.Response.Header = header // the form's own header is another: a length would be made to fit it
	e.Request.Header = capture.Header{{Name: "Content-Type", Value: "application/x-www-form-urlencoded"}}
	e.Request.Body, e.Request.BodySize = form, int64(len(form))
	n := r.Redact(&e)
	if n == 0 {
		return 0
	}
	sp.HTTP.Target = e.Request.Target
	for i, text := range texts {
		*text = e.Response.Header[i].Value
	}
	sp.Attributes = redactedAttributes(sp.Attributes, lists, e.Response.Header[len(texts):], e.Request.Body)
	return n
}

// redactedAttributes puts the values back that are in the header and in the form.
func redactedAttributes(all []trace.Attribute, lists []int, header capture.Header, form []byte) []trace.Attribute {
	all = slices.Clone(all)
	pairs := strings.Split(string(form), "&")
	for i := range all {
		a := &all[i]
		if lists[i] > 0 {
			a.Value = textOf(a.Value, header[:lists[i]])
			header = header[lists[i]:]
			continue
		}
		value := "" // of a form that could not be redacted nothing is kept
		if len(pairs) > 0 {
			_, escaped, _ := strings.Cut(pairs[0], "=")
			value, _ = url.QueryUnescape(escaped)
			pairs = pairs[1:]
		}
		a.Value = strings.TrimPrefix(value, queryMark(a.Key))
	}
	return all
}

func appendPair(form []byte, a trace.Attribute) []byte {
	if len(form) > 0 {
		form = append(form, '&')
	}
	form = append(form, url.QueryEscape(memberOf(a.Key))...)
	form = append(form, '=')
	return append(form, url.QueryEscape(queryMark(a.Key)+a.Value)...)
}

// queryMark makes a query that stands alone one that is seen to be a query.
func queryMark(key string) string {
	if key == "url.query" {
		return "?"
	}
	return ""
}

// headerOf is the name of the header that an attribute stands for.
func headerOf(key string) (name string, ok bool) {
	for _, prefix := range []string{"http.request.header.", "http.response.header.", "rpc.grpc.request.metadata.", "rpc.grpc.response.metadata."} {
		if name, ok := strings.CutPrefix(key, prefix); ok {
			return strings.ReplaceAll(name, "_", "-"), true
		}
	}
	return "", false
}

// memberOf is the name by which an attribute is known to be secret: its last part,
// as of "enduser.token", and with it the one before where it says nothing alone.
func memberOf(key string) string {
	parts := strings.Split(key, ".")
	if n := len(parts); n > 1 && parts[n-1] == "id" {
		return parts[n-2] + "_id"
	}
	return parts[len(parts)-1]
}

// listOf returns the values of a header: Jaeger keeps a list as a text of JSON.
func listOf(value string) []string {
	var list []string
	if strings.HasPrefix(value, "[") && json.Unmarshal([]byte(value), &list) == nil && len(list) > 0 {
		return list
	}
	return []string{value}
}

// textOf is the reverse of listOf; was is the text before.
func textOf(was string, fields capture.Header) string {
	if !strings.HasPrefix(was, "[") || len(fields) == 1 && listOf(was)[0] == was {
		return fields[0].Value
	}
	list := make([]string, len(fields))
	for i := range fields {
		list[i] = fields[i].Value
	}
	text, err := json.Marshal(list)
	if err != nil {
		return "" // texts always can be written
	}
	return string(text)
}

// tellRedacted says what was hidden, as it is said of recordings.
func tellRedacted(w io.Writer, n uint64) {
	if n > 0 {
		fmt.Fprintf(w, "%d secret values were replaced by pseudonyms; --no-redact keeps them\n", n)
	}
}
