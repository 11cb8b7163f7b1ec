package rewrite

import (
	"mime"
	"slices"
	"strings"

	"twinspect.dev/capture"
)

// draft is a request that is being changed. The memory of the recorded one is
// not written to.
type draft struct {
	req     *capture.Request
	owned   bool // req.Header is the draft's own memory
	content content
	secrets []secret
}

// secret is a header field whose value must not be kept with the answer.
type secret struct{ name, value, instead string }

// content is the body without its content coding.
type content struct {
	read    bool
	plain   []byte
	left    capture.Reason // why there is none
	changed bool
}

// body returns the decoded body, or why there is none.
func (d *draft) body() ([]byte, capture.Reason) {
	c := &d.content
	if !c.read {
		c.read = true
		if len(d.req.Body) == 0 {
			c.left = NoBody
		} else {
			c.plain, c.left = decode(d.req)
		}
	}
	return c.plain, c.left
}

func (d *draft) setBody(plain []byte) {
	d.content = content{read: true, plain: plain, changed: true}
}

// finish puts a changed body in its place, in no content coding. Content-Length
// is the client's matter.
func (d *draft) finish() {
	if !d.content.changed {
		return
	}
	d.req.Body = d.content.plain
	d.req.BodySize = int64(len(d.req.Body))
	if d.req.Header.Has("Content-Encoding") {
		d.removeHeader("Content-Encoding")
	}
}

// own makes the header the draft's own, with room for one more field.
func (d *draft) own() {
	if !d.owned {
		d.req.Header = append(make(capture.Header, 0, len(d.req.Header)+1), d.req.Header...)
		d.owned = true
	}
}

// setHeader gives the first field of that name the value, drops the others, and
// adds one at the end where there is none. Order and case are kept.
func (d *draft) setHeader(name, value string) capture.Reason {
	first := d.indexOf(name)
	if first < 0 {
		d.own()
		d.req.Header = append(d.req.Header, capture.Field{Name: name, Value: value})
		return ""
	}
	isLater := func(i int) bool { return i > first && strings.EqualFold(d.req.Header[i].Name, name) }
	several := false
	for i := range d.req.Header {
		several = several || isLater(i)
	}
	if !several && d.req.Header[first].Value == value {
		return Same
	}
	d.own()
	d.req.Header[first].Value = value
	kept := d.req.Header[:0]
	for i, f := range d.req.Header {
		if !isLater(i) {
			kept = append(kept, f)
		}
	}
	d.req.Header = kept
	return ""
}

func (d *draft) indexOf(name string) int {
	return slices.IndexFunc(d.req.Header, func(f capture.Field) bool { return strings.EqualFold(f.Name, name) })
}

func (d *draft) removeHeader(name string) capture.Reason {
	if d.indexOf(name) < 0 {
		return Absent
	}
	d.req.Header, d.owned = d.req.Header.Without(name), true
	return ""
}

// setHost sets the Host field, in front where there is none, as in a request that
// came over HTTP/2 (RFC 9112 section 3.2).
func (d *draft) setHost(a *alter) capture.Reason {
	i := d.indexOf("Host")
	recorded := ""
	switch {
	case i >= 0:
		recorded = d.req.Header[i].Value
	default:
		recorded = d.req.Header.Get(":authority")
	}
	out, left := a.text(recorded)
	switch {
	case left != "":
		return left
	case !isVisible(out) || out == "" || strings.ContainsAny(out, "/?#@"):
		return BadValue
	case i >= 0:
		return d.setHeader("Host", out)
	}
	d.req.Header = slices.Concat(capture.Header{{Name: "Host", Value: out}}, d.req.Header)
	d.owned = true
	return ""
}

// replaceHeader applies an expression to every field of the name.
func (d *draft) replaceHeader(name string, a *alter) capture.Reason {
	left := Absent
	for i := range d.req.Header {
		if !strings.EqualFold(d.req.Header[i].Name, name) {
			continue
		}
		out, reason := a.text(d.req.Header[i].Value)
		if reason == "" && !isFieldValue(out) {
			reason = BadValue
		}
		if reason == "" {
			d.own()
			d.req.Header[i].Value = out
		}
		if left != "" {
			left = reason
		}
	}
	return left
}

// isFieldValue reports whether a field may hold the value (RFC 9110 section 5.5).
func isFieldValue(v string) bool { return !strings.ContainsAny(v, "\r\n\x00") }

// form applies a rule to the fields of a form.
func (d *draft) form(name string, a *alter) capture.Reason {
	body, left := d.body()
	if left != "" {
		return left
	}
	media, params, err := mime.ParseMediaType(d.req.Header.Get("Content-Type"))
	var out []byte
	switch {
	case media == "application/x-www-form-urlencoded":
		var text string
		if text, left = editPairs(string(body), name, a); left == "" {
			out = []byte(text)
		}
	case err == nil && media == "multipart/form-data" && params["boundary"] != "":
		out, left = editMultipart(body, params["boundary"], name, a)
	default:
		return NotForm
	}
	if left == "" {
		d.setBody(out)
	}
	return left
}
