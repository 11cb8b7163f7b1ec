// Package store keeps small objects, each written once, where all workers of a
// run can reach them: in a shared folder, in object storage that speaks S3, or
// in a topic of Kafka.
package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"strings"
)

// Store keeps objects by name. The first writer of a name wins: no object
// changes, and none is seen in part. It is safe for concurrent use, also by
// several processes.
//
// Names are parts of letters, digits, '.', '_' and '-', joined by '/'; see
// [CheckName].
type Store interface {
	// Put keeps data, at least one byte, under name. Where it returns nil or [ErrExists], an object
	// of this name is kept for good. ErrExists may also come where the answer to
	// an earlier attempt of the same call was lost.
	Put(ctx context.Context, name string, data []byte) error
	// Get returns the object, whose memory is the caller's, or [ErrMissing].
	Get(ctx context.Context, name string) ([]byte, error)
	// List gives the names that begin with prefix, in no certain order, every
	// one that was kept before the call. An error is the last that it gives.
	List(ctx context.Context, prefix string) iter.Seq2[string, error]
	// Close gives up what the store holds open.
	Close() error
}

var (
	// ErrExists says that an object of this name is kept already.
	ErrExists = errors.New("exists already")
	// ErrMissing says that there is no object of this name.
	ErrMissing = errors.New("does not exist")
	// ErrTooLarge says that an object is longer than [MaxObject], or than the place
	// takes.
	ErrTooLarge = errors.New("too large")
)

// MaxObject bounds an object in bytes. A run's evidence takes at most 160 MiB
// for its latencies (2,048 operations of 80 KiB) before compression, which
// leaves a tenth of them.
const MaxObject = 256 << 20

// Open returns the store at an address:
//
//	PATH, file:///PATH          a folder, which is made where it is missing
//	s3://BUCKET/PREFIX          see [OpenS3]
//	kafka://BROKERS/TOPIC       see [OpenTopic]
func Open(ctx context.Context, address string) (Store, error) {
	scheme, _, found := strings.Cut(address, "://")
	if !found {
		return OpenFolder(address)
	}
	switch strings.ToLower(scheme) {
	case "file":
		u, err := url.Parse(address)
		if err != nil || u.Host != "" && u.Host != "localhost" || u.Path == "" {
			return nil, fmt.Errorf("store %.200q: want file:///folder", address)
		}
		return OpenFolder(u.Path)
	case "s3":
		return OpenS3(address)
	case "kafka":
		return OpenTopic(ctx, address)
	}
	return nil, fmt.Errorf("store: %.20q is not known: want a folder, file://, s3:// or kafka://", scheme)
}

// maxName is the least that the stores take: a file's name of 255 bytes, less
// what a temporary one adds.
const maxName = 200

// CheckName returns an error unless name is one that every store takes.
func CheckName(name string) error {
	if len(name) > maxName {
		return fmt.Errorf("name %.64q… has %d bytes: the limit is %d", name, len(name), maxName)
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part[0] == '.' {
			return fmt.Errorf("name %q: no part may be empty or begin with a dot", name)
		}
		if i := strings.IndexFunc(part, func(r rune) bool { return !plain(r) }); i >= 0 {
			return fmt.Errorf("name %q: want letters, digits, '.', '_' and '-' alone", name)
		}
	}
	return nil
}

func plain(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-'
}

func check(name string, data []byte) error {
	if err := CheckName(name); err != nil {
		return err
	}
	if len(data) == 0 {
		return fmt.Errorf("%s: an object has at least one byte", name)
	}
	if len(data) > MaxObject {
		return fmt.Errorf("%s: %d bytes: %w: the limit is %d", name, len(data), ErrTooLarge, MaxObject)
	}
	return nil
}
