package pb_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture/coding"
	"twinspect.dev/diff/project"
	"twinspect.dev/diff/project/pb"
)

func TestBodiesBeyondTheBoundsAreRefused(t *testing.T) {
	var none *pb.Descriptors
	var limit *pb.LimitError
	_, err := none.Project(nil, "", "application/protobuf", bytes.Repeat([]byte("\x08\x01"), pb.MaxFields+1))
	require.ErrorAs(t, err, &limit)
	assert.Equal(t, "fields", limit.Unit)
	var theirs *project.LimitError
	require.ErrorAs(t, err, &theirs)
	assert.Equal(t, project.LimitError{Kind: project.Messages, Limit: pb.MaxFields, Unit: "fields"}, *theirs)

	name := strings.Repeat("long", 100)
	d, err := pb.FromSet(compile(t, map[string]string{"a.proto": `syntax = "proto3"; package a; message A { repeated A a = 1; optional bool ` + name + ` = 2; }`}, "a.proto"))
	require.NoError(t, err)
	_, err = d.Project(nil, "", plain+"a.A", bytes.Repeat([]byte(wire(1, wire(2, 1))), 10_000))
	require.ErrorAs(t, err, &limit)
	assert.Equal(t, "bytes of JSON", limit.Unit)
	assert.Equal(t, 1<<20+64*40_000, limit.Limit)
	_, err = d.Project(nil, "", plain+"a.A", bytes.Repeat([]byte(wire(1, wire(2, 1))), 1000))
	require.NoError(t, err, "a short one may grow more")
}

func TestCompressedMessagesAreBoundedTogether(t *testing.T) {
	zeros, err := coding.Encode([]string{"gzip"}, bytes.Repeat([]byte(wire(14, strings.Repeat("a", 1000))), 12<<10))
	require.NoError(t, err)
	d, _ := schema(t)
	got, err := d.Project(nil, "/shop.Orders/List", "application/grpc", []byte(strings.Repeat(frame(1, string(zeros)), 5)))
	require.NoError(t, err)
	assert.Equal(t, 2, strings.Count(string(got), "fString"), "12 MiB each")
	assert.Equal(t, 3, strings.Count(string(got), "#compressed"))
}

// What is not described has no say beyond the bound on samples, and is still
// written, alike on both sides.
func TestManyValuesWithoutDescriptionAreWritten(t *testing.T) {
	var none *pb.Descriptors
	inner := strings.Repeat("\x08\x01", pb.MaxFields*9/16)
	body := []byte(wire(1, inner))
	x, y, err := none.ProjectPair(nil, nil, "", "application/protobuf", body, body)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(x, y))
	assert.Equal(t, pb.MaxFields*9/16, bytes.Count(x, []byte("1,"))+1)
}
