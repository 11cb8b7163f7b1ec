package rest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"twinspect.dev/release/intake"
)

const (
	// MaxPushed bounds the bytes of documents that are being received, or wait until
	// they are filed: four of the longest, or ten thousand of 25 KiB, which those of
	// most runs are.
	MaxPushed = 4 * intake.MaxDocument
	// MaxPushes is how many documents are read and filed at once; those that were
	// received meanwhile wait. Reading one takes up to 12 times its length.
	MaxPushes = 4
	// PushTime bounds how long a push takes: half of it to receive the document, and
	// the rest until it is filed. Ten thousand at once are filed in less.
	PushTime = time.Minute
)

// leastPush is what a document is taken for at least, with its connection.
const leastPush = 16 << 10

var errManyPushes = problem(http.StatusTooManyRequests, "many documents are being filed: try again")

// pushed receives a document, and waits for its turn. The caller gives its place up
// with free.
func (c *call) pushed() (document []byte, free func(), err error) {
	size := c.ContentLength
	switch {
	case size > intake.MaxDocument:
		return nil, nil, &http.MaxBytesError{Limit: intake.MaxDocument}
	case size < 0:
		size = intake.MaxDocument
	}
	size = max(size, leastPush)
	if c.room.Acquire(c.Context(), size) != nil {
		return nil, nil, errManyPushes
	}
	if document, err = c.received(); err == nil {
		err = c.turn(c.Context())
	}
	if err != nil {
		c.room.Release(size)
		return nil, nil, err
	}
	return document, func() { <-c.pushes; c.room.Release(size) }, nil
}

// received reads the body. A client that is slow is cut off, as it keeps others out.
func (c *call) received() ([]byte, error) {
	conn := http.NewResponseController(c.w)
	bounded := conn.SetReadDeadline(time.Now().Add(PushTime/2)) == nil
	var b bytes.Buffer
	_, err := io.Copy(&b, http.MaxBytesReader(c.w, c.Body, intake.MaxDocument))
	if err != nil {
		return nil, unread(err)
	}
	if bounded { // or the connection would be taken for one that ended
		_ = conn.SetReadDeadline(time.Time{})
	}
	return b.Bytes(), nil
}

func (a *API) turn(ctx context.Context) error {
	select {
	case a.pushes <- struct{}{}:
		return nil
	case <-ctx.Done():
		return errManyPushes
	}
}

// unread tells a body that ended early, or came too slowly, which is the client's
// fault, from one that is too long.
func unread(err error) error {
	var long *http.MaxBytesError
	if errors.As(err, &long) {
		return err
	}
	var late net.Error
	if errors.As(err, &late) && late.Timeout() {
		return problem(http.StatusRequestTimeout, "the body came too slowly")
	}
	return problem(http.StatusBadRequest, "the body was cut: it ended before its end")
}
