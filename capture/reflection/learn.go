package reflection

import (
	"errors"
	"slices"
	"strings"

	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	"twinspect.dev/capture"
	"twinspect.dev/capture/coding"
	"twinspect.dev/capture/grpcmsg"
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
	// UnknownCoding: the message is compressed by a coding that is not known.
	UnknownCoding capture.Reason = "unknown-coding"
	// Limit: there are more than [MaxFiles] or [MaxBytes].
	Limit capture.Reason = "limit"
)

// Learner collects descriptors from recorded answers of server reflection. The
// zero value is ready to use. It is not safe for concurrent use.
type Learner struct {
	files   files
	stats   capture.Stats
	codings coding.Decoder
}

// Observe learns from e if it is a call of server reflection. It keeps nothing of
// e's memory.
func (l *Learner) Observe(e *capture.Exchange) {
	if !slices.Contains(paths, capture.PathOf(e.Request.Target)) {
		return
	}
	name := strings.ToLower(strings.TrimSpace(e.Response.Header.Get("Grpc-Encoding")))
	for m, err := range grpcmsg.Split(e.Response.Body) {
		data, reason := l.plain(m, err, name)
		if reason == "" {
			l.answer(data)
			continue
		}
		l.stats.Seen++
		l.stats.Drop(reason, 1)
	}
}

// plain returns a message without its compression, or the reason why it has none.
func (l *Learner) plain(m grpcmsg.Message, err error, name string) ([]byte, capture.Reason) {
	var cut *grpcmsg.Error
	switch {
	case errors.As(err, &cut) && cut.Cut:
		return nil, Cut
	case err != nil:
		return nil, Malformed
	case !m.Compressed || len(m.Data) == 0:
		return m.Data, ""
	}
	l.codings.Limit = MaxBytes
	data, err := l.codings.Decode(nil, m.Data, []string{name})
	switch {
	case err == nil:
		return data, ""
	case errors.Is(err, coding.ErrDamaged):
		return nil, Malformed
	case errors.Is(err, coding.ErrTooLong):
		return nil, Limit
	}
	return nil, UnknownCoding
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
