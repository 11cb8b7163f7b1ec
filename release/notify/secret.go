package notify

import (
	"errors"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"twinspect.dev/capture/rulefile"
)

var (
	variable = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)
	alone    = regexp.MustCompile(`^\$\{[A-Za-z_][A-Za-z0-9_]*\}$`)
)

// expand puts the environment in the place of each ${NAME}.
func (r *reader) expand(n ast.Node, text string) (Secret, bool) {
	whole := true
	text = variable.ReplaceAllStringFunc(text, func(match string) string {
		name := match[2 : len(match)-1]
		value := strings.TrimSpace(r.getenv(name))
		switch {
		case value == "":
			r.Errorf(rulefile.Start(n), "the environment variable %s is not set", name)
			whole = false
		case len(value) > maxSecret:
			r.Errorf(rulefile.Start(n), "the environment variable %s has more than %d bytes", name, maxSecret)
			whole = false
		}
		return value
	})
	if whole && len(text) > maxSecret {
		r.Errorf(rulefile.Start(n), "this has more than %d bytes with its variables", maxSecret)
		whole = false
	}
	return Secret(text), whole
}

// either reads a secret from where it is: key, in which there are variables, or
// key_file. at is where it stands, nil where there is neither.
func (r *reader) either(fields rulefile.Fields, key string) (s Secret, literal string, at ast.Node) {
	given := fields.Given([]string{key, key + "_file"})
	if len(given) == 2 {
		r.Errorf(fields[given[1]].Key, "there is both %s and %s_file; leave one out", key, key)
		return "", "", nil
	}
	if len(given) == 0 {
		return "", "", nil
	}
	text, f, ok := r.text(fields, given[0], maxSecret)
	if !ok {
		return "", "", nil
	}
	if given[0] != key {
		s, ok = r.file(f.Value, text)
	} else {
		literal = text
		s, ok = r.expand(f.Value, text)
	}
	if !ok {
		return "", "", nil
	}
	return s, literal, f.Value
}

// file reads a secret from a file.
func (r *reader) file(n ast.Node, path string) (Secret, bool) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(r.File), path)
	}
	data, err := readSecret(path)
	text := strings.TrimSpace(string(data))
	if in := (*fs.PathError)(nil); errors.As(err, &in) {
		err = in.Err // the path may be a secret at the wrong place
	}
	switch {
	case err != nil:
		r.Errorf(rulefile.Start(n), "the file cannot be read: %v", err)
	case text == "":
		r.Errorf(rulefile.Start(n), "the file is empty")
	case len(text) > maxSecret:
		r.Errorf(rulefile.Start(n), "the file has more than %d bytes", maxSecret)
	default:
		return Secret(text), true
	}
	return "", false
}

// readSecret reads at most what a secret may have, and a byte. It reads no pipes and no
// devices, which may never end.
func readSecret(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is no regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	return data, errors.Join(err, f.Close())
}

func (r *reader) url(n ast.Node, fields rulefile.Fields, kind Kind) Secret {
	s, literal, at := r.either(fields, "url")
	if at == nil {
		if len(fields.Given([]string{"url", "url_file"})) == 0 {
			r.Errorf(rulefile.Start(n), "url is missing in an entry of to; write \"${NAME}\" for a variable of the environment, or url_file")
		}
		return ""
	}
	if literal != "" && kind != Webhook && kind != "" && !variable.MatchString(literal) {
		r.Errorf(rulefile.Start(at), "whoever knows the URL of a chat can write to it; write \"${NAME}\" for a variable of the environment, or url_file")
		return ""
	}
	if why := refusesURL(string(s)); why != "" {
		r.Errorf(rulefile.Start(at), "the URL %s", why)
	}
	return s
}

// refusesURL says why messages are not sent to a URL, "" where they are.
func refusesURL(text string) string {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "":
		return "is not whole; it is such as https://host/path"
	case u.User != nil:
		return "has a password in it; a webhook has headers for that"
	case u.Fragment != "":
		return "has a fragment, which is never sent"
	case u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname()):
		return ""
	}
	return "does not begin with https; http is only for this machine"
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (r *reader) sign(fields rulefile.Fields, kind Kind) Secret {
	s, literal, at := r.either(fields, "secret")
	if at == nil {
		return ""
	}
	if kind == Slack || kind == WeCom {
		r.Errorf(rulefile.Start(at), "%s has no signatures; leave the secret out", kind)
	}
	if literal != "" && !alone.MatchString(literal) {
		r.Errorf(rulefile.Start(at), "a secret does not stand in the file; write \"${NAME}\" for a variable of the environment, or secret_file")
	}
	return s
}
