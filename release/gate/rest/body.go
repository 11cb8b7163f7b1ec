package rest

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"

	"twinspect.dev/release/statement/strict"
)

// MaxBody bounds the body of a request that is no evidence: a reason of some pages.
const MaxBody = 64 << 10

// readBody reads a JSON object into a value. Fields that are not known are refused.
func readBody(w http.ResponseWriter, r *http.Request, into any) error {
	if err := wantJSON(r); err != nil {
		return err
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	if err != nil {
		return unread(err)
	}
	// Two readers must not take two members of one name for two things.
	if err := strict.Check(data); err != nil {
		return problem(http.StatusBadRequest, "body: %v", err)
	}
	if data = bytes.TrimSpace(data); len(data) == 0 || data[0] != '{' {
		return problem(http.StatusBadRequest, "body: want a JSON object")
	}
	if err := noNull(data); err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return problem(http.StatusBadRequest, "body: %v", err)
	}
	return nil
}

// noNull refuses members that are null, which would be read as if they were not there.
func noNull(data []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return problem(http.StatusBadRequest, "body: %v", err)
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if string(members[name]) == "null" {
			return problem(http.StatusBadRequest, "body: %q is null: leave it out", name)
		}
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
	w.Header().Set("Cache-Control", "no-store") // a verdict of before is none
	w.WriteHeader(a.status)
	_, _ = w.Write(append(data, '\n')) // who went away reads no error
}
