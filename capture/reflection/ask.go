package reflection

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/descriptorpb"
)

// paths are the methods of the protocol's versions, the newest first.
var paths = []string{
	"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
	"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
}

// reflectionServices is where the protocol's own services live, which nobody
// compares.
const reflectionServices = "grpc.reflection."

// Ask gets the descriptors of all services of a server, with all that they import
// and the extensions of their messages.
//
// A *MissingError comes with the set: parts of it are not known to the server.
// Any other error comes without. A server without reflection gives an error whose
// gRPC status is Unimplemented. Canceling ctx ends the call; without a deadline
// a server may hold it forever.
func Ask(ctx context.Context, conn grpc.ClientConnInterface) (*descriptorpb.FileDescriptorSet, error) {
	var set *descriptorpb.FileDescriptorSet
	var err error
	for _, path := range paths {
		set, err = askBy(ctx, conn, path)
		if status.Code(err) != codes.Unimplemented {
			break
		}
	}
	if err != nil && set == nil {
		return nil, fmt.Errorf("ask for descriptors: %w", err)
	}
	return set, err
}

// askBy asks by one version of the protocol.
func askBy(ctx context.Context, conn grpc.ClientConnInterface, path string) (*descriptorpb.FileDescriptorSet, error) {
	ctx, cancel := context.WithCancel(ctx) // ends the stream
	defer cancel()
	desc := &grpc.StreamDesc{StreamName: "ServerReflectionInfo", ServerStreams: true, ClientStreams: true}
	stream, err := conn.NewStream(ctx, desc, path, grpc.MaxCallRecvMsgSize(MaxBytes))
	if err != nil {
		return nil, err
	}
	a := asker{stream: stream, unknown: make(map[string]bool)}
	if err := a.services(); err != nil {
		return nil, err
	}
	if err := a.extensions(); err != nil {
		return nil, err
	}
	_ = stream.CloseSend()
	set := a.files.set()
	if len(a.unknown) > 0 {
		return set, &MissingError{Names: slices.Sorted(maps.Keys(a.unknown))}
	}
	return set, nil
}

// asker asks one question at a time.
type asker struct {
	stream  grpc.ClientStream
	files   files
	unknown map[string]bool
}

// services gets the files of all services and what they import.
func (a *asker) services() error {
	answer, err := a.ask(&reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{ListServices: "*"}})
	if err != nil {
		return err
	}
	list := answer.GetListServicesResponse().GetService()
	if len(list) > MaxFiles {
		return errFull
	}
	for _, s := range list {
		name := s.GetName()
		if strings.HasPrefix(name, reflectionServices) {
			continue
		}
		err := a.get(name, &reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: name}})
		if err != nil {
			return err
		}
	}
	return a.imports()
}

// imports asks for files until none is missing that the server has. It ends
// because every round has a file more, of which there is a bounded number.
func (a *asker) imports() error {
	for {
		asked := false
		for _, path := range a.files.missing() {
			if a.unknown[path] {
				continue
			}
			asked = true
			err := a.get(path, &reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_FileByFilename{FileByFilename: path}})
			if err != nil {
				return err
			}
			if a.files.byName[path] == nil {
				a.unknown[path] = true
			}
		}
		if !asked {
			return nil
		}
	}
}

// get asks for a file. One that the server does not know is remembered.
func (a *asker) get(name string, question *reflectionpb.ServerReflectionRequest) error {
	answer, err := a.ask(question)
	if err != nil {
		return err
	}
	if answer.GetErrorResponse() != nil || len(answer.GetFileDescriptorResponse().GetFileDescriptorProto()) == 0 {
		a.unknown[name] = true
		return nil
	}
	return a.keep(answer)
}

func (a *asker) keep(answer *reflectionpb.ServerReflectionResponse) error {
	for _, data := range answer.GetFileDescriptorResponse().GetFileDescriptorProto() {
		if _, err := a.files.add(data); err != nil {
			return err
		}
	}
	return nil
}

func (a *asker) ask(question *reflectionpb.ServerReflectionRequest) (*reflectionpb.ServerReflectionResponse, error) {
	if err := a.stream.SendMsg(question); err != nil && !errors.Is(err, io.EOF) {
		return nil, err // of io.EOF, RecvMsg tells the cause
	}
	answer := &reflectionpb.ServerReflectionResponse{}
	if err := a.stream.RecvMsg(answer); errors.Is(err, io.EOF) {
		return nil, errors.New("the server ended the stream before its answer")
	} else if err != nil {
		return nil, err
	}
	return answer, nil
}
