// Package reflection gets the descriptors of services from gRPC's server
// reflection (grpc/reflection/v1/reflection.proto): by asking a server, or from
// what others asked it while traffic was recorded.
//
// Versions v1 and v1alpha of the protocol have the same messages on the wire.
package reflection

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
)

const (
	// MaxFiles is twice what the largest published collection of services has.
	MaxFiles = 16 << 10
	// MaxBytes is how much all files may have together: 4 KiB each.
	MaxBytes = 64 << 20
)

// errFull is told when a server has more than is bounded.
var errFull = fmt.Errorf("descriptors are more than %d files or %d bytes", MaxFiles, MaxBytes)

// MissingError names the files, services and extensions that nobody described.
// What depends on them is left out of the set.
type MissingError struct {
	Names []string // sorted
}

// Error lists the first names.
func (e *MissingError) Error() string {
	const shown = 5
	names := e.Names
	more := ""
	if len(names) > shown {
		more = fmt.Sprintf(" and %d more", len(names)-shown)
		names = names[:shown]
	}
	return "no descriptors of " + strings.Join(names, ", ") + more
}

// files are files by name.
type files struct {
	byName map[string]*descriptorpb.FileDescriptorProto
	size   map[string]int
	bytes  int
}

var errNoFile = errors.New("it is no file descriptor")

// add keeps a file in its encoded form. It reports whether another one of that
// name was replaced.
func (f *files) add(data []byte) (replaced bool, err error) {
	file := &descriptorpb.FileDescriptorProto{}
	if err := proto.Unmarshal(data, file); err != nil {
		return false, fmt.Errorf("%w: %w", errNoFile, err)
	}
	name := file.GetName()
	if name == "" {
		return false, errNoFile
	}
	before, known := f.byName[name]
	total := f.bytes - f.size[name] + len(data)
	if total > MaxBytes || !known && len(f.byName) >= MaxFiles {
		return false, errFull
	}
	if f.byName == nil {
		f.byName, f.size = make(map[string]*descriptorpb.FileDescriptorProto), make(map[string]int)
	}
	f.byName[name], f.size[name], f.bytes = file, len(data), total
	return known && !proto.Equal(before, file), nil
}

// missing returns the imports that no file is for, sorted. Those of
// google/protobuf are known to every reader of sets.
func (f *files) missing() []string {
	names := make(map[string]bool)
	for _, file := range f.byName {
		for _, path := range file.GetDependency() {
			if f.byName[path] == nil && !isWellKnown(path) {
				names[path] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func isWellKnown(path string) bool { return strings.HasPrefix(path, "google/protobuf/") }

// set returns the files whose imports are all there, each behind what it imports,
// as protoc orders them.
func (f *files) set() *descriptorpb.FileDescriptorSet {
	o := ordering{files: f.byName, state: make(map[string]state)}
	for _, name := range slices.Sorted(maps.Keys(f.byName)) {
		o.visit(name)
	}
	return &descriptorpb.FileDescriptorSet{File: o.ordered}
}

// ordering is a depth-first walk along imports. It goes no deeper than there are
// files, since a file is entered once.
type ordering struct {
	files   map[string]*descriptorpb.FileDescriptorProto
	state   map[string]state
	ordered []*descriptorpb.FileDescriptorProto
}

type state uint8

const (
	unseen state = iota
	entered
	unusable
	usable
)

// visit reports whether the file can be used. Imports in a circle cannot.
func (o *ordering) visit(name string) bool {
	if s := o.state[name]; s != unseen {
		return s == usable
	}
	file := o.files[name]
	if file == nil {
		return isWellKnown(name)
	}
	o.state[name] = entered
	sound := true
	for _, path := range file.GetDependency() {
		sound = o.visit(path) && sound
	}
	o.state[name] = unusable
	if sound {
		o.state[name] = usable
		o.ordered = append(o.ordered, file)
	}
	return sound
}

// Write writes a set as protoc --include_imports -o does; the same set gives the
// same bytes.
func Write(w io.Writer, set *descriptorpb.FileDescriptorSet) error {
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(set)
	if err != nil {
		return fmt.Errorf("encode descriptors: %w", err)
	}
	_, err = w.Write(data)
	return err
}
