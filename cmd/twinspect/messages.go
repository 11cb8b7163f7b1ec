package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"twinspect.dev/capture/reflection"
	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/diff/project/pb"
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
	if errors.As(err, &missing) {
		fmt.Fprintf(env.Stderr, "twinspect: --grpc-reflection: %v\n", missing)
	} else if err != nil {
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
// the service for them while it was recorded.
func (o *judgeOptions) findMessages(env cli.Env, recording string, shown *reflection.Learner) error {
	if len(o.descriptors) == 0 {
		if _, err := os.Stat(recording + descriptorsSuffix); err == nil {
			o.descriptors = []string{recording + descriptorsSuffix}
		}
	}
	if err := o.loadMessages(); err != nil || o.messages != nil || shown == nil {
		return err
	}
	set, err := shown.Set()
	if len(set.GetFile()) == 0 {
		return nil
	}
	if err == nil || errors.As(err, new(*reflection.MissingError)) {
		o.messages, err = pb.FromSet(set)
	}
	if err != nil {
		fmt.Fprintf(env.Stderr, "twinspect: the recorded descriptors cannot be used, messages are compared by field number: %v\n", err)
	}
	return nil
}
