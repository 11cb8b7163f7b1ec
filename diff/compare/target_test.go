package compare

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTargetHidesSecretsAndNothingElse(t *testing.T) {
	tests := []struct{ name, target, secret string }{
		{"named parameter", "/a?sid=4711AbCd99&page=2", "4711AbCd99"},
		{"token", "/a?page=2&access_token=s3cr3tvalue", "s3cr3tvalue"},
		{"web token in the path", "/reset/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln/now", "eyJzdWIiOiIxIn0"},
	}
	c := New(nil)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			shown := c.Target(tt.target)
			assert.NotContains(t, shown, tt.secret)
			assert.Equal(t, shown, c.Target(tt.target), "equal stays equal")
		})
	}
	for _, plain := range []string{"/", "*", "/products?page=2&sort=price", "/a?b", "/a?=&&"} {
		assert.Equal(t, plain, c.Target(plain))
	}
	assert.Contains(t, c.Target("/a?sid=4711AbCd99&page=2"), "&page=2")
}
