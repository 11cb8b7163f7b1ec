package redact

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

// messages are the types of gRPC's messages by path. Without descriptors it is
// empty.
type messages struct {
	files      *protoregistry.Files
	methods    map[string]protoreflect.MethodDescriptor // "/pkg.Service/Method"
	extensions map[extension]protoreflect.FieldDescriptor
}

type extension struct {
	of  protoreflect.FullName
	num protowire.Number
}

// anyName is the message that holds one of any type.
const anyName = "google.protobuf.Any"

// maxDescriptors is ten times the descriptors of a large code base; more is a
// wrong file.
const maxDescriptors = 256 << 20

func newMessages(path string) (*messages, error) {
	m := &messages{methods: make(map[string]protoreflect.MethodDescriptor), extensions: make(map[extension]protoreflect.FieldDescriptor)}
	if path == "" {
		return m, nil
	}
	var err error
	if m.files, err = readDescriptors(path); err != nil {
		return nil, fmt.Errorf("descriptors: %w", err)
	}
	m.files.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		m.addMethods(f.Services())
		m.addExtensions(f)
		return true
	})
	return m, nil
}

func readDescriptors(path string) (*protoregistry.Files, error) {
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if info.Size() > maxDescriptors {
		return nil, fmt.Errorf("%s: longer than %d bytes", path, maxDescriptors)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var set descriptorpb.FileDescriptorSet
	if err := proto.Unmarshal(data, &set); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	files, err := protodesc.NewFiles(&set)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return files, nil
}

func (m *messages) addMethods(services protoreflect.ServiceDescriptors) {
	for i := range services.Len() {
		s := services.Get(i)
		for j := range s.Methods().Len() {
			method := s.Methods().Get(j)
			m.methods["/"+string(s.FullName())+"/"+string(method.Name())] = method
		}
	}
}

// addExtensions also finds those that are declared inside of messages.
func (m *messages) addExtensions(in interface {
	Extensions() protoreflect.ExtensionDescriptors
	Messages() protoreflect.MessageDescriptors
}) {
	for i := range in.Extensions().Len() {
		x := in.Extensions().Get(i)
		m.extensions[extension{x.ContainingMessage().FullName(), x.Number()}] = x
	}
	for i := range in.Messages().Len() {
		m.addExtensions(in.Messages().Get(i))
	}
}

// message returns nil where the type is not known.
func (m *messages) message(target string, request bool) protoreflect.MessageDescriptor {
	target, _, _ = strings.Cut(target, "?")
	method := m.methods[target]
	switch {
	case method == nil:
		return nil
	case request:
		return method.Input()
	}
	return method.Output()
}

// field returns nil where no field has the number.
func (m *messages) field(desc protoreflect.MessageDescriptor, num protowire.Number) protoreflect.FieldDescriptor {
	if f := desc.Fields().ByNumber(num); f != nil {
		return f
	}
	return m.extensions[extension{desc.FullName(), num}]
}

// byURL returns the type that an Any tells, nil where it is not known.
func (m *messages) byURL(url []byte) protoreflect.MessageDescriptor {
	name := protoreflect.FullName(url[bytes.LastIndexByte(url, '/')+1:])
	if m.files == nil || !name.IsValid() {
		return nil
	}
	d, err := m.files.FindDescriptorByName(name)
	if err != nil {
		return nil
	}
	desc, _ := d.(protoreflect.MessageDescriptor)
	return desc
}

var errNoDescriptors = errors.New("fields need descriptors")

// fieldsOf returns the verdicts of rules on fields by full name.
func (m *messages) fieldsOf(secret, keep []string) (map[protoreflect.FullName]verdict, error) {
	fields := make(map[protoreflect.FullName]verdict)
	for _, list := range []struct {
		key     string
		names   []string
		verdict verdict
	}{{"grpc", secret, redacted}, {"keep.grpc", keep, kept}} {
		for _, name := range list.names {
			if m.files == nil {
				return nil, fmt.Errorf("%s: %w", list.key, errNoDescriptors)
			}
			d, err := m.files.FindDescriptorByName(protoreflect.FullName(name))
			if _, ok := d.(protoreflect.FieldDescriptor); err != nil || !ok {
				return nil, fmt.Errorf("%s: the descriptors have no field %q", list.key, name)
			}
			fields[protoreflect.FullName(name)] = list.verdict
		}
	}
	return fields, nil
}
