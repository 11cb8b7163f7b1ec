package join

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/s2"
)

// spill is the temporary file. Its blocks are compressed each for itself: by S2,
// which halves them at the speed of a disk.
type spill struct {
	file *os.File
	name string // "" once it is unlinked
	end  int64
	pack []byte
}

// newSpill makes the file, which nobody else can read (os.CreateTemp: 0600), and
// unlinks it at once where the system allows that for an open file.
func newSpill(dir string) (*spill, error) {
	f, err := os.CreateTemp(dir, "twinspect-join-*")
	if err != nil {
		return nil, fmt.Errorf("create temporary file: %w", err)
	}
	s := &spill{file: f, name: f.Name()}
	if os.Remove(s.name) == nil {
		s.name = ""
	}
	return s, nil
}

func (s *spill) close() error {
	err := s.file.Close()
	if s.name != "" {
		err = errors.Join(err, os.Remove(s.name))
		s.name = ""
	}
	return err
}

// block is a place in the file.
type block struct {
	offset int64
	size   int32
}

func (s *spill) write(raw []byte) (block, error) {
	s.pack = s2.Encode(s.pack[:cap(s.pack)], raw)
	b := block{s.end, int32(len(s.pack))}
	if _, err := s.file.WriteAt(s.pack, s.end); err != nil {
		return block{}, fmt.Errorf("write temporary file: %w", err)
	}
	s.end += int64(len(s.pack))
	s.trim()
	return b, nil
}

// trim frees the buffer after an exchange that was larger than a block.
func (s *spill) trim() {
	if cap(s.pack) > 1<<20 {
		s.pack = nil
	}
}

var errDamaged = errors.New("the temporary file was changed")

// read returns the content of a block in memory of its own.
func (s *spill) read(b block) ([]byte, error) {
	defer s.trim()
	if cap(s.pack) < int(b.size) {
		s.pack = make([]byte, b.size)
	}
	packed := s.pack[:b.size]
	if n, err := s.file.ReadAt(packed, b.offset); n < len(packed) {
		if errors.Is(err, io.EOF) {
			err = errDamaged
		}
		return nil, fmt.Errorf("read temporary file: %w", err)
	}
	raw, err := s2.Decode(nil, packed)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	return raw, nil
}

// records calls visit with each record of a block.
func records(raw []byte, visit func(key uint64, rec []byte) error) error {
	for len(raw) > 0 {
		n, used := binary.Uvarint(raw)
		if used <= 0 || n > uint64(len(raw)-used) || n < keySize {
			return errDamaged
		}
		rec := raw[used : used+int(n) : used+int(n)]
		raw = raw[used+int(n):]
		if err := visit(binary.BigEndian.Uint64(rec), rec[keySize:]); err != nil {
			return err
		}
	}
	return nil
}

const keySize = 8
