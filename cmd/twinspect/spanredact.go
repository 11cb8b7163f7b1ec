package main

import (
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/capture/redact"
	"twinspect.dev/capture/trace"
)

// redactSpan hides the secrets of a span: of its target, of its error, and of its
// attributes, each by the name that it has in HTTP where it is a header's.
func redactSpan(r *redact.Redactor, sp *trace.Span) {
	sp.HTTP.Target = redactTarget(r, sp.HTTP.Target)
	e := capture.Exchange{Context: capture.Context{Service: sp.Service}}
	e.Request.Header = make(capture.Header, 0, len(sp.Attributes)+2)
	e.Request.Header = append(e.Request.Header, capture.Field{Name: "message", Value: sp.Message}, capture.Field{Name: "statement", Value: sp.DB.Statement})
	for _, a := range sp.Attributes {
		if urls[a.Key] {
			a.Value = redactTarget(r, a.Value)
		}
		e.Request.Header = append(e.Request.Header, capture.Field{Name: headerOf(a.Key), Value: a.Value})
	}
	r.Redact(&e)
	sp.Message, sp.DB.Statement = e.Request.Header[0].Value, e.Request.Header[1].Value
	attributes := make([]trace.Attribute, len(sp.Attributes))
	for i, a := range sp.Attributes {
		attributes[i] = trace.Attribute{Key: a.Key, Value: e.Request.Header[i+2].Value}
	}
	sp.Attributes = attributes
}

// urls are the attributes that hold a URL or its query.
var urls = map[string]bool{"url.full": true, "http.url": true, "http.target": true, "url.path": true}

func redactTarget(r *redact.Redactor, target string) string {
	if target == "" {
		return ""
	}
	e := capture.Exchange{Request: capture.Request{Method: "GET", Target: target}}
	r.Redact(&e)
	return e.Request.Target
}

// headerOf is the name of the header that an attribute stands for, else the
// attribute's last part: "enduser.token" is named as a token.
func headerOf(key string) string {
	for _, prefix := range []string{"http.request.header.", "http.response.header.", "rpc.grpc.request.metadata."} {
		if name, ok := strings.CutPrefix(key, prefix); ok {
			return strings.ReplaceAll(name, "_", "-")
		}
	}
	return key[strings.LastIndexByte(key, '.')+1:]
}
