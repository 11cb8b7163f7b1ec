package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"twinspect.dev/capture"
	"twinspect.dev/capture/reflection"
	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/diff/project/pb"
	"twinspect.dev/release/mesh"
)

// descriptorsSuffix is what a file of descriptors is called beyond the recording
// that it lies beside.
const descriptorsSuffix = ".descriptors.binpb"

// maxReflection is how long a server may take to describe itself.
const maxReflection = 30 * time.Second

// keepDescriptors asks a gRPC server for its descriptors, and keeps them beside
// the recording.
func keepDescriptors(ctx context.Context, env cli.Env, address, recording string) error {
	if recording == "-" {
		return errors.New("--grpc-reflection: there is nothing to keep the descriptors beside: write the recording to a file")
	}
	ctx, cancel := context.WithTimeout(ctx, maxReflection)
	defer cancel()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return fmt.Errorf("--grpc-reflection: %w", err)
	}
	set, err := reflection.Ask(ctx, conn)
	err = errors.Join(err, conn.Close())
	var missing *reflection.MissingError
	switch {
	case errors.As(err, &missing):
		fmt.Fprintf(env.Stderr, "twinspect: --grpc-reflection: %v\n", missing)
	case status.Code(err) == codes.Unimplemented:
		return fmt.Errorf("--grpc-reflection %s: the server does not describe itself: have it register server reflection, or give diff-run --descriptors instead", address)
	case err != nil:
		return fmt.Errorf("--grpc-reflection %s: %w", address, err)
	}
	f, err := os.Create(recording + descriptorsSuffix)
	if err != nil {
		return fmt.Errorf("--grpc-reflection: %w", err)
	}
	if err := errors.Join(reflection.Write(f, set), f.Close()); err != nil {
		return fmt.Errorf("--grpc-reflection: %w", err)
	}
	fmt.Fprintf(env.Stderr, "%s: descriptors of %d files\n", f.Name(), len(set.GetFile()))
	return nil
}

// findMessages reads the descriptors that are named, else those that a capture has
// kept beside the recording, else those that the recording shows: somebody asked
// the service for them while it was recorded. The survey is nil where there is
// none.
func (o *judgeOptions) findMessages(env cli.Env, recording string, known *survey) error {
	if len(o.descriptors) == 0 {
		if _, err := os.Stat(recording + descriptorsSuffix); err == nil {
			o.descriptors = []string{recording + descriptorsSuffix}
		}
	}
	if err := o.loadMessages(); err != nil || known == nil {
		return err
	}
	if o.messages == nil {
		o.learnMessages(env, &known.described)
	}
	o.tellUnknown(env, known.asked)
	return nil
}

// learnMessages takes what the recording shows of descriptors, if it can be used.
func (o *judgeOptions) learnMessages(env cli.Env, shown *reflection.Learner) {
	set, err := shown.Set()
	if len(set.GetFile()) == 0 {
		return
	}
	if err == nil || errors.As(err, new(*reflection.MissingError)) {
		o.messages, err = pb.FromSet(set)
	}
	if err != nil {
		fmt.Fprintf(env.Stderr, "twinspect: the recorded descriptors cannot be used: %v\n", err)
	}
}

// maxUnknown bounds the methods that are named.
const maxUnknown = 5

// tellUnknown names the recorded methods of gRPC whose messages no descriptor
// tells.
func (o *judgeOptions) tellUnknown(env cli.Env, asked []mesh.Request) {
	var methods, unknown []string
	if o.messages != nil {
		methods = o.messages.Methods()
	}
	for _, r := range asked {
		path := capture.PathOf(r.Path)
		if strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") &&
			!strings.HasPrefix(path, "/grpc.reflection.") && !slices.Contains(methods, path) {
			unknown = append(unknown, path)
		}
	}
	if len(unknown) == 0 {
		return
	}
	slices.Sort(unknown)
	names := strings.Join(unknown[:min(len(unknown), maxUnknown)], ", ")
	if more := len(unknown) - maxUnknown; more > 0 {
		names += fmt.Sprintf(" and %d more", more)
	}
	fmt.Fprintf(env.Stderr, "twinspect: no descriptors tell the messages of %s: they are compared by field number; name them with --descriptors\n", cli.Visible(names))
}
