package openapi

import (
	"fmt"
	"github.com/getkin/kin-openapi/openapi3"
	"os"
	"testing"
)

func TestZZ3(t *testing.T) {
	p := os.Getenv("K3")
	if p == "" {
		t.Skip()
	}
	l := openapi3.NewLoader()
	l.IsExternalRefsAllowed = true
	d, err := l.LoadFromFile(p)
	fmt.Println(d != nil, err)
}
