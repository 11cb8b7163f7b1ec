package openapi

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestZZ2(t *testing.T) {
	dir := os.Getenv("KIN")
	if dir == "" {
		t.Skip()
	}
	n, bad := 0, 0
	filepath.Walk(dir, func(p string, i os.FileInfo, err error) error {
		if err != nil || i.IsDir() || !strings.Contains(p, "testdata") {
			return nil
		}
		data, _ := os.ReadFile(p)
		if !bytes.Contains(data, []byte("openapi")) && !bytes.Contains(data, []byte("swagger")) {
			return nil
		}
		s := time.Now()
		d, err := Load(p)
		el := time.Since(s)
		n++
		rel := strings.TrimPrefix(p, dir)
		if err != nil {
			bad++
			if !strings.Contains(rel, "apis_guru") {
				fmt.Println("ERR", rel, err)
			}
			return nil
		}
		left := 0
		for _, x := range d.Problems {
			if x.Operation != "" && d.Operation(x.Operation) == nil {
				left++
			}
		}
		fmt.Println("OK", rel, len(d.Operations), "problems", len(d.Problems), "left", left, el.Round(time.Millisecond))
		for i, x := range d.Problems {
			if i < 6 {
				fmt.Println("     ", strings.ReplaceAll(x.String(), dir, ""))
			}
		}
		return nil
	})
	fmt.Println(n, bad)
}
