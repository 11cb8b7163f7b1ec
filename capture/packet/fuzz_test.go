package packet

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"twinspect.dev/capture"
)

// FuzzFile reads any bytes as a file: it never panics, every error has its
// place, and the account balances.
func FuzzFile(f *testing.F) {
	frames := someFrames(f, 3)
	pcap := pcapFile(f, frames)
	huge := bytes.Clone(pcap)
	binary.LittleEndian.PutUint32(huge[pcapHeaderSize+8:], 1<<32-1)
	le := binary.LittleEndian
	for _, seed := range [][]byte{
		pcap, huge, ngFile(f, frames), pcap[:len(pcap)-3],
		pcapWith(binary.BigEndian, pcapNanoseconds, 2, 1, frames),
		gzipped(f, pcap), zstded(f, pcap),
		joined(ngSection(le), ngInterfaceBlock(le, linkRaw, 0, ngOption(le, optResolution, 0x80|64))),
		joined(ngSection(le), ngBlock(le, ngStatistics, make([]byte, 20))),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		r, err := NewFile("fuzz", bytes.NewReader(file))
		if err != nil {
			return
		}
		defer r.Close()
		var s Segment
		var segments uint64
		last := int64(-1)
		for {
			err := r.ReadSegment(context.Background(), &s)
			var bad *capture.RecordError
			if errors.As(err, &bad) {
				if bad.Offset <= last || bad.Lost == 0 || bad.Reason == "" {
					t.Fatalf("no progress behind offset %d, or no reason: %+v", last, bad)
				}
				last = bad.Offset
				continue
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			segments++
		}
		account := r.Account()
		if err := account.Balance(); err != nil || account[0].Written != segments || account[0].Open != 0 {
			t.Fatalf("%v: %+v, %d segments", err, account, segments)
		}
	})
}

// FuzzDamage overwrites bytes of a good file: the records before the damage
// stay as they were.
func FuzzDamage(f *testing.F) {
	frames := someFrames(f, 8)
	files := [][]byte{pcapFile(f, frames), ngFile(f, frames)}
	f.Add(false, uint16(60), []byte{0xff, 0xff, 0xff, 0xff})
	f.Add(true, uint16(200), []byte{0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, ng bool, at uint16, damage []byte) {
		file, ends := bytes.Clone(files[0]), pcapEnds(files[0])
		if ng {
			file, ends = bytes.Clone(files[1]), ngEnds(files[1])
		}
		start := pcapHeaderSize + int(at)%(len(file)-pcapHeaderSize)
		copy(file[start:], damage)
		before := 0
		for end, n := range ends {
			if end <= start {
				before = max(before, n)
			}
		}
		r, err := NewFile("damaged", bytes.NewReader(file))
		if err != nil {
			return // the header of the section was hit
		}
		var s Segment
		for i := range before {
			if err := r.ReadSegment(context.Background(), &s); err != nil {
				t.Fatalf("segment %d before the damage at %d: %v", i, start, err)
			}
			if !s.Time.Equal(frames[i].at) {
				t.Fatalf("segment %d: time %v, want %v", i, s.Time, frames[i].at)
			}
		}
		drain(t, r)
		if err := r.Account().Balance(); err != nil {
			t.Fatal(err)
		}
	})
}

// Every capture of the corpus with its middle cut out goes on behind the hole.
func TestCorpusWithAHoleGoesOn(t *testing.T) {
	dir := corpus(t)
	for _, want := range corpusIndex(t, dir) {
		file, err := os.ReadFile(filepath.Join(dir, want.name))
		if err != nil || want.frames < 20 {
			continue
		}
		at := len(file) / 2
		file = append(file[:at:at], file[at+7:]...)
		_, damage, stats := readAll(t, file)
		if stats.Seen < want.frames/2 {
			t.Errorf("%s: seen %d of %d frames: %v", want.name, stats.Seen, want.frames, damage)
		}
	}
}
