package pb_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"twinspect.dev/diff/project/pb"
)

// FuzzProject holds that whatever the bodies are, what is written is JSON of a
// bounded length, and the same whether a body is told alone or twice.
func FuzzProject(f *testing.F) {
	d, _ := schema(f)
	f.Add(uint8(0), []byte(wire(3, 5, 31, wire(1, "k", 2, "v"), 56, wire(1, "x/shop.Order", 2, wire(3, 1)))), []byte(wire(70, "hi")))
	f.Add(uint8(1), []byte(wire(3, group(wire(1, 5)), 100, 7)), []byte(wire(74, group(wire(1, "a")))))
	f.Add(uint8(3), []byte(frame(0, wire(3, 5))), []byte(frame(1, "\x1f\x8b")))
	f.Add(uint8(4), []byte(frame(0x80, "a: b\r\n")), []byte("AAAA=="))
	f.Fuzz(func(t *testing.T, which uint8, base, other []byte) {
		medias := []string{plain + "shop.Order", plain + "old.Old", plain + "none", "application/grpc", "application/grpc-web",
			"application/grpc-web-text", "application/connect+proto", "application/grpc+json", plain + "shop.Order; encoding=delimited"}
		media := medias[int(which)%len(medias)]
		methods := []string{"/shop.Orders/Get", "/shop.Orders/List", "/x"}
		method := methods[int(which)/len(medias)%len(methods)]
		x, y, err := d.ProjectPair(nil, nil, method, media, base, other)
		x2, y2, err2 := d.ProjectPair(nil, nil, method, media, base, other)
		require.Equal(t, err, err2)
		require.Equal(t, x, x2)
		require.Equal(t, y, y2)
		for i, doc := range [][]byte{x, y} {
			require.True(t, len(doc) == 0 || json.Valid(doc), "%s", doc)
			require.LessOrEqual(t, len(doc), 2<<20+128*[]int{len(base), len(other)}[i])
		}
	})
}

// FuzzAcceptance holds that a message is taken where proto.Unmarshal takes it,
// unless it passes a bound, and refused where that refuses it.
func FuzzAcceptance(f *testing.F) {
	d, types := schema(f)
	f.Add([]byte(wire(3, 5, 70, group(wire(1, 2)))))
	typ := typeOf(f, types, "shop.Order")
	f.Fuzz(func(t *testing.T, body []byte) {
		_, err := d.Project(nil, "", plain+"shop.Order", body)
		m := typ.New().Interface()
		theirs := proto.UnmarshalOptions{RecursionLimit: 100}.Unmarshal(body, m)
		var limit *pb.LimitError
		switch {
		case errors.As(err, &limit):
		case theirs == nil:
			require.NoError(t, err)
		default:
			require.Error(t, err, "%v", theirs)
		}
	})
}

func FuzzLoad(f *testing.F) {
	data, err := proto.Marshal(compile(f, sources, "shop.proto"))
	require.NoError(f, err)
	f.Add(data)
	f.Add([]byte(`{"file":[{"name":"a.proto","dependency":["b.proto"]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "set")
		require.NoError(t, os.WriteFile(path, data, 0o600))
		before := time.Now()
		d, err := pb.Load(path)
		require.Less(t, time.Since(before), 10*time.Second)
		if err == nil {
			_, err = d.Project(nil, "", "application/protobuf", []byte(wire(1, "a")))
			require.NoError(t, err)
		}
	})
}
