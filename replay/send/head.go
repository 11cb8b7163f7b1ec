package send

import (
	"strings"

	"twinspect.dev/capture"
)

// statusLine reads HTTP-version SP 3DIGIT [SP reason] (RFC 9112 section 4). The
// space before an empty reason is often left out, which is accepted.
func statusLine(line string, res *capture.Response) error {
	if len(line) < len("HTTP/1.1 200") || line[:7] != "HTTP/1." || !isDigit(line[7]) || line[8] != ' ' {
		return malformedf("status line %q does not begin with HTTP/1.1 and a status", clip(line))
	}
	code := line[9:12]
	if code[0] < '1' || code[0] > '9' || !isDigit(code[1]) || !isDigit(code[2]) || len(line) > 12 && line[12] != ' ' {
		return malformedf("status line %q has no status of three digits", clip(line))
	}
	res.Proto = line[:8]
	res.Status = int(code[0]-'0')*100 + int(code[1]-'0')*10 + int(code[2]-'0')
	res.Reason = ""
	if len(line) > 13 {
		res.Reason = line[13:]
	}
	if strings.ContainsAny(res.Reason, "\r\x00") {
		return malformedf("status line %q holds a control character", clip(line))
	}
	return nil
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// clip bounds what a message shows of an answer.
func clip(s string) string {
	const shown = 80
	if len(s) > shown {
		return s[:shown] + "..."
	}
	return s
}

// cutLine returns the first line of s without its end.
func cutLine(s string) (line, rest string) {
	line, rest, _ = strings.Cut(s, "\n")
	return strings.TrimSuffix(line, "\r"), rest
}

// fields reads field lines up to the empty one. The header shares the memory of
// s.
func fields(s string) (capture.Header, error) {
	n := strings.Count(s, "\n") - 1
	if n <= 0 {
		return nil, nil
	}
	h := make(capture.Header, 0, n)
	for {
		var line string
		line, s = cutLine(s)
		if line == "" {
			return h, nil
		}
		if line[0] == ' ' || line[0] == '\t' {
			if len(h) == 0 {
				return nil, malformedf("line %q continues a field, but none came before", clip(line))
			}
			if err := checkValue(line); err != nil {
				return nil, err
			}
			// A folded line is one space (RFC 9112 section 5.2).
			last := &h[len(h)-1]
			last.Value = strings.Trim(last.Value+" "+trimOWS(line), " ")
			continue
		}
		f, err := field(line)
		if err != nil {
			return nil, err
		}
		h = append(h, f)
	}
}

func field(line string) (capture.Field, error) {
	i := strings.IndexByte(line, ':')
	if i < 0 {
		return capture.Field{}, malformedf("header line %q has no colon", clip(line))
	}
	name := line[:i]
	if !isToken(name) {
		return capture.Field{}, malformedf("header line %q: the name is not a token", clip(line))
	}
	value := trimOWS(line[i+1:])
	return capture.Field{Name: name, Value: value}, checkValue(value)
}

// checkValue refuses what RFC 9110 section 5.5 calls dangerous.
func checkValue(value string) error {
	if strings.IndexByte(value, '\r') >= 0 || strings.IndexByte(value, 0) >= 0 {
		return malformedf("header value %q holds a bare CR or NUL", clip(value))
	}
	return nil
}

func trimOWS(s string) string { return strings.Trim(s, " \t") }
