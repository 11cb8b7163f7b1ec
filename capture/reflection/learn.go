package reflection

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"

	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	"twinspect.dev/capture"
)

// The reasons for which a Learner leaves out what it saw.
const (
	// NoFile: the answer lists services, or says that something is not known.
	NoFile capture.Reason = "no-file"
	// Replaced: a later answer had another file of the same name.
	Replaced capture.Reason = "replaced"
	// Malformed: what should be a message or a file is none.
	Malformed capture.Reason = "malformed"
	// Cut: the recording ends inside the message.
	Cut capture.Reason = "cut"
	// UnknownCoding: the message is compressed by something else than gzip.
	UnknownCoding capture.Reason = "unknown-coding"
	// Limit: there are more than [MaxFiles] or [MaxBytes].
	Limit capture.Reason = "limit"
)

// Learner collects descriptors from recorded answers of server reflection. The
// zero value is ready to use. It is not safe for concurrent use.
type Learner struct {
	files files
	stats capture.Stats
}

// Observe learns from e if it is a call of server reflection. It keeps nothing of
// e's memory.
func (l *Learner) Observe(e *capture.Exchange) {
	if !slices.Contains(paths, capture.PathOf(e.Request.Target)) {
		return
	}
	body, coding := e.Response.Body, e.Response.Header.Get("Grpc-Encoding")
	for len(body) > 0 {
		data, rest, reason := nextMessage(body, coding)
		body = rest
		if reason == "" {
			l.answer(data)
			continue
		}
		l.stats.Seen++
		l.stats.Drop(reason, 1)
	}
}

// prefixSize is the length of what stands before each message (gRPC over HTTP/2,
// "Length-Prefixed-Message").
const prefixSize = 5

// nextMessage takes the first message off a body. The reason says why it has none.
func nextMessage(body []byte, coding string) (data, rest []byte, reason capture.Reason) {
	if body[0] > 1 {
		return nil, nil, Malformed
	}
	if len(body) < prefixSize {
		return nil, nil, Cut
	}
	size := binary.BigEndian.Uint32(body[1:])
	if uint64(size) > uint64(len(body)-prefixSize) {
		return nil, nil, Cut
	}
	end := prefixSize + int(size)
	data, rest = body[prefixSize:end], body[end:]
	if body[0] == 1 && size > 0 {
		data, reason = decompress(data, coding)
	}
	return data, rest, reason
}

func decompress(data []byte, coding string) ([]byte, capture.Reason) {
	if !strings.EqualFold(strings.TrimSpace(coding), "gzip") {
		return nil, UnknownCoding
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, Malformed
	}
	plain, err := io.ReadAll(io.LimitReader(z, MaxBytes+1))
	switch {
	case err != nil:
		return nil, Malformed
	case len(plain) > MaxBytes:
		return nil, Limit
	}
	return plain, ""
}

// answer learns from one answer, whose files are counted one by one.
func (l *Learner) answer(data []byte) {
	var answer reflectionpb.ServerReflectionResponse
	if err := proto.Unmarshal(data, &answer); err != nil {
		l.stats.Seen++
		l.stats.Drop(Malformed, 1)
		return
	}
	encoded := answer.GetFileDescriptorResponse().GetFileDescriptorProto()
	if len(encoded) == 0 {
		l.stats.Seen++
		l.stats.Filter(NoFile, 1)
	}
	for _, file := range encoded {
		l.file(file)
	}
}

func (l *Learner) file(data []byte) {
	l.stats.Seen++
	switch replaced, err := l.files.add(data); {
	case errors.Is(err, errFull):
		l.stats.Drop(Limit, 1)
	case err != nil:
		l.stats.Drop(Malformed, 1)
	case replaced: // the one before was written
		l.stats.Drop(Replaced, 1)
	default:
		l.stats.Written++
	}
}

// Set returns what was learned, as far as all imports were seen. A *MissingError
// with it names the imports that were not.
func (l *Learner) Set() (*descriptorpb.FileDescriptorSet, error) {
	set := l.files.set()
	if names := l.files.missing(); len(names) > 0 {
		return set, &MissingError{Names: names}
	}
	return set, nil
}

// Stats counts the answers without files, and the files of the others.
func (l *Learner) Stats() capture.Stats { return l.stats.Clone() }
