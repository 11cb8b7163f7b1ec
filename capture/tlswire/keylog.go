package tlswire

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"

	"twinspect.dev/capture"
)

const (
	// maxSessions is how many sessions a key log keeps, the newest: about 300
	// bytes each, 300 MiB in total, and 5 hours of 60 new connections a second.
	maxSessions = 1 << 20
	// maxKeyLine is the longest line: the longest known one has 31 letters,
	// 64 and 96 digits. The rest is room for labels to come.
	maxKeyLine = 4096
	// maxDamaged is how many damaged lines are told one by one.
	maxDamaged = 64
)

// The reasons of damage to a key log.
const (
	BadKeyLine    capture.Reason = "bad-key-line"   // a line that holds no secret
	KeyLogFailure capture.Reason = "key-log-failed" // the file could not be read further
)

// session holds the secrets of a session, one after the other.
type session struct {
	at    [labels]uint8 // where a secret begins, plus one
	size  [labels]uint8
	bytes []byte
}

func (s *session) get(l label) []byte {
	if s.at[l] == 0 {
		return nil
	}
	i := int(s.at[l]) - 1
	return s.bytes[i : i+int(s.size[l])]
}

// with returns s with one more secret. What is already read of s stays as it
// is.
func (s *session) with(l label, secret []byte) *session {
	n := &session{}
	for i := range labels {
		b := s.get(i)
		if i == l {
			b = secret
		}
		if len(b) > 0 {
			n.at[i], n.size[i] = uint8(len(n.bytes)+1), uint8(len(b))
			n.bytes = append(n.bytes, b...)
		}
	}
	return n
}

// KeyLog holds the secrets of sessions by client random, as a file in the form
// of SSLKEYLOGFILE (draft-ietf-tls-keylogfile) tells them. It keeps the newest
// 2^20 sessions. It remembers what resumes the TLS 1.2 sessions that were
// decrypted with it, at least 2^17 names, as clients may not log their secret
// again. It is safe for concurrent use.
type KeyLog struct {
	name string
	live bool // the file may grow

	mu       sync.Mutex
	closed   bool
	info     os.FileInfo // of the file when it was last read
	offset   int64       // how much of it was read
	line     int         // lines read
	tail     []byte      // the beginning of a line whose end is not there yet
	overlong bool        // what follows belongs to a line that is too long
	sessions map[random]*session
	order    []random // of the sessions, a ring once it is full
	oldest   int
	evicted  uint64
	resume   resumable
	damaged  []error
	unnamed  uint64 // damaged lines beyond maxDamaged
}

// OpenKeyLog reads the key log at path. What a regular file gains afterwards is
// read when a secret is looked up that is not known yet; so is a file that took
// its place. Lines that cannot be read are told by [KeyLog.Damaged].
func OpenKeyLog(path string) (*KeyLog, error) {
	k := newKeyLog(path)
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open key log: %w", err)
	}
	defer f.Close() //nolint:errcheck // read only
	if k.info, err = f.Stat(); err != nil {
		return nil, fmt.Errorf("open key log: %w", err)
	}
	k.live = k.info.Mode().IsRegular()
	if err := k.read(f); err != nil {
		return nil, fmt.Errorf("read key log: %w", err)
	}
	if !k.live {
		k.endLine()
	}
	return k, nil
}

// ReadKeyLog reads a key log from r to its end. Its name is for messages.
func ReadKeyLog(name string, r io.Reader) (*KeyLog, error) {
	k := newKeyLog(name)
	if err := k.read(r); err != nil {
		return nil, fmt.Errorf("read key log %s: %w", name, err)
	}
	k.endLine()
	return k, nil
}

func newKeyLog(name string) *KeyLog {
	return &KeyLog{name: name, sessions: make(map[random]*session)}
}

// Close ends the reading of what the file gains. What was read stays.
func (k *KeyLog) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = true
	return nil
}

// Damaged returns what could not be read: a [*capture.RecordError] for each of
// the first 64 lines, and one for all further ones.
func (k *KeyLog) Damaged() []error {
	k.mu.Lock()
	defer k.mu.Unlock()
	all := slices.Clone(k.damaged)
	if k.unnamed > 0 {
		all = append(all, &capture.RecordError{Input: k.name, Reason: BadKeyLine, Lost: k.unnamed, Err: errors.New("further lines could not be read")})
	}
	return all
}

// Evicted returns how many sessions were given up for newer ones.
func (k *KeyLog) Evicted() uint64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.evicted
}

// grows reports whether a secret that is not known may come yet.
func (k *KeyLog) grows() bool {
	if k == nil {
		return false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.live && !k.closed
}

// lookup returns the secrets of a session once they are enough, reading what
// the file gained where they are not; else nil.
func (k *KeyLog) lookup(r random, enough func(*session) bool) *session {
	if k == nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if s := k.sessions[r]; s != nil && enough(s) {
		return s
	}
	if !k.live || k.closed || !k.refresh() {
		return nil
	}
	if s := k.sessions[r]; s != nil && enough(s) {
		return s
	}
	return nil
}

// remember keeps the secrets of a TLS 1.2 session by what resumes it.
func (k *KeyLog) remember(n sessionName, s *session) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.resume.put(n, s, maxResumable)
}

// resumed returns the secrets of the session that was named so, or nil.
func (k *KeyLog) resumed(n sessionName) *session {
	if k == nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.resume.get(n)
}

// refresh reads what the file gained and reports whether it gained anything. A
// file that cannot be opened may come back.
func (k *KeyLog) refresh() bool {
	info, err := os.Stat(k.name)
	if err != nil || !info.Mode().IsRegular() || os.SameFile(info, k.info) && info.Size() == k.offset {
		return false
	}
	f, err := os.Open(k.name)
	if err != nil {
		return false
	}
	defer f.Close() //nolint:errcheck // read only
	if !os.SameFile(info, k.info) || info.Size() < k.offset {
		k.offset, k.line, k.tail, k.overlong = 0, 0, nil, false
	}
	k.info = info
	if _, err = f.Seek(k.offset, io.SeekStart); err == nil {
		err = k.read(f)
	}
	if err != nil {
		k.damage(&capture.RecordError{Input: k.name, Line: k.line + 1, Offset: k.offset, Reason: KeyLogFailure, Lost: 1, Err: err})
	}
	return true
}

// read takes in the rest of r.
func (k *KeyLog) read(r io.Reader) error {
	b := bufio.NewReaderSize(r, maxKeyLine)
	for {
		part, err := b.ReadSlice('\n')
		k.offset += int64(len(part))
		k.take(part)
		switch {
		case err == io.EOF:
			k.tryTail()
			return nil
		case err != nil && !errors.Is(err, bufio.ErrBufferFull):
			return err
		}
	}
}

// take adds a part of a line, which may be its end.
func (k *KeyLog) take(part []byte) {
	ends := len(part) > 0 && part[len(part)-1] == '\n'
	if ends {
		part = part[:len(part)-1]
	}
	if len(k.tail)+len(part) > maxKeyLine {
		k.overlong, part, k.tail = true, nil, nil
	}
	if !k.overlong {
		k.tail = append(k.tail, part...)
	}
	if ends {
		k.finishLine()
	}
}

// endLine ends a last line that has no line end.
func (k *KeyLog) endLine() {
	if len(k.tail) > 0 || k.overlong {
		k.finishLine()
	}
}

func (k *KeyLog) finishLine() {
	k.line++
	l, ok, err := parseKeyLine(k.tail)
	if k.overlong {
		ok, err = false, errLong
	}
	if err != nil {
		k.damage(&capture.RecordError{Input: k.name, Line: k.line, Offset: k.offset, Reason: BadKeyLine, Lost: 1, Err: err})
	}
	if ok {
		k.put(l)
	}
	k.tail, k.overlong = k.tail[:0], false
}

// tryTail takes a secret from a line without an end where it is whole by its
// length. One of 48 bytes may be there with 32: such a secret is of no suite
// that the session can have, and the whole line overrides it.
func (k *KeyLog) tryTail() {
	if l, ok, err := parseKeyLine(k.tail); ok && err == nil && !k.overlong {
		k.put(l)
	}
}

func (k *KeyLog) damage(err *capture.RecordError) {
	if len(k.damaged) < maxDamaged {
		k.damaged = append(k.damaged, err)
		return
	}
	k.unnamed++
}

func (k *KeyLog) put(l keyLine) {
	s, known := k.sessions[l.random]
	if !known {
		s = &session{}
		k.makeRoom(l.random)
	}
	k.sessions[l.random] = s.with(l.label, l.secret)
}

// makeRoom makes room for one more session.
func (k *KeyLog) makeRoom(r random) {
	if len(k.order) < maxSessions {
		k.order = append(k.order, r)
		return
	}
	delete(k.sessions, k.order[k.oldest])
	k.evicted++
	k.order[k.oldest] = r
	k.oldest = (k.oldest + 1) % maxSessions
}
