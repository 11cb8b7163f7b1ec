//go:build e2e

package wire

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/h2c" //nolint:staticcheck // net/http does not do the upgrade
)

// writer writes down what a handler answers.
type writer struct {
	http.ResponseWriter
	status  int
	body    bytes.Buffer
	interim []int
	silent  bool // no body goes out: HEAD, 204, 304
}

func (w *writer) WriteHeader(status int) {
	if status < 200 {
		w.interim = append(w.interim, status)
	} else if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *writer) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = 200
	}
	if !w.silent {
		w.body.Write(b)
	}
	return w.ResponseWriter.Write(b)
}

func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// wellKnown answers by path what foreign clients are asked to get.
func wellKnown(w http.ResponseWriter, r *http.Request, body []byte) {
	flush := func() { _ = http.NewResponseController(w).Flush() }
	switch r.URL.Path {
	case "/chunked":
		for i := range 5 {
			fmt.Fprintf(w, "part %d of several\n", i)
			flush()
		}
	case "/trailers":
		w.Header().Set("Trailer", "X-Sum")
		_, _ = io.WriteString(w, "with a trailer")
		flush() // else its length is told, and some clients leave before the trailer
		w.Header().Set("X-Sum", "42")
	case "/empty":
		w.WriteHeader(http.StatusNoContent)
	case "/same":
		w.WriteHeader(http.StatusNotModified)
	case "/file":
		http.ServeContent(w, r, "file.txt", time.Unix(1_700_000_000, 0), strings.NewReader(strings.Repeat("0123456789", 5000)))
	case "/zipped":
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = io.WriteString(z, strings.Repeat("compressible ", 1000))
		_ = z.Close()
	case "/early":
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		_, _ = io.WriteString(w, "after hints")
	case "/missing":
		http.NotFound(w, r)
	default:
		_, _ = w.Write(append([]byte("echo "), body...))
	}
}

// foreignServer is a server of net/http, of HTTP/1.1 and of HTTP/2 in clear text
// by prior knowledge and by upgrade, that writes down what it sees.
func foreignServer(t *testing.T) (*relay, *book) {
	b := &book{}
	s := httptest.NewServer(h2c.NewHandler(b.handler(t), &http2.Server{})) //nolint:staticcheck // net/http does not do the upgrade
	t.Cleanup(s.Close)
	return startRelay(t, s.Listener.Addr().String()), b
}

// handler answers as wellKnown and writes down what it sees.
func (b *book) handler(t *testing.T) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		b.running.Add(1)
		defer b.running.Done()
		w := &writer{ResponseWriter: rw}
		w.silent = r.Method == http.MethodHead || r.URL.Path == "/empty" || r.URL.Path == "/same"
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		if r.Header.Get("Expect") != "" {
			w.interim = append(w.interim, 100)
		}
		if r.Header.Get("Upgrade") == "h2c" {
			w.interim = append(w.interim, 101)
		}
		wellKnown(w, r, body)
		trailer := http.Header{}
		if v := w.Header().Get("X-Sum"); v != "" && !w.silent && r.ProtoAtLeast(1, 1) {
			trailer.Set("X-Sum", v)
		}
		b.add(seen{r.Method, r.RequestURI, sum(body), httpTrailer(r.Trailer), w.status, sum(w.body.Bytes()), httpTrailer(trailer), w.interim})
	})
}

func program(t *testing.T, name string) string {
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed", name)
	}
	return path
}

func command(t *testing.T, name string, args ...string) string {
	out, err := exec.Command(name, args...).CombinedOutput()
	require.NoError(t, err, "%s: %s", name, out)
	return string(out)
}

func TestForeignE2ECurl(t *testing.T) {
	curl := program(t, "curl")
	data := filepath.Join(t.TempDir(), "data")
	require.NoError(t, os.WriteFile(data, bytes.Repeat([]byte("uploaded "), 20000), 0o600))
	for _, version := range []string{"--http1.1", "--http1.0", "--http2-prior-knowledge", "--http2"} {
		t.Run(version, func(t *testing.T) {
			r, b := foreignServer(t)
			get := func(args ...string) {
				for i, a := range args {
					if strings.HasPrefix(a, "/") && !strings.HasPrefix(a, data) {
						args[i] = "http://" + r.addr() + a
					}
				}
				command(t, curl, append([]string{"-s", "-S", "-o", "/dev/null", version, "--max-time", "20"}, args...)...)
			}
			get("/one")
			if version != "--http2-prior-knowledge" { // of which curl 7.88 fails to keep a connection alive
				get("/chunked", "/file", "/zipped")
			}
			get("-I", "/file")
			get("-r", "100-199", "/file")
			get("-r", "0-9,20-29", "/file")
			get("/empty")
			get("-H", "If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT", "/file")
			get("/same")
			get("--compressed", "/zipped")
			get("/missing?a=%20b&c")
			get("/trailers")
			get("-X", "DELETE", "/item")
			get("-d", "a=1&b=2", "/form")
			if version != "--http1.0" {
				get("/early")
				get("-T", data, "-H", "Transfer-Encoding: chunked", "/upload")
			}
			if version != "--http2" { // the server takes no large body with an upgrade
				get("-T", data, "/upload")
			}
			if version == "--http1.1" {
				get("-H", "Expect: 100-continue", "--data-binary", "@"+data, "/large")
			}
			file := r.stop()
			compareBooks(t, b.closed(), inClear(file))
		})
	}
}

func TestForeignE2EGo(t *testing.T) {
	//nolint:staticcheck // this is the other implementation
	h2 := &http2.Transport{AllowHTTP: true, DialTLS: func(network, addr string, _ *tls.Config) (net.Conn, error) { return net.Dial(network, addr) }}
	for name, transport := range map[string]http.RoundTripper{"HTTP/1.1": &http.Transport{}, "HTTP/2": h2} {
		t.Run(name, func(t *testing.T) {
			r, b := foreignServer(t)
			c := &http.Client{Transport: transport}
			for i := range 200 {
				path := []string{"/chunked", "/trailers", "/empty", "/file", "/zipped", "/early", "/missing", "/echo"}[i%8]
				method := []string{"GET", "HEAD", "POST", "PUT"}[i/8%4]
				var body io.Reader
				if method[0] == 'P' {
					body = io.MultiReader(strings.NewReader(strings.Repeat("body ", i*50))) // of unknown length
				}
				req, err := http.NewRequest(method, fmt.Sprintf("http://%s%s?n=%d", r.addr(), path, i), body)
				require.NoError(t, err)
				if body != nil {
					req.Trailer = http.Header{"X-Client": {fmt.Sprint(i)}}
				}
				resp, err := c.Do(req)
				require.NoError(t, err)
				_, err = io.Copy(io.Discard, resp.Body)
				require.NoError(t, err)
				require.NoError(t, resp.Body.Close())
			}
			c.CloseIdleConnections()
			file := r.stop()
			compareBooks(t, b.closed(), inClear(file))
		})
	}
}

func TestForeignE2EPython(t *testing.T) {
	python := program(t, "python3")
	r, b := foreignServer(t)
	command(t, python, "-c", `
import http.client, sys
c = http.client.HTTPConnection(sys.argv[1])
for i in range(50):
    for method, path, body in (("GET", "/chunked", None), ("HEAD", "/file", None), ("POST", "/echo", "x" * i * 100),
            ("PUT", "/up", (b"part%d" % n for n in range(i))), ("GET", "/empty", None), ("GET", "/trailers", None)):
        c.request(method, path + "?" + str(i), body=body, encode_chunked=True)
        c.getresponse().read()
`, r.addr())
	file := r.stop()
	compareBooks(t, b.closed(), inClear(file))
}

const javaClient = `
import java.net.*; import java.net.http.*; import java.util.*; import java.util.concurrent.*;
public class Main {
  public static void main(String[] a) throws Exception {
    for (var v : HttpClient.Version.values()) {
      var c = HttpClient.newBuilder().version(v).build();
      for (int i = 0; i < 20; i++) for (String p : List.of("/chunked", "/file", "/empty", "/zipped", "/missing")) {
        c.send(HttpRequest.newBuilder(URI.create("http://" + a[0] + p + "?" + v + i)).build(), HttpResponse.BodyHandlers.ofByteArray());
      }
      var all = new ArrayList<CompletableFuture<?>>();
      for (int i = 0; i < 30; i++) {
        byte[] body = "java ".repeat(i * 300).getBytes();
        all.add(c.sendAsync(HttpRequest.newBuilder(URI.create("http://" + a[0] + "/echo?" + v + i)).POST(HttpRequest.BodyPublishers.ofByteArray(body)).build(), HttpResponse.BodyHandlers.ofByteArray()));
      }
      for (var f : all) f.get();
    }
  }
}`

func TestForeignE2EJava(t *testing.T) {
	java := program(t, "java")
	source := filepath.Join(t.TempDir(), "Main.java")
	require.NoError(t, os.WriteFile(source, []byte(javaClient), 0o600))
	r, b := foreignServer(t)
	command(t, java, source, r.addr())
	file := r.stop()
	compareBooks(t, b.closed(), inClear(file))
}

func TestForeignE2EWrkPipelines(t *testing.T) {
	wrk := program(t, "wrk")
	script := filepath.Join(t.TempDir(), "pipeline.lua")
	require.NoError(t, os.WriteFile(script, []byte(`
init = function(args)
  local r = {}
  for i = 1, 8 do r[i] = wrk.format("GET", "/echo?" .. i) end
  req = table.concat(r)
end
request = function() return req end
`), 0o600))
	r, b := foreignServer(t)
	command(t, wrk, "-t1", "-c4", "-d1s", "-s", script, "http://"+r.addr()+"/")
	file := r.stop()
	// wrk goes away in the middle of what it asked for.
	whole := recordedWhole(t, inClear(file))
	require.NotEmpty(t, whole)
	counts := map[string]int{}
	served := b.closed()
	for _, s := range served {
		counts[fmt.Sprintf("%+v", s)]++
	}
	for _, s := range whole {
		counts[fmt.Sprintf("%+v", s)]--
	}
	for s, n := range counts {
		assert.GreaterOrEqual(t, n, 0, "recorded more often than served: %s", s)
	}
	t.Logf("%d served, %d whole", len(served), len(whole))
}
