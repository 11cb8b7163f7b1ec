package grpcmsg_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture/grpcmsg"
)

func ExampleSplit() {
	body := []byte("\x00\x00\x00\x00\x02hi\x01\x00\x00\x00\x00\x00\x00\x00")
	for m, err := range grpcmsg.Split(body) {
		fmt.Printf("%v %q %v\n", m.Compressed, m.Data, err)
	}
	// Output:
	// false "hi" <nil>
	// true "" <nil>
	// false "" gRPC body ends inside the message at byte 12, after 3 of its bytes
}

func TestSplitTellsWhereABodyStopsBeingMessages(t *testing.T) {
	tests := []struct {
		name, body string
		whole      int
		want       *grpcmsg.Error
	}{
		{"nothing", "", 0, nil},
		{"an empty message", "\x00\x00\x00\x00\x00", 1, nil},
		{"cut in the prefix", "\x00\x00\x00\x00\x00\x00\x00", 1, &grpcmsg.Error{Offset: 5, Rest: 2, Cut: true}},
		{"cut in the data", "\x01\x00\x00\x00\x03ab", 0, &grpcmsg.Error{Rest: 7, Cut: true}},
		{"a length beyond everything", "\x00\xff\xff\xff\xff", 0, &grpcmsg.Error{Rest: 5, Cut: true}},
		{"undefined flags", "\x00\x00\x00\x00\x01a\x80\x00\x00\x00\x00", 1, &grpcmsg.Error{Offset: 6, Rest: 5}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got *grpcmsg.Error
			whole := 0
			for _, err := range grpcmsg.Split([]byte(test.body)) {
				require.Nil(t, got, "nothing follows an error")
				if err == nil {
					whole++
					continue
				}
				require.True(t, errors.As(err, &got))
			}
			assert.Equal(t, test.whole, whole)
			assert.Equal(t, test.want, got)
		})
	}
}

func TestSplitEndsWhenItsCallerDoes(t *testing.T) {
	seen := 0
	for range grpcmsg.Split(make([]byte, 50)) {
		seen++
		break
	}
	assert.Equal(t, 1, seen)
}

// FuzzSplit holds that what is split and appended again is the body, up to the
// error.
func FuzzSplit(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x00\x02hi\x01\x00\x00\x00\x00"))
	f.Add([]byte("\x00\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, body []byte) {
		var again []byte
		rest := 0
		for m, err := range grpcmsg.Split(body) {
			var bad *grpcmsg.Error
			if errors.As(err, &bad) {
				require.Equal(t, len(again), bad.Offset)
				rest = bad.Rest
				continue
			}
			again = grpcmsg.Append(again, m)
		}
		require.Equal(t, body[:len(body)-rest], append([]byte{}, again...))
		require.Equal(t, len(body), len(again)+rest)
	})
}
