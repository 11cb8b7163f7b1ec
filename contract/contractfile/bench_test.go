package contractfile

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"twinspect.dev/contract"
)

// large is a consumer of a large provider: 100 operations of 100 fields.
func large(b *testing.B) *contract.Contract {
	b.Helper()
	c := sample(b)
	one := c.Interactions[1]
	list := one.Responses[0].Fields
	for i := range 90 {
		f := list[3]
		f.At = contract.Place(fmt.Sprintf("body /field-%d/of/some/object", i))
		list = append(list, f)
	}
	one.Responses[0].Fields = list
	c.Interactions = nil
	for i := range 100 {
		one.Operation = fmt.Sprintf("GET /things-%d/{id}", i)
		c.Interactions = append(c.Interactions, one)
	}
	return c
}

func BenchmarkEncode(b *testing.B) {
	c := large(b)
	for b.Loop() {
		_, err := Encode(c)
		require.NoError(b, err)
	}
}

func BenchmarkDecode(b *testing.B) {
	data, err := Encode(large(b))
	require.NoError(b, err)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		_, err := Decode("f", data)
		require.NoError(b, err)
	}
}
