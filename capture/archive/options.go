package archive

import (
	"errors"
	"fmt"
)

// Format is a form of recording.
type Format string

// The formats.
const (
	Twin  Format = "twin"
	JSONL Format = "jsonl"
)

// The defaults of [WriteOptions] and [ReadOptions].
const (
	// DefaultFrameSize is what a crash of the recorder loses at most, and what
	// damage to one bit costs. Four times as much would compress by 0.2 % better,
	// a quarter by 1.4 % worse (BenchmarkWrite).
	DefaultFrameSize = 1 << 20
	// DefaultFrameRecords bounds the same loss where exchanges are small.
	DefaultFrameRecords = 4096
	// DefaultMaxRecord has room for two bodies of 100 MiB and their headers.
	DefaultMaxRecord = 256 << 20
)

// maxFrameSize bounds WriteOptions.FrameSize, so that a reader knows how long a
// frame may be: this and one record.
const maxFrameSize = 16 << 20

// maxAccount bounds the encoded account. Its messages take up to 75 times their
// encoded size in memory, so a hostile one takes no more than 75 MiB.
const maxAccount = 1 << 20

// ErrTooLarge says that an exchange is larger than a record may be. The writer
// that returns it has not kept the exchange and can go on.
var ErrTooLarge = errors.New("exchange is larger than a record may be")

// WriteOptions set how a recording is written. The zero value is good.
type WriteOptions struct {
	// Overwrite lets [Create] replace a file.
	Overwrite bool
	// FrameSize is how many bytes of records are compressed together, at most
	// 16 MiB; 0 means [DefaultFrameSize]. JSONL has no frames.
	FrameSize int
	// FrameRecords is how many exchanges are compressed together at most; 0
	// means [DefaultFrameRecords].
	FrameRecords int
	// MaxRecord is the largest encoded exchange in bytes, of a JSONL line twice
	// that; 0 means [DefaultMaxRecord]. A reader needs the same.
	MaxRecord int
	// Sync makes Close wait until the file is on the disk.
	Sync bool
}

func (o *WriteOptions) setDefaults() error {
	o.FrameSize = orDefault(o.FrameSize, DefaultFrameSize)
	o.FrameRecords = orDefault(o.FrameRecords, DefaultFrameRecords)
	o.MaxRecord = orDefault(o.MaxRecord, DefaultMaxRecord)
	if o.FrameSize < 0 || o.FrameSize > maxFrameSize {
		return fmt.Errorf("frame size %d: want 1 to %d", o.FrameSize, maxFrameSize)
	}
	if o.FrameRecords < 0 {
		return fmt.Errorf("frame records %d: want at least 1", o.FrameRecords)
	}
	return checkMaxRecord(o.MaxRecord)
}

// ReadOptions set how a recording is read. The zero value is good.
type ReadOptions struct {
	// MaxRecord is the largest encoded exchange in bytes, of a JSONL line twice
	// that; 0 means [DefaultMaxRecord]. Whatever a file claims, its buffers
	// take at most twice MaxRecord and 64 MiB, and for frames of the default
	// size some 4 MiB: they grow with what a frame holds.
	MaxRecord int
}

func (o *ReadOptions) setDefaults() error {
	o.MaxRecord = orDefault(o.MaxRecord, DefaultMaxRecord)
	return checkMaxRecord(o.MaxRecord)
}

// checkMaxRecord keeps a frame below the 4 GiB that the seekable format can
// describe.
func checkMaxRecord(n int) error {
	if n < 0 || n > 1<<31 {
		return fmt.Errorf("record size limit %d: want 1 to %d", n, 1<<31)
	}
	return nil
}

func orDefault(n, def int) int {
	if n == 0 {
		return def
	}
	return n
}
