//go:build e2e

package wire

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The servers answer GET with chunks, HEAD with a length and no body, and
// anything else with its own body, by length. For each they write a line of JSON:
// what they got and what they gave.

const pythonServer = `
import hashlib, http.server, json, ssl, sys

def summed(b):
    return "%d %s" % (len(b), hashlib.sha256(b).hexdigest()[:24])

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        b = b""
        while n := int(self.rfile.readline(), 16):
            b += self.rfile.read(n)
            self.rfile.readline()
        while self.rfile.readline() != b"\r\n":
            pass
        return b

    def answer(self):
        asked, given = self.body(), b""
        self.send_response(200)
        if self.command == "GET":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for i in range(5):
                part = b"part %d;" % i * 300
                given += part
                self.wfile.write(b"%x;x=y\r\n%s\r\n" % (len(part), part))
            self.wfile.write(b"0\r\n\r\n")
        else:
            given = b"" if self.command == "HEAD" else asked
            self.send_header("Content-Length", "7" if self.command == "HEAD" else str(len(given)))
            self.end_headers()
            self.wfile.write(given)
        print(json.dumps(dict(Method=self.command, Target=self.path, Asked=summed(asked), Status=200, Answered=summed(given))), flush=True)

    do_GET = do_HEAD = do_POST = do_PUT = answer

    def log_message(self, *a):
        pass

s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
s.daemon_threads = True
if len(sys.argv) > 1:
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    c.load_cert_chain(sys.argv[1])
    c.keylog_filename = sys.argv[2]
    s.socket = c.wrap_socket(s.socket, server_side=True)
print(s.server_address[1], flush=True)
s.serve_forever()
`

const javaServer = `
import com.sun.net.httpserver.*;
import java.net.*; import java.security.*; import java.util.*; import java.util.concurrent.*;
public class Main {
  static String summed(byte[] b) throws Exception {
    return b.length + " " + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(b)).substring(0, 24);
  }
  public static void main(String[] a) throws Exception {
    var s = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    s.setExecutor(Executors.newCachedThreadPool());
    s.createContext("/", e -> {
      try {
        byte[] asked = e.getRequestBody().readAllBytes(), given = asked;
        String method = e.getRequestMethod();
        if (method.equals("GET")) {
          given = "chunk of Java ".repeat(900).getBytes();
          e.sendResponseHeaders(200, 0);
        } else if (method.equals("HEAD")) {
          given = new byte[0];
          e.getResponseHeaders().set("Content-Length", "7");
          e.sendResponseHeaders(200, -1);
        } else {
          e.sendResponseHeaders(200, given.length == 0 ? -1 : given.length);
        }
        synchronized (System.out) {
          System.out.printf("{\"Method\":\"%s\",\"Target\":\"%s\",\"Asked\":\"%s\",\"Status\":200,\"Answered\":\"%s\"}%n", method, e.getRequestURI(), summed(asked), summed(given));
        }
        if (given.length > 0) e.getResponseBody().write(given);
        e.close();
      } catch (Exception x) { throw new java.io.IOException(x); }
    });
    s.start();
    System.out.println(s.getAddress().getPort());
  }
}`

// served is a server of another language.
type served struct {
	addr  string
	lines *bufio.Scanner
	cmd   *exec.Cmd
}

func startServer(t *testing.T, name string, args ...string) *served {
	s := &served{cmd: exec.Command(name, args...)}
	s.cmd.Stderr = os.Stderr
	out, err := s.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, s.cmd.Start())
	t.Cleanup(func() { _ = s.cmd.Process.Kill(); _ = s.cmd.Wait() })
	s.lines = bufio.NewScanner(out)
	require.True(t, s.lines.Scan(), "%s tells no port", name)
	s.addr = net.JoinHostPort("127.0.0.1", s.lines.Text())
	return s
}

// book reads what the server wrote down of n exchanges.
func (s *served) book(t *testing.T, n int) (all []seen) {
	for range n {
		require.True(t, s.lines.Scan())
		var one seen
		require.NoError(t, json.Unmarshal(s.lines.Bytes(), &one), s.lines.Text())
		all = append(all, one)
	}
	return all
}

// askAll sends bodies by length and in chunks, and returns how many requests.
func askAll(t *testing.T, base string, c *http.Client) (n int) {
	defer c.CloseIdleConnections()
	for i := range 60 {
		method := []string{"GET", "HEAD", "POST", "PUT"}[i%4]
		var body io.Reader
		switch method {
		case "POST":
			body = strings.NewReader(strings.Repeat("by length ", i*60))
		case "PUT":
			body = io.MultiReader(strings.NewReader(strings.Repeat("in chunks ", i*60)))
		}
		req, err := http.NewRequest(method, fmt.Sprintf("%s/%d?q=%%20", base, i), body)
		require.NoError(t, err)
		resp, err := c.Do(req)
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, http.StatusOK, resp.StatusCode)
		n++
	}
	return n
}

func TestForeignE2EPythonServer(t *testing.T) {
	s := startServer(t, program(t, "python3"), "-c", pythonServer)
	r := startRelay(t, s.addr)
	n := askAll(t, "http://"+r.addr(), &http.Client{Transport: &http.Transport{}})
	file := r.stop()
	compareBooks(t, s.book(t, n), inClear(file))
}

// TestForeignE2EPythonServerOverTLS takes the secrets from the server's side.
func TestForeignE2EPythonServerOverTLS(t *testing.T) {
	python, openssl := program(t, "python3"), program(t, "openssl")
	dir := t.TempDir()
	certificate, secrets := filepath.Join(dir, "server.pem"), filepath.Join(dir, "secrets")
	command(t, openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2", "-keyout", certificate+".key", "-out", certificate)
	key, err := os.ReadFile(certificate + ".key")
	require.NoError(t, err)
	pem, err := os.ReadFile(certificate)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(certificate, append(pem, key...), 0o600))
	s := startServer(t, python, "-c", pythonServer, certificate, secrets)
	r := startRelay(t, s.addr)
	insecure := &tls.Config{InsecureSkipVerify: true} //nolint:gosec // to a server of this test
	n := askAll(t, "https://"+r.addr(), &http.Client{Transport: &http.Transport{TLSClientConfig: insecure}})
	file := r.stop()
	keys, err := os.ReadFile(secrets)
	require.NoError(t, err)
	compareBooks(t, s.book(t, n), kept{file, keys})
}

func TestForeignE2EJavaServer(t *testing.T) {
	java := program(t, "java")
	source := filepath.Join(t.TempDir(), "Main.java")
	require.NoError(t, os.WriteFile(source, []byte(javaServer), 0o600))
	s := startServer(t, java, source)
	r := startRelay(t, s.addr)
	n := askAll(t, "http://"+r.addr(), &http.Client{Transport: &http.Transport{}})
	file := r.stop()
	compareBooks(t, s.book(t, n), inClear(file))
}
