package project

import "bytes"

// event is a server-sent event that is being read. A field that is nil was not
// there.
type event struct{ name, data, id, retry []byte }

func (e *event) isEmpty() bool {
	return e.name == nil && e.data == nil && e.id == nil && e.retry == nil
}

// events writes a stream as WHATWG HTML, section 9.2.6, reads it. There is none
// that breaks its grammar.
func (w *writer) events(data []byte) {
	data = bytes.TrimPrefix(data, byteOrderMark)
	var e event
	w.raw("[")
	for len(data) > 0 && !w.over {
		var line []byte
		line, data = cutLine(data)
		if len(line) > 0 {
			e.field(line)
			continue
		}
		w.event(&e, false)
		e = event{}
	}
	w.event(&e, true)
	w.raw("]")
}

// cutLine cuts the first line off, which ends in CR LF, LF or CR.
func cutLine(data []byte) (line, rest []byte) {
	i := bytes.IndexAny(data, "\r\n")
	switch {
	case i < 0:
		return data, nil
	case data[i] == '\r' && i+1 < len(data) && data[i+1] == '\n':
		return data[:i], data[i+2:]
	}
	return data[:i], data[i+1:]
}

func (e *event) field(line []byte) {
	name, value, _ := bytes.Cut(line, []byte{':'})
	value = bytes.TrimPrefix(value, []byte{' '})
	if value == nil {
		value = []byte{}
	}
	switch string(name) {
	case "event":
		e.name = value
	case "data":
		if e.data == nil {
			e.data = value[:len(value):len(value)]
			return
		}
		e.data = append(append(e.data, '\n'), value...)
	case "id":
		if bytes.IndexByte(value, 0) < 0 {
			e.id = value
		}
	case "retry":
		if len(value) > 0 && len(bytes.Trim(value, "0123456789")) == 0 {
			e.retry = value
		}
	}
}

func (w *writer) event(e *event, unfinished bool) {
	if e.isEmpty() {
		return
	}
	w.comma()
	w.raw("{")
	if name := string(e.name); name != "" && name != "message" {
		w.name("event")
		writeText(w, name)
	}
	if e.data != nil {
		w.name("data")
		if !w.container(e.data) {
			writeText(w, e.data)
		}
	}
	if e.id != nil {
		w.name("id")
		writeText(w, e.id)
	}
	if e.retry != nil {
		w.name("retry")
		writeText(w, e.retry)
	}
	if unfinished {
		w.name("unfinished")
		w.raw("true")
	}
	w.raw("}")
}
