package evidence

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var kind = Kind{Schema: "twinspect.dev/evidence/test", Version: "2.3", What: "a test"}

type report struct {
	Schema, Version string
	Count           int
}

func TestAKindReadsItsOwnMajorVersion(t *testing.T) {
	for _, version := range []string{"2.0", "2.3", "2.17"} {
		var r report
		require.NoError(t, kind.Read(strings.NewReader(`{"schema": "twinspect.dev/evidence/test", "version": "`+version+`", "count": 7, "later": 1}`), 1000, &r))
		assert.Equal(t, 7, r.Count)
	}
}

func TestWhatCannotBeReadIsToldWithItsPlace(t *testing.T) {
	for name, tt := range map[string]struct{ text, says string }{
		"another kind":    {`{"schema": "twinspect.dev/evidence/diff", "version": "2.3"}`, "no evidence of a test"},
		"a newer version": {`{"schema": "twinspect.dev/evidence/test", "version": "3.0"}`, "or a newer one"},
		"no version":      {`{"schema": "twinspect.dev/evidence/test", "version": "2"}`, `version is "2"`},
		"cut":             {"{\"schema\":\n\"twinspect", "line 2"},
		"another type":    {`{"schema": "twinspect.dev/evidence/test", "version": "2.3", "count": "x"}`, "line 1"},
		"too long":        {`{"schema": "` + strings.Repeat("x", 1000) + `"}`, "more than 1000 bytes"},
		"nothing":         {"", "line 1"},
	} {
		t.Run(name, func(t *testing.T) {
			err := kind.Read(strings.NewReader(tt.text), 1000, new(report))
			require.ErrorContains(t, err, tt.says)
			assert.Equal(t, name == "too long", errors.Is(err, ErrTooLong))
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add(`{"schema": "twinspect.dev/evidence/test", "version": "2.3", "count": 7}`)
	f.Add(`{"schema": 1}`)
	f.Fuzz(func(t *testing.T, text string) {
		var r report
		if kind.Read(strings.NewReader(text), 1<<16, &r) == nil {
			assert.Equal(t, kind.Schema, r.Schema)
		}
	})
}
