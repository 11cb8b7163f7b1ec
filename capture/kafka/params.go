package kafka

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

var knownParams = []string{
	"from", "to", "window", "partition", "group", "tls", "ca", "cert", "key", "insecure",
	"sasl", "password-file", "client-id", "dial-timeout",
}

// params are the parameters of a URL, and where files and the environment are
// read.
type params struct {
	values url.Values
	env    func(string) string
	file   func(string) ([]byte, error)
}

func (p *params) parse(query string) error {
	values, err := url.ParseQuery(query)
	if err != nil {
		return errors.New("the parameters are not name=value&name=value, percent-encoded")
	}
	for name, v := range values {
		if !slices.Contains(knownParams, name) {
			return fmt.Errorf("unknown parameter %.64q: known are %s", name, strings.Join(knownParams, ", "))
		}
		if len(v) > 1 {
			return fmt.Errorf("%s is given %d times", name, len(v))
		}
		// A plus sign in a time's offset is not a space.
		if name == "from" || name == "to" {
			values.Set(name, strings.ReplaceAll(v[0], " ", "+"))
		}
	}
	p.values = values
	return nil
}

func (p *params) get(name string) string { return p.values.Get(name) }

func (p *params) boolean(name string) (bool, error) {
	s := p.get(name)
	if s == "" {
		return false, nil
	}
	b, err := strconv.ParseBool(s)
	if err != nil {
		return false, fmt.Errorf("%s %.64q: want true or false", name, s)
	}
	return b, nil
}

func (p *params) authorities(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	pem, err := p.file(path)
	if err != nil {
		return nil, fmt.Errorf("ca: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("ca: %s holds no PEM certificate", path)
	}
	return pool, nil
}

func (p *params) certificate(cert, key string) ([]tls.Certificate, error) {
	if cert == "" && key == "" {
		return nil, nil
	}
	if cert == "" || key == "" {
		return nil, errors.New("cert and key: one needs the other")
	}
	certPEM, err := p.file(cert)
	if err != nil {
		return nil, fmt.Errorf("cert: %w", err)
	}
	keyPEM, err := p.file(key)
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return nil, fmt.Errorf("cert and key: %w", err)
	}
	return []tls.Certificate{pair}, nil
}

// sasl sets the credentials. userinfo is "user[:password]", percent-encoded.
func (p *params) sasl(t *Target, userinfo string) error {
	mechanism := strings.ToUpper(p.get("sasl"))
	if userinfo == "" && mechanism == "" {
		if p.get("password-file") != "" {
			return errors.New("password-file: no user is given")
		}
		return nil
	}
	user, password, given := strings.Cut(userinfo, ":")
	user, err1 := url.PathUnescape(user)
	password, err2 := url.PathUnescape(password)
	if err1 != nil || err2 != nil {
		return errors.New("user or password is not percent-encoded")
	}
	if user == "" {
		user = p.env("KAFKA_USER")
	}
	if !given {
		var err error
		if password, err = p.password(); err != nil {
			return err
		}
	} else if p.get("password-file") != "" {
		return errors.New("password-file: the URL has a password already")
	}
	if mechanism == "" {
		mechanism = mechanismScram512
	}
	s := &SASL{Mechanism: mechanism, User: user, Password: password}
	if _, err := s.mechanism(); err != nil {
		return err
	}
	t.Config.SASL = s
	return nil
}

func (p *params) password() (string, error) {
	path := p.get("password-file")
	if path == "" {
		return p.env("KAFKA_PASSWORD"), nil
	}
	b, err := p.file(path)
	if err != nil {
		return "", fmt.Errorf("password-file: %w", err)
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}
