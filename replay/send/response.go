package send

import (
	"strconv"
	"strings"

	"twinspect.dev/capture"
)

// response reads one answer to a request with the method. What it could read
// before an error is in res. keep says that the answer is whole and the
// connection can take another request.
func (r *reader) response(method string, maxBody int64, res *capture.Response) (keep bool, err error) {
	for {
		if err := r.head(res); err != nil {
			return false, err
		}
		if res.Status >= 200 || res.Status == 101 {
			break
		}
		if len(res.Interim) == maxInterim {
			return false, malformedf("more than %d interim answers", maxInterim)
		}
		res.Interim = append(res.Interim, capture.Interim{Status: res.Status, Header: res.Header, Time: res.Start})
		// The final answer is still unseen.
		*res = capture.Response{Interim: res.Interim}
		res.Incomplete, res.BodySize = capture.Unseen, -1
	}
	res.Incomplete = capture.Closed
	f, err := framingOf(method, res)
	if err != nil {
		return false, err
	}
	if err := r.body(f, maxBody, res); err != nil {
		return false, err
	}
	res.Incomplete = ""
	res.BodySize = int64(len(res.Body))
	res.End = r.filled
	return f.keep && r.from == r.to, nil
}

func (r *reader) head(res *capture.Response) error {
	b, start, err := r.section("the header section")
	if err != nil {
		return err
	}
	s := string(b)
	line, rest := cutLine(s)
	if err := statusLine(line, res); err != nil {
		return err
	}
	res.Start = start
	res.Header, err = fields(rest)
	return err
}

// bodyFraming is how an answer's body ends.
type bodyFraming struct {
	none    bool
	chunked bool
	length  int64 // -1: with the connection
	keep    bool  // the connection persists
}

// framingOf decides where the body ends (RFC 9112 section 6.3) and whether the
// connection persists (section 9.3).
func framingOf(method string, res *capture.Response) (bodyFraming, error) {
	f := bodyFraming{length: -1, keep: res.Proto != "HTTP/1.0"}
	coding, closes := false, false
	for _, h := range res.Header {
		switch kindOf(h.Name) {
		case hopField:
			if strings.EqualFold(h.Name, "Connection") {
				f.keep = f.keep || hasToken(h.Value, "keep-alive")
				closes = closes || hasToken(h.Value, "close")
			}
		case lengthField:
			n, err := contentLength(h.Value)
			if err != nil {
				return f, err
			}
			if f.length >= 0 && n != f.length {
				return f, malformedf("Content-Length is both %d and %d", f.length, n)
			}
			f.length = n
		case codingField:
			if f.chunked || !strings.EqualFold(h.Value, "chunked") {
				return f, malformedf("Transfer-Encoding %q is not the chunked that was asked for", clip(h.Value))
			}
			coding, f.chunked = true, true
		}
	}
	f.keep = f.keep && !closes // in whichever line
	if coding && (f.length >= 0 || res.Proto == "HTTP/1.0") {
		// Chunked wins, but nothing after it can be trusted.
		f.keep = false
	}
	switch {
	case res.Status == 101:
		f.none, f.keep = true, false
	case method == "HEAD", res.Status == 204, res.Status == 304:
		f.none = true
	case !f.chunked && f.length < 0:
		f.keep = false
	}
	return f, nil
}

// contentLength reads a length, or a list of the same one (RFC 9110 section
// 8.6).
func contentLength(value string) (int64, error) {
	length := int64(-1)
	for part := range strings.SplitSeq(value, ",") {
		part = trimOWS(part)
		n, err := strconv.ParseUint(part, 10, 63)
		if err != nil || !isDigit(part[0]) {
			return 0, malformedf("Content-Length %q is not a number of bytes", clip(value))
		}
		if length >= 0 && int64(n) != length {
			return 0, malformedf("Content-Length %q names different lengths", clip(value))
		}
		length = int64(n)
	}
	return length, nil
}

// body reads the body. res.BodySize is what is known of its length in case it
// cannot be read to its end.
func (r *reader) body(f bodyFraming, maxBody int64, res *capture.Response) error {
	switch {
	case f.none:
		return nil
	case f.chunked:
		res.BodySize = -1
		return r.chunked(maxBody, res)
	case f.length >= 0:
		res.BodySize = f.length
		return r.exactly(f.length, maxBody, res)
	}
	res.BodySize = -1
	return r.toEnd(maxBody, res)
}
