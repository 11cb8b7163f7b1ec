package tlswire

import "twinspect.dev/capture"

// loss is what is missing since the last record that was proven.
type loss struct {
	bytes   int64  // of ciphertext
	counted uint64 // records of known length among them, each counted as lost
	why     capture.Incomplete
}

// blame keeps the first reason.
func (l *loss) blame(why capture.Incomplete) {
	if l.why == "" {
		l.why = why
	}
}

// slack is how many sequence numbers the missing bytes may have taken: as many
// as the shortest records fit, and one for a record that the loss cut.
func (l *loss) slack(overhead int) uint64 {
	if l.bytes == 0 {
		return 0
	}
	return uint64(l.bytes)/uint64(headerSize+overhead) + 1
}

// least is how many sequence numbers they took at least.
func (l *loss) least() uint64 { return uint64(l.bytes) / maxRecord }

// plain estimates the plaintext in the missing bytes, of which n records of
// application data are proven lost; none where n is 0.
func (l *loss) plain(n uint64, overhead int) int64 {
	if n == 0 || l.bytes == 0 {
		return 0
	}
	return max(1, l.bytes-int64(n)*int64(headerSize+overhead))
}

// guess is plain where no record follows that proves how many were lost: those
// of known length, or else as many as full records make.
func (l *loss) guess(overhead int) int64 {
	return l.plain(max(1, l.counted, uint64(l.bytes)/uint64(headerSize+overhead+maxPlain)), overhead)
}
