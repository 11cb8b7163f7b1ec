package pb

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	"twinspect.dev/capture/coding"
)

// maxDescriptors is ten times the descriptors of a large code base; more is a
// wrong file.
const maxDescriptors = 256 << 20

// Load reads files that each hold a FileDescriptorSet: what protoc
// --include_imports -o and buf build -o write, in the binary or the JSON form, with
// gzip or zstd around it or not. Together they must hold all that their files
// import. The error names the file and what to do.
func Load(files ...string) (*Descriptors, error) {
	all := make(map[string]source)
	for _, path := range files {
		set, err := readSet(path)
		if err != nil {
			return nil, fmt.Errorf("descriptors: %w", err)
		}
		if err := addFiles(all, path, set.GetFile()); err != nil {
			return nil, fmt.Errorf("descriptors: %w", err)
		}
	}
	d, err := build(all)
	if err != nil {
		return nil, fmt.Errorf("descriptors: %w", err)
	}
	return d, nil
}

// Parse reads what a file of that name holds, in any of the forms that [Load] takes.
func Parse(name string, data []byte) (*Descriptors, error) {
	set, err := parseSet(data)
	if err != nil {
		return nil, fmt.Errorf("descriptors: %s is no FileDescriptorSet: %w", name, err)
	}
	all := make(map[string]source)
	if err := addFiles(all, name, set.GetFile()); err != nil {
		return nil, fmt.Errorf("descriptors: %w", err)
	}
	d, err := build(all)
	if err != nil {
		return nil, fmt.Errorf("descriptors: %w", err)
	}
	return d, nil
}

func readSet(path string) (*descriptorpb.FileDescriptorSet, error) {
	if strings.HasSuffix(path, ".proto") {
		return nil, fmt.Errorf("%s is source: compile it with protoc --include_imports -o FILE or buf build -o FILE", path)
	}
	data, err := readBounded(path)
	if err != nil {
		return nil, err
	}
	set, err := parseSet(data)
	if err != nil {
		return nil, fmt.Errorf("%s is no FileDescriptorSet, as protoc --include_imports -o FILE or buf build -o FILE write it: %w", path, err)
	}
	return set, nil
}

func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, maxDescriptors+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxDescriptors {
		return nil, fmt.Errorf("%s is longer than %d bytes", path, maxDescriptors)
	}
	return data, nil
}

// parseSet reads a set in any of its forms. Options that are not known here are
// left out: they do not change how messages are encoded.
func parseSet(data []byte) (*descriptorpb.FileDescriptorSet, error) {
	if name := codingOf(data); name == "gzip" || name == "zstd" {
		plain, err := (&coding.Decoder{Limit: maxDescriptors}).Decode(nil, data, []string{name})
		if err != nil {
			return nil, err
		}
		data = plain
	}
	set := &descriptorpb.FileDescriptorSet{}
	var err error
	if text := bytes.TrimLeft(data, " \t\r\n\ufeff"); len(text) > 0 && text[0] == '{' {
		err = protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(text, set)
	} else {
		err = proto.Unmarshal(data, set)
	}
	if err != nil {
		return nil, err
	}
	return set, checkSet(set)
}

func checkSet(set *descriptorpb.FileDescriptorSet) error {
	if len(set.GetFile()) == 0 {
		return errors.New("it holds no file")
	}
	for i, f := range set.GetFile() {
		if f.GetName() == "" {
			return fmt.Errorf("its file %d has no name", i+1)
		}
	}
	return nil
}
