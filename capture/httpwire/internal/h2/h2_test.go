package h2

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

func head(length int, t Type, flags uint8, stream uint32) (h [HeaderSize]byte) {
	h[0], h[1], h[2], h[3], h[4] = byte(length>>16), byte(length>>8), byte(length), byte(t), flags
	binary.BigEndian.PutUint32(h[5:], stream)
	return h
}

func frame(t Type, flags uint8, stream uint32, payload string) string {
	h := head(len(payload), t, flags, stream)
	return string(h[:]) + payload
}

func TestFrameHeadersAreReadAsTheyAreWritten(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, http2.NewFramer(&b, nil).WriteData(7, true, make([]byte, 1000)))
	h := ParseHeader((*[HeaderSize]byte)(b.Bytes()))
	assert.Equal(t, Header{Length: 1000, Type: Data, Flags: EndStream, Stream: 7}, h)
	reserved := head(1<<24-1, Headers, 0xff, 1<<32-1)
	assert.Equal(t, Header{Length: 1<<24 - 1, Type: Headers, Flags: 0xff, Stream: 1<<31 - 1}, ParseHeader(&reserved))
}

func TestWhatComesBeforeTheContent(t *testing.T) {
	tests := []struct {
		t     Type
		flags uint8
		want  int
	}{
		{Data, 0, 0}, {Data, Padded, 1}, {Data, HasPriority, 0}, {Headers, EndHeaders, 0}, {Headers, Padded, 1},
		{Headers, HasPriority, 5}, {Headers, Padded | HasPriority, 6}, {PushPromise, 0, 4}, {PushPromise, Padded, 5},
		{Continuation, Padded, 0}, {Settings, Padded, 0}, {Ping, 0xff, 0},
	}
	for _, test := range tests {
		h := Header{Type: test.t, Flags: test.flags}
		assert.Equal(t, test.want, h.Prelude(), "%v", h)
		assert.LessOrEqual(t, h.Prelude(), MaxPrelude)
		assert.Equal(t, test.t == Headers || test.t == PushPromise || test.t == Continuation, h.Block(), "%v", h)
	}
}

func TestPlausibleFrameHeaders(t *testing.T) {
	tests := []struct {
		name   string
		length int
		t      Type
		flags  uint8
		stream uint32
		want   bool
	}{
		{"data", 16384, Data, EndStream | Padded, 1, true},
		{"too long", 16385, Data, 0, 1, false},
		{"data of no stream", 1, Data, 0, 0, false},
		{"data with a flag of another type", 1, Data, EndHeaders, 1, false},
		{"padded data without room", 0, Data, Padded, 1, false},
		{"the reserved bit", 1, Data, 0, 1<<31 | 1, false},
		{"headers", 40, Headers, EndHeaders | HasPriority, 3, true},
		{"headers without room for the priority", 4, Headers, HasPriority, 3, false},
		{"priority", 5, Priority, 0, 3, true},
		{"priority of another length", 4, Priority, 0, 3, false},
		{"reset", 4, RSTStream, 0, 3, true},
		{"settings", 12, Settings, 0, 0, true},
		{"settings cut", 11, Settings, 0, 0, false},
		{"settings of a stream", 6, Settings, 0, 1, false},
		{"acknowledged settings", 0, Settings, Ack, 0, true},
		{"acknowledged settings with content", 6, Settings, Ack, 0, false},
		{"promise", 4, PushPromise, EndHeaders, 1, true},
		{"ping", 8, Ping, Ack, 0, true},
		{"going away", 8, GoAway, 0, 0, true},
		{"going away without its content", 7, GoAway, 0, 0, false},
		{"window of a stream", 4, WindowUpdate, 0, 1, true},
		{"window of the connection", 4, WindowUpdate, 0, 0, true},
		{"continuation", 0, Continuation, EndHeaders, 1, true},
		{"a type that is not defined", 0, Continuation + 1, 0, 0, false},
	}
	for _, test := range tests {
		h := head(test.length, test.t, test.flags, test.stream)
		assert.Equal(t, test.want, Plausible(&h), test.name)
	}
}

func TestARowOfFramesIsLikely(t *testing.T) {
	ping, data := frame(Ping, 0, 0, "12345678"), frame(Data, 0, 1, "body")
	tests := []struct {
		name, text   string
		want, broken bool
	}{
		{"nothing", "", false, false},
		{"one frame", ping, false, false},
		{"two frames", ping + data, true, false},
		{"two of data", data + data, false, false},
		{"the header of the second", data + ping[:HeaderSize], true, false},
		{"less than it", data + ping[:HeaderSize-1], false, false},
		{"a row that breaks", ping + data + "GET / HTTP/1.1\r\n\r\n", false, true},
	}
	for _, test := range tests {
		for _, size := range []int{1, 7, 1 << 20} {
			var c Chain
			for rest := []byte(test.text); len(rest) > 0; {
				n, _ := c.Feed(rest[:min(size, len(rest))])
				rest = rest[n:]
			}
			assert.Equal(t, test.want, c.Likely(), "%s in pieces of %d", test.name, size)
			assert.Equal(t, test.broken, c.broken, test.name)
			c.Restart()
			assert.False(t, c.broken, test.name)
		}
	}
}

// writer encodes header blocks.
type writer struct {
	b   bytes.Buffer
	enc *hpack.Encoder
}

func newWriter() *writer {
	w := &writer{}
	w.enc = hpack.NewEncoder(&w.b)
	return w
}

// block encodes fields given as "name: value".
func (w *writer) block(fields ...string) []byte {
	w.b.Reset()
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ": ")
		_ = w.enc.WriteField(hpack.HeaderField{Name: name, Value: value})
	}
	return bytes.Clone(w.b.Bytes())
}

func lines(fields []hpack.HeaderField) (all []string) {
	for _, f := range fields {
		all = append(all, f.Name+": "+f.Value)
	}
	return all
}

func TestBlocksAreReadInTheirOrder(t *testing.T) {
	w, table := newWriter(), NewTable(4096)
	for range 3 {
		got, err := table.Decode(w.block(":method: GET", "x-a: 1", "x-a: 2"), true)
		require.NoError(t, err)
		assert.Equal(t, []string{":method: GET", "x-a: 1", "x-a: 2"}, lines(got))
	}
}

func TestTheTableIsResizedAsAgreed(t *testing.T) {
	w, table := newWriter(), NewTable(1<<20)
	read := func(fields ...string) error {
		t.Helper()
		got, err := table.Decode(w.block(fields...), true)
		if err == nil {
			assert.Equal(t, fields, lines(got))
		}
		return err
	}
	require.NoError(t, read("x-a: 1"))
	w.enc.SetMaxDynamicTableSize(0)
	require.NoError(t, read("x-a: 1", "x-b: 1"), "to nothing")
	require.NoError(t, read("x-a: 1", "x-b: 1"))
	w.enc.SetMaxDynamicTableSize(4096)
	require.NoError(t, read("x-a: 1", "x-b: 1"), "and back")
	require.NoError(t, read("x-a: 1", "x-b: 1"))
	w.enc.SetMaxDynamicTableSize(0)
	w.enc.SetMaxDynamicTableSize(4096)
	require.NoError(t, read("x-a: 1"), "twice at the begin of one block")

	table.Allow(64 << 10)
	w.enc.SetMaxDynamicTableSizeLimit(64 << 10)
	w.enc.SetMaxDynamicTableSize(64 << 10)
	long := "x-long: " + strings.Repeat("v", 8000)
	require.NoError(t, read(long), "more than at first")
	size := len(w.block(long))
	assert.Less(t, size, 10, "the entry is in the table")
	require.NoError(t, read(long))
	table.Allow(100)
	require.NoError(t, read(long), "when the lower size was taken over is not seen")
}

func TestASizeBeyondTheAgreedIsMalformed(t *testing.T) {
	table := NewTable(1 << 20)
	table.Allow(100)
	_, err := table.Decode([]byte("\x3f\xe1\x1f\x82"), true)
	require.NoError(t, err, "4096, the size before any agreement")
	_, err = table.Decode([]byte("\x3f\xe1\x3f\x82"), true)
	require.ErrorIs(t, err, ErrMalformed)
	_, err = table.Decode([]byte("\x40\x01a\x01b\x20"), true)
	require.ErrorIs(t, err, ErrMalformed, "after the first field")
	table.AllowAny()
	_, err = table.Decode([]byte("\x3f\xe1\x3f\x82"), true)
	require.NoError(t, err, "an agreement may have been lost")
}

func TestWhatWasLostOfTheTableIsUnknown(t *testing.T) {
	w, table := newWriter(), NewTable(4096)
	_, err := table.Decode(w.block("x-old: 1"), true)
	require.NoError(t, err)
	lost := w.block("x-lost: 1")
	_, err = table.Decode(lost[:2], false)
	require.NoError(t, err, "the loss is known to the caller")

	got, err := table.Decode(w.block(":method: GET", "x-new: 1"), true)
	require.NoError(t, err)
	assert.Equal(t, []string{":method: GET", "x-new: 1"}, lines(got))
	got, err = table.Decode(w.block("x-new: 1"), true)
	require.NoError(t, err, "inserted since")
	assert.Equal(t, []string{"x-new: 1"}, lines(got))
	got, err = table.Decode(w.block(":method: PUT", "x-lost: 1", "x-new: 1"), true)
	require.ErrorIs(t, err, ErrUnknown)
	assert.Equal(t, ":method: PUT", lines(got)[0])
}

func TestBlocksThatBreakTheRules(t *testing.T) {
	tests := []struct{ name, block string }{
		{"an index beyond the table", "\xbe"},
		{"the index 0", "\x80"},
		{"an integer without end", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"},
		{"a string that is cut", "\x00\x05ab"},
		{"a code of Huffman that is none", "\x00\x84\xff\xff\xff\xff\x01a"},
	}
	for _, test := range tests {
		table := NewTable(4096)
		got, err := table.Decode([]byte("\x82"+test.block), true)
		require.ErrorIs(t, err, ErrMalformed, test.name)
		assert.Equal(t, []string{":method: GET"}, lines(got), test.name)
	}
}

func TestABombIsHeldToTheLimit(t *testing.T) {
	const limit = 10000
	w, table := newWriter(), NewTable(limit)
	entry := "x-bomb: " + strings.Repeat("v", 3900)
	_, err := table.Decode(w.block(entry), true)
	require.NoError(t, err)
	got, err := table.Decode(bytes.Repeat([]byte{0xbe}, 1000), true)
	require.ErrorIs(t, err, ErrTooLarge)
	assert.Len(t, got, 2)
	assert.LessOrEqual(t, cap(got), 16)
	_, err = table.Decode(w.block("x-huge: "+strings.Repeat("v", limit+1)), true)
	require.ErrorIs(t, err, ErrTooLarge, "one string")
}

// The sender's table is larger than the limit: what it inserted last is known, and
// what lies beyond that is not, which is no fault of the sender.
func TestATableIsHeldToTheLimit(t *testing.T) {
	const limit, size = 1000, 1<<32 - 1
	w, table := newWriter(), NewTable(limit)
	table.Allow(size)
	w.enc.SetMaxDynamicTableSizeLimit(size)
	w.enc.SetMaxDynamicTableSize(size)
	read := func(field string) error {
		t.Helper()
		got, err := table.Decode(w.block(field), true)
		if err == nil {
			assert.Equal(t, []string{field}, lines(got))
		}
		return err
	}
	long := ": " + strings.Repeat("v", 400)
	for _, name := range []string{"x-a", "x-b", "x-c"} {
		require.NoError(t, read(name+long))
	}
	require.NoError(t, read("x-b"+long), "of the newest that fit")
	require.ErrorIs(t, read("x-a"+long), ErrUnknown)
	require.NoError(t, read("x-d"+long), "it is read on")
	require.NoError(t, read("x-d"+long))
	assert.LessOrEqual(t, table.Memory(), entryFactor*limit)

	w.enc.SetMaxDynamicTableSize(limit)
	require.NoError(t, read("x-e: 1"))
	require.NoError(t, read("x-d"+long), "a size that fits")
	assert.False(t, table.short)
}

func TestASizeOfManyBytes(t *testing.T) {
	tests := []struct {
		name, update string
		ok           bool
	}{
		{"2^32-1", "\x3f\xe0\xff\xff\xff\x0f", true},
		{"with zeros ahead", "\x3f\x80\x80\x80\x00", true},
		{"2^32", "\x3f\xe1\xff\xff\xff\x0f", false},
		{"2^64-1", "\x3f\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", false},
		{"without end", "\x3f" + strings.Repeat("\x80", 100), false},
		{"cut", "\x3f\x80", false},
	}
	for _, test := range tests {
		table := NewTable(4096)
		table.AllowAny()
		got, err := table.Decode([]byte(test.update), true)
		assert.Empty(t, got)
		if test.ok {
			require.NoError(t, err, test.name)
		} else {
			require.ErrorIs(t, err, ErrMalformed, test.name)
		}
	}
}
