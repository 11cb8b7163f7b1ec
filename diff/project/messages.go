package project

import (
	"errors"

	"twinspect.dev/capture/coding"
	"twinspect.dev/capture/grpcmsg"
)

// AppendUncompressed appends the messages of a gRPC body to dst, those that are
// compressed by the coding of that name as what they were before. Where the body
// stops being a row of messages, the rest is appended as it is. The error is a
// [*SyntaxError] where a message is no such compression, or a [*LimitError].
func AppendUncompressed(dst, body []byte, name string, decoder *coding.Decoder) ([]byte, error) {
	start, offset := len(dst), 0
	limit := outputLimit(len(body)) + decoder.Limit
	for m, err := range grpcmsg.Split(body) {
		if err != nil {
			return append(dst, body[offset:]...), nil
		}
		offset += grpcmsg.PrefixSize + len(m.Data)
		if m.Compressed {
			if m.Data, err = decoder.Decode(nil, m.Data, []string{name}); err != nil {
				return dst[:start], messageError(body, offset, err)
			}
			m.Compressed = false
		}
		if dst = grpcmsg.Append(dst, m); len(dst)-start > limit {
			return dst[:start], &LimitError{Kind: Messages, Limit: limit, Unit: "bytes of messages"}
		}
	}
	return dst, nil
}

func messageError(body []byte, offset int, err error) error {
	if errors.Is(err, coding.ErrDamaged) {
		return newSyntaxError(Messages, body, offset, err.Error())
	}
	return &LimitError{Kind: Messages, Limit: maxOutput, Unit: "bytes: " + err.Error()}
}
