package send

import (
	"strings"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"twinspect.dev/capture"
)

// h2stream is one exchange on a connection. It belongs to the connection's lock
// while it is open, and to the one who asked afterwards.
type h2stream struct {
	id      uint32
	method  string
	maxBody int64
	opened  time.Time

	body    []byte         // what is left to send
	trailer capture.Header // to send after it
	window  int64          // how much of it the server takes
	queued  bool           // it is in the connection's line of senders
	sentAll bool           // END_STREAM was handed to the writer
	written bool           // the header was handed to the socket
	sent    time.Time      // when the last byte was

	res    capture.Response
	headed bool  // the final header came
	length int64 // that it announces, -1 for none
	used   int64 // bytes of our window that were not given back yet
	err    error
	done   chan struct{} // gets one entry when the stream is over
}

func newH2stream(method string, maxBody int64) *h2stream {
	st := &h2stream{method: method, maxBody: maxBody, length: -1, done: make(chan struct{}, 1)}
	st.res.Incomplete, st.res.BodySize = capture.Unseen, -1
	return st
}

// header takes a block of header fields: interim, final or trailers.
func (st *h2stream) header(f *http2.MetaHeadersFrame, now time.Time) error {
	if f.Truncated {
		return malformedf("the header section is longer than %d bytes", maxHead)
	}
	if st.headed {
		return st.trailers(f)
	}
	status, fields, err := h2status(f.Fields)
	if err != nil {
		return err
	}
	header, err := h2fields(fields)
	if err != nil {
		return err
	}
	if status < 200 {
		return st.interim(status, header, f.StreamEnded(), now)
	}
	st.headed = true
	st.res.Status, st.res.Proto, st.res.Header = status, protoH2, header
	st.res.Start, st.res.Incomplete = now, capture.Closed
	return st.announce(header)
}

func (st *h2stream) interim(status int, header capture.Header, last bool, now time.Time) error {
	switch {
	case last:
		return malformedf("the stream ends with the interim answer %d", status)
	case status == 101:
		return malformedf("101 does not exist in HTTP/2")
	case len(st.res.Interim) == maxInterim:
		return malformedf("more than %d interim answers", maxInterim)
	}
	st.res.Interim = append(st.res.Interim, capture.Interim{Status: status, Header: header, Time: now})
	return nil
}

// announce reads Content-Length, which must be what comes (RFC 9113 section
// 8.1.1).
func (st *h2stream) announce(header capture.Header) error {
	for i := range header {
		if header[i].Name != "content-length" {
			continue
		}
		n, err := contentLength(header[i].Value)
		if err != nil {
			return err
		}
		if st.length >= 0 && n != st.length {
			return malformedf("content-length is both %d and %d", st.length, n)
		}
		st.length = n
	}
	if !st.bodiless() {
		st.res.BodySize = st.length
	}
	return nil
}

func (st *h2stream) bodiless() bool {
	return st.method == "HEAD" || st.res.Status == 204 || st.res.Status == 304
}

func (st *h2stream) trailers(f *http2.MetaHeadersFrame) error {
	if !f.StreamEnded() {
		return malformedf("a second header section does not end the stream")
	}
	var err error
	st.res.Trailer, err = h2fields(f.Fields)
	return err
}

// data takes the content of a DATA frame.
func (st *h2stream) data(p []byte) error {
	switch {
	case !st.headed:
		return malformedf("DATA comes before the header")
	case len(p) == 0:
		return nil
	case st.bodiless():
		return malformedf("an answer %d to %s has content", st.res.Status, st.method)
	}
	if st.res.Body == nil {
		st.res.Body = make([]byte, 0, max(int64(len(p)), min(st.length, firstBody, st.maxBody)))
	}
	room := st.maxBody - int64(len(st.res.Body))
	st.res.Body = append(st.res.Body, p[:min(int64(len(p)), room)]...)
	if int64(len(p)) > room {
		return errTooLarge
	}
	return nil
}

// end closes the answer, which must be whole.
func (st *h2stream) end(now time.Time) error {
	size := int64(len(st.res.Body))
	switch {
	case !st.headed:
		return malformedf("the stream ends before the header of an answer")
	case !st.bodiless() && st.length >= 0 && st.length != size:
		return malformedf("content-length is %d, but the body has %d bytes", st.length, size)
	}
	st.res.BodySize, st.res.Incomplete, st.res.End = size, "", now
	return nil
}

// h2status takes :status from the fields of an answer.
func h2status(fields []hpack.HeaderField) (int, []hpack.HeaderField, error) {
	if len(fields) == 0 || fields[0].Name != ":status" {
		return 0, nil, malformedf("the answer has no :status")
	}
	v := fields[0].Value
	if len(v) != 3 || v[0] < '1' || v[0] > '9' || !isDigit(v[1]) || !isDigit(v[2]) {
		return 0, nil, malformedf(":status %q is not three digits", clip(v))
	}
	return int(v[0]-'0')*100 + int(v[1]-'0')*10 + int(v[2]-'0'), fields[1:], nil
}

// h2fields returns the fields in their order. Those of a connection make a
// message malformed (RFC 9113 section 8.2.2), as pseudo-header fields do where
// they are not expected.
func h2fields(fields []hpack.HeaderField) (capture.Header, error) {
	if len(fields) == 0 {
		return nil, nil
	}
	h := make(capture.Header, 0, len(fields))
	for i := range fields {
		f := &fields[i]
		if strings.HasPrefix(f.Name, ":") {
			return nil, malformedf("pseudo-header field %q is out of place", clip(f.Name))
		}
		switch kindOf(f.Name) {
		case codingField, hopField:
			return nil, malformedf("field %q does not exist in HTTP/2", f.Name)
		}
		h = append(h, capture.Field{Name: f.Name, Value: f.Value})
	}
	return h, nil
}
