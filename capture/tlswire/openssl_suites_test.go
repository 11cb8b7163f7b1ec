package tlswire

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// greetings has lines of which the second takes more than one record.
func greetings() []say {
	return []say{
		{from: 0, line: "hello from the client"},
		{from: 1, line: "hello from the server"},
		{from: 0, line: strings.Repeat("0123456789", 1700)},
		{from: 1, line: strings.Repeat("9876543210", 1700)},
		{from: 0, line: "x"},
	}
}

// serverHelloOf returns what the server chose.
func serverHelloOf(t testing.TB, tk talk) *serverHello {
	t.Helper()
	message, ok := firstMessage(joined(tk.calls, 1))
	require.True(t, ok)
	h, ok := parseServerHello(message)
	require.True(t, ok)
	return h
}

func requireDecrypted(t testing.TB, tk talk) {
	t.Helper()
	d := New(keyLog(t, tk.keys))
	requireWhole(t, tk, play(d, tk.calls))
	assert.Zero(t, stats(t, d).Lost())
}

func TestSuitesOfOpenSSLAreDecrypted(t *testing.T) {
	tests := map[string]struct {
		code uint16
		etm  bool
		args []string
	}{
		"ECDHE-ECDSA-AES128-CCM":        {code: 0xC0AC},
		"ECDHE-ECDSA-AES256-CCM":        {code: 0xC0AD},
		"ECDHE-ECDSA-AES128-CCM8":       {code: 0xC0AE},
		"ECDHE-ECDSA-AES256-CCM8":       {code: 0xC0AF},
		"DHE-RSA-AES128-CCM":            {code: 0xC09E},
		"AES128-CCM8":                   {code: 0xC0A0},
		"ECDHE-ECDSA-CHACHA20-POLY1305": {code: 0xCCA9},
		"DHE-RSA-CHACHA20-POLY1305":     {code: 0xCCAA},
		"ECDHE-ECDSA-AES256-GCM-SHA384": {code: 0xC02C},
		"ECDHE-ECDSA-AES128-SHA":        {code: 0xC009, etm: true},
		"ECDHE-ECDSA-AES256-SHA":        {code: 0xC00A, etm: true},
		"ECDHE-ECDSA-AES128-SHA256":     {code: 0xC023, etm: true},
		"ECDHE-ECDSA-AES256-SHA384":     {code: 0xC024, etm: true},
		"DHE-RSA-AES256-SHA256":         {code: 0x006B, etm: true},
		"ECDHE-RSA-AES256-SHA384":       {code: 0xC028, args: []string{"-no_etm"}},
		"AES256-SHA256":                 {code: 0x003D, args: []string{"-no_etm"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			ctx := limited(t)
			s := newStage(ctx, t, append([]string{"-tls1_2", "-cipher", name + ":@SECLEVEL=0"}, tt.args...)...)
			tk := s.converse(ctx, t, "", greetings(), "-cipher", name+":@SECLEVEL=0")
			h := serverHelloOf(t, tk)
			require.Equal(t, tt.code, h.suite)
			require.Equal(t, tt.etm, h.etm)
			requireDecrypted(t, tk)
		})
	}
}

func TestSuitesOfTLS13OfOpenSSLAreDecrypted(t *testing.T) {
	for name, code := range map[string]uint16{
		"TLS_AES_128_GCM_SHA256": 0x1301, "TLS_AES_256_GCM_SHA384": 0x1302, "TLS_CHACHA20_POLY1305_SHA256": 0x1303,
		"TLS_AES_128_CCM_SHA256": 0x1304, "TLS_AES_128_CCM_8_SHA256": 0x1305,
	} {
		t.Run(name, func(t *testing.T) {
			ctx := limited(t)
			suite := []string{"-tls1_3", "-cipher", "DEFAULT:@SECLEVEL=0", "-ciphersuites", name}
			s := newStage(ctx, t, suite...)
			tk := s.converse(ctx, t, "", greetings(), suite...)
			require.Equal(t, code, serverHelloOf(t, tk).suite)
			requireDecrypted(t, tk)
		})
	}
}
