package pb

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	// The well-known types are known without being in a set.
	_ "google.golang.org/protobuf/types/known/anypb"
	_ "google.golang.org/protobuf/types/known/apipb"
	_ "google.golang.org/protobuf/types/known/durationpb"
	_ "google.golang.org/protobuf/types/known/emptypb"
	_ "google.golang.org/protobuf/types/known/fieldmaskpb"
	_ "google.golang.org/protobuf/types/known/sourcecontextpb"
	_ "google.golang.org/protobuf/types/known/structpb"
	_ "google.golang.org/protobuf/types/known/timestamppb"
	_ "google.golang.org/protobuf/types/known/typepb"
	_ "google.golang.org/protobuf/types/known/wrapperspb"
)

// Descriptors know the types of messages and the methods of services. They do not
// change, and may be used by any number of goroutines at the same time. nil knows
// nothing, and is ready to use.
type Descriptors struct {
	files    map[string]source
	messages map[protoreflect.FullName]*message
	methods  map[string]method // "pkg.Service/Method"
}

// source is one file of a set, and where it came from.
type source struct {
	from string
	file *descriptorpb.FileDescriptorProto
}

type method struct {
	output *message
	stream bool
}

// FromSet builds descriptors from a set that holds the files with all that they
// import; only those of google/protobuf may be missing. The set is not changed,
// and must not be.
func FromSet(set *descriptorpb.FileDescriptorSet) (*Descriptors, error) {
	files := make(map[string]source)
	if err := addFiles(files, "", set.GetFile()); err != nil {
		return nil, err
	}
	return build(files)
}

// Merge joins descriptors; nil ones add nothing. A file may be in several of them
// if it is the same in all.
func Merge(all ...*Descriptors) (*Descriptors, error) {
	files := make(map[string]source)
	for _, d := range all {
		if d == nil {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(d.files)) {
			s := d.files[name]
			if err := addFiles(files, s.from, []*descriptorpb.FileDescriptorProto{s.file}); err != nil {
				return nil, err
			}
		}
	}
	return build(files)
}

// Methods returns the paths of the methods that are known, sorted.
func (d *Descriptors) Methods() []string {
	if d == nil {
		return nil
	}
	paths := make([]string, 0, len(d.methods))
	for path := range d.methods {
		paths = append(paths, "/"+path)
	}
	slices.Sort(paths)
	return paths
}

func addFiles(files map[string]source, from string, added []*descriptorpb.FileDescriptorProto) error {
	for _, f := range added {
		before, ok := files[f.GetName()]
		if ok && !isWellKnown(f) && !isSameFile(before.file, f) {
			return fmt.Errorf("%s%s is another file than that of the same name%s: give the descriptors of one version", in(from), f.GetName(), of(before.from))
		}
		if !ok {
			files[f.GetName()] = source{from, f}
		}
	}
	return nil
}

// isWellKnown names the files that come with every compiler, and differ in what
// does not matter here.
func isWellKnown(f *descriptorpb.FileDescriptorProto) bool {
	return strings.HasPrefix(f.GetName(), "google/protobuf/")
}

// isSameFile compares what files declare: comments and positions may be missing.
func isSameFile(a, b *descriptorpb.FileDescriptorProto) bool {
	if a == b {
		return true
	}
	return proto.Equal(bareFile(a), bareFile(b))
}

func bareFile(f *descriptorpb.FileDescriptorProto) *descriptorpb.FileDescriptorProto {
	f = proto.Clone(f).(*descriptorpb.FileDescriptorProto)
	f.SourceCodeInfo = nil
	f.ProtoReflect().SetUnknown(nil) // what buf adds
	return f
}

func in(from string) string {
	if from == "" {
		return ""
	}
	return from + ": "
}

func of(from string) string {
	if from == "" {
		return ""
	}
	return " in " + from
}

// build links files and makes the plans of all their messages.
func build(files map[string]source) (*Descriptors, error) {
	if err := addImports(files); err != nil {
		return nil, err
	}
	set := &descriptorpb.FileDescriptorSet{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		set.File = append(set.File, files[name].file)
	}
	linked, err := protodesc.NewFiles(set)
	if err != nil {
		return nil, fmt.Errorf("descriptors do not fit together: %w", err)
	}
	d := &Descriptors{files: files, methods: make(map[string]method)}
	d.plan(linked)
	return d, nil
}

// addImports adds the well-known types that are missing, and finds what else is.
func addImports(files map[string]source) error {
	queue := slices.Sorted(maps.Keys(files))
	for len(queue) > 0 {
		name := queue[0]
		queue = queue[1:]
		for _, path := range files[name].file.GetDependency() {
			if _, ok := files[path]; ok {
				continue
			}
			known, err := protoregistry.GlobalFiles.FindFileByPath(path)
			if err != nil || known.Package() != "google.protobuf" {
				return fmt.Errorf("%s%s imports %s, which is missing: the set was built without --include_imports (protoc --include_imports -o FILE, or buf build -o FILE, put imports in)", in(files[name].from), name, path)
			}
			files[path] = source{"", protodesc.ToFileDescriptorProto(known)}
			queue = append(queue, path)
		}
	}
	return nil
}

func (d *Descriptors) plan(linked *protoregistry.Files) {
	p := &planner{messages: make(map[protoreflect.FullName]*message), enums: make(map[protoreflect.FullName]*enumType)}
	linked.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		p.declarations(f)
		for i := range f.Services().Len() {
			d.addMethods(p, f.Services().Get(i).Methods())
		}
		return true
	})
	d.messages = p.messages
}

func (d *Descriptors) addMethods(p *planner, methods protoreflect.MethodDescriptors) {
	for i := range methods.Len() {
		m := methods.Get(i)
		path := string(m.Parent().FullName()) + "/" + string(m.Name())
		d.methods[path] = method{output: p.message(m.Output()), stream: m.IsStreamingServer()}
	}
}

// declarations plans the messages and extensions of a file or message.
func (p *planner) declarations(in interface {
	Messages() protoreflect.MessageDescriptors
	Extensions() protoreflect.ExtensionDescriptors
}) {
	for i := range in.Extensions().Len() {
		x := in.Extensions().Get(i)
		p.message(x.ContainingMessage()).add(p.field(x))
	}
	for i := range in.Messages().Len() {
		m := in.Messages().Get(i)
		p.message(m)
		p.declarations(m)
	}
}
