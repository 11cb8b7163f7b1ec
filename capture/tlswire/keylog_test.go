package tlswire

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
)

func line(name string, session, size int) string {
	return fmt.Sprintf("%s %064x %0*x\n", name, session, 2*size, session+1)
}

func has(l label) func(*session) bool {
	return func(s *session) bool { return s.get(l) != nil }
}

func numberedRandom(n byte) (r random) {
	r[randomSize-1] = n
	return r
}

func TestLinesOfAKeyLog(t *testing.T) {
	tests := map[string]struct {
		line string
		ok   bool
		err  error
	}{
		"comment":             {line: "# made by a browser"},
		"empty":               {line: "  "},
		"unknown label":       {line: "EXPORTER_SECRET 00 00"},
		"master secret":       {line: line("CLIENT_RANDOM", 1, 48), ok: true},
		"with CRLF":           {line: strings.TrimSpace(line("CLIENT_RANDOM", 1, 48)) + "\r", ok: true},
		"SHA-256":             {line: line("CLIENT_TRAFFIC_SECRET_0", 1, 32), ok: true},
		"SHA-384":             {line: line("CLIENT_TRAFFIC_SECRET_0", 1, 48), ok: true},
		"two fields":          {line: "CLIENT_RANDOM 00", err: errFields},
		"short random":        {line: "CLIENT_RANDOM 00 00", err: errRandom},
		"random not in hex":   {line: "CLIENT_RANDOM " + strings.Repeat("x", 64) + " 00", err: errRandom},
		"short master secret": {line: line("CLIENT_RANDOM", 1, 32), err: errSecret},
		"secret not in hex":   {line: "CLIENT_RANDOM " + strings.Repeat("0", 64) + " " + strings.Repeat("x", 96), err: errSecret},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, ok, err := parseKeyLine([]byte(strings.TrimSuffix(tt.line, "\n")))
			assert.Equal(t, tt.ok, ok)
			assert.ErrorIs(t, err, tt.err)
		})
	}
}

func TestDamagedLinesAreToldWithoutTheirContent(t *testing.T) {
	secret := strings.Repeat("5ec4e7", 20)
	k := keyLog(t, "# head\nCLIENT_RANDOM "+secret+"\n"+strings.Repeat("x", 9000)+"\n"+line("CLIENT_RANDOM", 1, 48)+strings.Repeat("bad\n", 100))
	damaged := k.Damaged()
	require.Len(t, damaged, maxDamaged+1)
	var lost uint64
	for _, err := range damaged {
		assert.NotContains(t, err.Error(), "5ec4e7")
		var record *capture.RecordError
		require.ErrorAs(t, err, &record)
		lost += record.Lost
	}
	assert.EqualValues(t, 102, lost)
	assert.ErrorContains(t, damaged[0], "test")
	assert.True(t, errors.Is(damaged[1], errLong))
	assert.NotNil(t, k.lookup(numberedRandom(1), has(masterSecret)))
}

func TestALiveKeyLogIsReadOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	write := func(s string, flag int) {
		f, err := os.OpenFile(path, flag|os.O_WRONLY|os.O_CREATE, 0o600)
		require.NoError(t, err)
		_, err = f.WriteString(s)
		require.NoError(t, err)
		require.NoError(t, f.Close())
	}
	write(line("CLIENT_RANDOM", 1, 48), os.O_APPEND)
	k, err := OpenKeyLog(path)
	require.NoError(t, err)
	defer k.Close()
	assert.Nil(t, k.lookup(numberedRandom(2), has(masterSecret)))

	second := line("CLIENT_RANDOM", 2, 48)
	write(second[:100], os.O_APPEND)
	assert.Nil(t, k.lookup(numberedRandom(2), has(masterSecret)), "a line that is not whole")
	write(second[100:], os.O_APPEND)
	assert.NotNil(t, k.lookup(numberedRandom(2), has(masterSecret)))

	write(line("CLIENT_RANDOM", 3, 48), os.O_TRUNC)
	assert.NotNil(t, k.lookup(numberedRandom(3), has(masterSecret)), "a file that began again")

	require.NoError(t, os.Remove(path))
	assert.Nil(t, k.lookup(numberedRandom(4), has(masterSecret)))
	write(strings.TrimSpace(line("CLIENT_RANDOM", 4, 48)), os.O_APPEND)
	assert.NotNil(t, k.lookup(numberedRandom(4), has(masterSecret)), "a file that took its place, without a line end")
	assert.NotNil(t, k.lookup(numberedRandom(1), has(masterSecret)), "what was read stays")
	assert.Empty(t, k.Damaged())

	require.NoError(t, k.Close())
	write("\n"+line("CLIENT_RANDOM", 5, 48), os.O_APPEND)
	assert.Nil(t, k.lookup(numberedRandom(5), has(masterSecret)), "closed")
}

func TestAMissingKeyLogIsAnError(t *testing.T) {
	_, err := OpenKeyLog(filepath.Join(t.TempDir(), "none"))
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func TestASessionKeepsEverySecret(t *testing.T) {
	s := &session{}
	for l := range labels {
		s = s.with(l, []byte(strings.Repeat(string(rune('a'+l)), masterSize)))
	}
	for l := range labels {
		assert.Equal(t, strings.Repeat(string(rune('a'+l)), masterSize), string(s.get(l)))
	}
}

func FuzzKeyLog(f *testing.F) {
	f.Add(line("CLIENT_RANDOM", 1, 48)+"# x\r\n"+line("SERVER_TRAFFIC_SECRET_0", 2, 32), 7)
	f.Add("CLIENT_RANDOM 00", 1)
	f.Fuzz(func(t *testing.T, text string, cut int) {
		k, err := ReadKeyLog("fuzz", strings.NewReader(text))
		require.NoError(t, err)
		path := filepath.Join(t.TempDir(), "keys")
		cut = min(max(cut, 0), len(text))
		require.NoError(t, os.WriteFile(path, []byte(text[:cut]), 0o600))
		live, err := OpenKeyLog(path)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		live.lookup(random{}, func(*session) bool { return false })
		for r, s := range k.sessions {
			got := live.lookup(r, func(*session) bool { return true })
			require.NotNil(t, got)
			for l := range labels {
				assert.Equal(t, s.get(l), got.get(l))
			}
		}
	})
}
