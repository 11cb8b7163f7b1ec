package gate

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/release"
)

func TestACallerSaysOnlyWhatTheDocumentDoesNotSay(t *testing.T) {
	whole := release.Subject{Service: "catalog", Digest: "sha256:1", BaseDigest: "sha256:0"}
	bare := release.Subject{Service: "catalog", Digest: "sha256:1"}
	for name, tt := range map[string]struct {
		own, given release.Subject
		want       release.Subject
		says       string
	}{
		"nothing of its own":            {given: whole, want: whole},
		"all of its own":                {own: whole, want: whole},
		"the same":                      {own: whole, given: whole, want: whole},
		"a part of the same":            {own: whole, given: bare, want: whole},
		"another service":               {own: whole, given: release.Subject{Service: "cart"}, says: "service"},
		"another image":                 {own: whole, given: release.Subject{Digest: "sha256:2"}, says: "digest"},
		"a base that was not signed":    {own: bare, given: whole, says: "base digest"},
		"nobody says the service":       {given: release.Subject{Digest: "sha256:1"}, says: "say which service"},
		"nobody says the digest at all": {given: release.Subject{Service: "catalog"}, says: "say which digest"},
	} {
		t.Run(name, func(t *testing.T) {
			of := tt.own
			err := agree(&of, tt.given)
			if tt.says != "" {
				require.ErrorIs(t, err, ErrInvalid)
				assert.ErrorContains(t, err, tt.says)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.want, of)
		})
	}
}
