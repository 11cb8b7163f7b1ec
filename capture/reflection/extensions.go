package reflection

import (
	"maps"
	"slices"

	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/protobuf/types/descriptorpb"
)

// extensions gets the files that extend messages of the files. Many servers do
// not answer such questions; they are then taken to have none.
func (a *asker) extensions() error {
	for _, name := range slices.Sorted(maps.Keys(extendable(a.files.byName))) {
		answer, err := a.ask(&reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_AllExtensionNumbersOfType{AllExtensionNumbersOfType: name}})
		if err != nil {
			return err
		}
		numbers := answer.GetAllExtensionNumbersResponse().GetExtensionNumber()
		if len(numbers) > MaxFiles {
			return errFull
		}
		for _, n := range numbers {
			if err := a.extension(name, n); err != nil {
				return err
			}
		}
	}
	return a.imports()
}

func (a *asker) extension(name string, number int32) error {
	question := &reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_FileContainingExtension{
		FileContainingExtension: &reflectionpb.ExtensionRequest{ContainingType: name, ExtensionNumber: number},
	}}
	answer, err := a.ask(question)
	if err != nil {
		return err
	}
	return a.keep(answer)
}

// extendable returns the full names of the messages that may be extended. Those
// of google.protobuf hold options, which are no data.
func extendable(files map[string]*descriptorpb.FileDescriptorProto) map[string]bool {
	found := make(map[string]bool)
	for _, f := range files {
		if f.GetPackage() == "google.protobuf" {
			continue
		}
		prefix := ""
		if f.GetPackage() != "" {
			prefix = f.GetPackage() + "."
		}
		addExtendable(found, prefix, f.GetMessageType())
	}
	return found
}

// addExtendable descends as deep as proto.Unmarshal let messages be nested.
func addExtendable(found map[string]bool, prefix string, messages []*descriptorpb.DescriptorProto) {
	for _, m := range messages {
		name := prefix + m.GetName()
		if len(m.GetExtensionRange()) > 0 {
			found[name] = true
		}
		addExtendable(found, name+".", m.GetNestedType())
	}
}
