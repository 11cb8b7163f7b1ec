package kafka_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture/kafka"
)

func TestAURLNamesTheTopicAndHowToReachIt(t *testing.T) {
	t.Setenv("KAFKA_PASSWORD", "from-env")
	file := filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(file, []byte("from-file\n"), 0o600))
	window, err := kafka.ParseWindow("0:12-90,1:3-50")
	require.NoError(t, err)
	tests := []struct {
		url  string
		want kafka.Target
	}{
		{"kafka://a/t", kafka.Target{Config: kafka.Config{Brokers: []string{"a:9092"}, Topic: "t"}}},
		{"KAFKA://a:1,b,[::1],[::2]:7/t.u_v-w", kafka.Target{
			Config: kafka.Config{Brokers: []string{"a:1", "b:9092", "[::1]:9092", "[::2]:7"}, Topic: "t.u_v-w"},
		}},
		{"kafka://a/t?from=2026-11-21T10:00:00+01:00&to=-15m&group=g&partition=0,3&client-id=c&dial-timeout=2s", kafka.Target{
			Config: kafka.Config{Brokers: []string{"a:9092"}, Topic: "t", ClientID: "c", DialTimeout: 2 * time.Second},
			From:   kafka.At(time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)), To: kafka.Ago(15 * time.Minute),
			Group: "g", Partitions: []int{0, 3},
		}},
		{"kafka://a/t?window=1:3-50,0:12-90", kafka.Target{
			Config: kafka.Config{Brokers: []string{"a:9092"}, Topic: "t"}, Window: &window,
		}},
		{"kafka://ann:p%40s%2Fs@a/t?sasl=plain", withSASL("PLAIN", "p@s/s")},
		{"kafka://ann:with/slash@a/t?sasl=scram-sha-256", withSASL("SCRAM-SHA-256", "with/slash")},
		{"kafka://ann@a/t", withSASL("SCRAM-SHA-512", "from-env")},
		{"kafka://ann@a/t?password-file=" + file, withSASL("SCRAM-SHA-512", "from-file")},
	}
	for _, tt := range tests {
		t.Run(tt.url, func(t *testing.T) {
			got, err := kafka.ParseURL(tt.url)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
}

func withSASL(mechanism, password string) kafka.Target {
	return kafka.Target{Config: kafka.Config{
		Brokers: []string{"a:9092"}, Topic: "t",
		SASL: &kafka.SASL{Mechanism: mechanism, User: "ann", Password: password},
	}}
}

func TestEncryptionIsAskedForByItsParameters(t *testing.T) {
	for url, insecure := range map[string]bool{"kafka://a/t?tls=true": false, "kafka://a/t?insecure=true": true} {
		got, err := kafka.ParseURL(url)
		require.NoError(t, err)
		require.NotNil(t, got.Config.TLS)
		assert.Equal(t, insecure, got.Config.TLS.InsecureSkipVerify)
	}
	got, err := kafka.ParseURL("kafka://a/t?tls=false")
	require.NoError(t, err)
	assert.Nil(t, got.Config.TLS)
}

func TestAnErrorNamesWhatIsWrong(t *testing.T) {
	for url, want := range map[string]string{
		"http://a/t":                          "want kafka://host:9092/topic",
		"kafka:///t":                          "broker",
		"kafka://a:0/t":                       "broker",
		"kafka://a:x/t":                       "broker",
		"kafka://a,/t":                        "broker",
		"kafka://a":                           "topic",
		"kafka://a/t/u":                       "only letters",
		"kafka://a/..":                        "topic",
		"kafka://a/t?form=now":                `unknown parameter "form"`,
		"kafka://a/t?from=now&from=now":       "from is given 2 times",
		"kafka://a/t?from=yesterday":          "from",
		"kafka://a/t?to=-x":                   "to",
		"kafka://a/t?window=0":                "window",
		"kafka://a/t?window=0:1-2&from=now":   "window: it stands instead of",
		"kafka://a/t?partition=x":             "partition",
		"kafka://a/t?tls=perhaps":             "tls",
		"kafka://a/t?ca=/none":                "ca",
		"kafka://a/t?cert=x":                  "cert and key",
		"kafka://a/t?tls=false&insecure=true": "tls: false contradicts",
		"kafka://ann:x@a/t?sasl=kerberos":     "unknown mechanism",
		"kafka://a/t?sasl=plain":              "no user is given",
		"kafka://a/t?password-file=/none":     "password-file",
		"kafka://b:secret@a/t?dial-timeout=0": "dial-timeout",
		"kafka://b:secr%et@a/t":               "not percent-encoded",
		"kafka://b:secret@a/t?%":              "percent-encoded",
	} {
		t.Run(url, func(t *testing.T) {
			_, err := kafka.ParseURL(url)
			require.ErrorContains(t, err, want)
			require.NotContains(t, err.Error(), "secr")
		})
	}
}

func TestNoFormOfPrintingShowsThePassword(t *testing.T) {
	target, err := kafka.ParseURL("kafka://ann:secret@a/t?sasl=plain&tls=true&from=now&group=g")
	require.NoError(t, err)
	assert.Equal(t, "kafka://ann@a:9092/t?from=latest&group=g&sasl=plain&tls=true", target.String())
	var log strings.Builder
	logger := slog.New(slog.NewJSONHandler(&log, nil))
	logger.Info("x", "target", target, "sasl", *target.Config.SASL, "pointer", target.Config.SASL)
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		for _, v := range []any{target, &target, target.Config, *target.Config.SASL, target.Config.SASL} {
			_, _ = fmt.Fprintf(&log, format+"\n", v)
		}
	}
	text, err := json.Marshal(target.Config.SASL)
	require.NoError(t, err)
	log.Write(text)
	assert.NotContains(t, log.String(), "secret")
	assert.NotContains(t, log.String(), fmt.Sprintf("%x", "secret"))
}

func FuzzParseURL(f *testing.F) {
	for _, s := range []string{
		"kafka://ann:p@a:1,b/t?sasl=plain&tls=true&from=-15m&to=now&partition=0,1&group=g",
		"kafka://[::1]/t?window=0:1-2&client-id=x", "kafka://a/t?from=2026-11-21T10:00:00+01:00", "kafka://", "kafka://@/",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		if strings.Contains(raw, "file") || strings.Contains(raw, "ca") || strings.Contains(raw, "%") {
			return // no reading of files that the fuzzer names
		}
		target, err := kafka.ParseURL(raw)
		if err != nil {
			return
		}
		again, err := kafka.ParseURL(target.String())
		require.NoError(t, err, target.String())
		require.Equal(t, target.String(), again.String())
	})
}

func FuzzParseWindow(f *testing.F) {
	for _, s := range []string{"0:12-90,1:3-50", "0:0-0", "1:5-4", "0:1-2,0:3-4", "", ":", "0:-1-2", "2147483648:0-1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		w, err := kafka.ParseWindow(s)
		if err != nil {
			return
		}
		again, err := kafka.ParseWindow(w.String())
		require.NoError(t, err)
		require.Equal(t, w, again)
		require.GreaterOrEqual(t, w.Offsets(), int64(0))
	})
}

func FuzzParsePosition(f *testing.F) {
	for _, s := range []string{"earliest", "latest", "now", "-15m", "12", "2026-11-21T10:00:00.5+01:00", "--1s", "-0s"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := kafka.ParsePosition(s)
		if err != nil {
			return
		}
		again, err := kafka.ParsePosition(p.String())
		require.NoError(t, err, p.String())
		require.Equal(t, p, again)
	})
}
