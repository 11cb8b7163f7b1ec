package pb_test

import (
	"fmt"

	"twinspect.dev/diff/project/pb"
)

// Without descriptors both bodies are read alike: "hi" could be a message.
func ExampleDescriptors_ProjectPair() {
	var none *pb.Descriptors
	base, other := []byte("\x00\x00\x00\x00\x06\x0a\x02hi\x10\x03"), []byte("\x00\x00\x00\x00\x09\x10\x04\x0a\x05hello")
	x, y, err := none.ProjectPair(nil, nil, "/greet.Greeter/Greet", "application/grpc", base, other)
	fmt.Printf("%s\n%s\n%v\n", x, y, err)
	// Output:
	// [{"1":["hi"],"2":[3]}]
	// [{"1":["hello"],"2":[4]}]
	// <nil>
}
