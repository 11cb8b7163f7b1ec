package redact

import (
	"fmt"
	"os"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

// messages are the types of gRPC's messages by path.
type messages struct {
	methods map[string]protoreflect.MethodDescriptor // "/pkg.Service/Method"
	fields  map[protoreflect.FullName]bool
}

func newMessages(rules GRPC) (*messages, error) {
	m := &messages{methods: make(map[string]protoreflect.MethodDescriptor), fields: make(map[protoreflect.FullName]bool)}
	if rules.Descriptors == "" {
		if len(rules.Fields) > 0 {
			return nil, fmt.Errorf("grpc.fields needs grpc.descriptors")
		}
		return m, nil
	}
	files, err := readDescriptors(rules.Descriptors)
	if err != nil {
		return nil, fmt.Errorf("grpc.descriptors: %w", err)
	}
	for _, name := range rules.Fields {
		d, err := files.FindDescriptorByName(protoreflect.FullName(name))
		if _, ok := d.(protoreflect.FieldDescriptor); err != nil || !ok {
			return nil, fmt.Errorf("grpc.fields: %q is no field of %s", name, rules.Descriptors)
		}
		m.fields[protoreflect.FullName(name)] = true
	}
	files.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		m.add(f)
		return true
	})
	return m, nil
}

func readDescriptors(path string) (*protoregistry.Files, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var set descriptorpb.FileDescriptorSet
	if err := proto.Unmarshal(data, &set); err != nil {
		return nil, err
	}
	return protodesc.NewFiles(&set)
}

func (m *messages) add(f protoreflect.FileDescriptor) {
	for i := range f.Services().Len() {
		s := f.Services().Get(i)
		for j := range s.Methods().Len() {
			method := s.Methods().Get(j)
			m.methods["/"+string(s.FullName())+"/"+string(method.Name())] = method
		}
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
