package shape

import "strings"

// ignored are header fields that tell nothing of what a consumer and a provider
// have agreed on, by their canonical names: framing and connection (RFC 9110
// sections 6 and 7), the way (RFC 7239), the programs at both ends, and what
// browsers and proxies add by themselves.
var ignored = setOf(`Connection Keep-Alive Proxy-Connection Te Trailer Transfer-Encoding Upgrade Http2-Settings Host Content-Length
	Content-Encoding Accept-Encoding Accept-Charset Expect Max-Forwards Via Forwarded X-Real-Ip X-Forwarded X-Client-Ip True-Client-Ip
	User-Agent Server X-Powered-By Date Age Origin Referer Dnt From Pragma Priority Upgrade-Insecure-Requests Alt-Svc Nel Report-To
	Strict-Transport-Security X-Frame-Options X-Content-Type-Options X-Xss-Protection Content-Security-Policy Referrer-Policy
	Permissions-Policy Server-Timing Timing-Allow-Origin Accept-Ranges Content-Digest Digest Content-Md5 Expect-Ct X-Cache X-Served-By
	X-Timer X-Runtime Cf-Ray X-Amz-Cf-Id X-Amz-Cf-Pop X-Request-Start X-Response-Time Traceparent Tracestate Tracecontext Baggage B3
	Uber-Trace-Id Jaeger-Debug-Id Jaeger-Baggage Sentry-Trace X-Cloud-Trace-Context X-Amzn-Trace-Id X-Amzn-Requestid X-Request-Id
	X-Correlation-Id Request-Id Correlation-Id Traceresponse Grpc-Trace-Bin X-Trace-Id X-Span-Id X-Ot-Span-Context`)

// ignoredPrefixes begin the names of more of them.
var ignoredPrefixes = []string{
	"X-Forwarded-", "X-Envoy-", "X-B3-", "X-Datadog-", "Uberctx-", "Ot-Tracer-", "Sec-", "Proxy-", "X-Istio-", "Cf-",
	"Access-Control-", "X-Original-", "X-Newrelic-", "Elastic-Apm-",
}

func setOf(names string) map[string]bool {
	set := map[string]bool{}
	for name := range strings.FieldsSeq(names) {
		set[name] = true
	}
	return set
}

// matters reports whether a header field, by its canonical name, is part of what
// consumer and provider have agreed on.
func matters(name string) bool {
	if name == "" || ignored[name] || isCredential(name) {
		return false
	}
	for _, prefix := range ignoredPrefixes {
		if strings.HasPrefix(name, prefix) {
			return false
		}
	}
	return true
}

// credentials are parts of names of header fields and of parameters whose values
// let somebody in; see [plainName].
var credentials = []string{
	"authoriz", "authentic", "cookie", "token", "secret", "password", "passwd", "apikey", "accesskey", "session", "credential",
	"csrf", "xsrf", "signature", "assertion", "xauth",
}

// isCredential reports whether a field or parameter is one by its name. Nothing of
// it is kept, not even that it was there.
func isCredential(name string) bool {
	plain := plainName(name)
	switch plain {
	case "sig", "auth", "key", "jwt", "otp", "pin", "nonce":
		return true
	}
	for _, word := range credentials {
		if strings.Contains(plain, word) {
			return true
		}
	}
	return false
}
