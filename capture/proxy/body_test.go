package proxy

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// closing is a body that a server closes once it was read.
type closing struct{ io.Reader }

func (c *closing) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		return n, errors.New("read on closed body")
	}
	return n, err
}

func (c *closing) Close() error { return nil }

func TestABodyOfKnownLengthIsNotReadBeyondIt(t *testing.T) {
	b := newBody(&closing{strings.NewReader("whole")}, 5, 100)
	read, err := io.ReadAll(b)
	require.NoError(t, err)
	assert.Equal(t, "whole", string(read))
	assert.False(t, b.broken())
}

func TestAnEmptyBodyIsNotReadAtAll(t *testing.T) {
	b := newBody(&closing{strings.NewReader("")}, 0, 100)
	read, err := io.ReadAll(b)
	require.NoError(t, err)
	assert.Empty(t, read)
}
