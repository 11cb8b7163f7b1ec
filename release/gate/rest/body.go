package rest

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
)

// MaxBody bounds the body of a request that is no evidence: a reason of some pages.
const MaxBody = 64 << 10

// readBody reads a JSON object into a value. Fields that are not known are refused.
func readBody(w http.ResponseWriter, r *http.Request, into any) error {
	if err := wantJSON(r); err != nil {
		return err
	}
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, MaxBody))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		var long *http.MaxBytesError
		if errors.As(err, &long) {
			return err
		}
		return problem(http.StatusBadRequest, "body: %v", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return problem(http.StatusBadRequest, "body: more follows after the JSON object")
	}
	return nil
}

func wantJSON(r *http.Request) error {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return problem(http.StatusUnsupportedMediaType, "want a body of application/json")
	}
	return nil
}

// reply is an answer with its status.
type reply struct {
	status int
	body   any // nil for none
}

// written is the reply of a handler that has written its answer itself.
var written = reply{}

func (a reply) write(w http.ResponseWriter) {
	switch {
	case a.status == 0:
		return
	case a.body == nil:
		w.WriteHeader(a.status)
		return
	}
	data, err := json.Marshal(a.body)
	if err != nil {
		problemOf(err).write(w)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	_, _ = w.Write(append(data, '\n')) // who went away reads no error
}
