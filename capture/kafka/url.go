package kafka

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// Target is a topic, and where it is read which part of it: a parsed URL
//
//	kafka://[user[:password]@]host[:9092][,host[:9092]...]/topic[?parameters]
//
// with the parameters
//
//	from, to         where the window begins and ends (see [ParsePosition])
//	window           the window itself (see [ParseWindow]), instead of from and to
//	partition        the only partitions to read: 0,3
//	group            read as a worker of this consumer group
//	tls              true: encrypted; implied by ca, cert and insecure
//	ca, cert, key    PEM files: who signs the brokers, this program's certificate
//	insecure         true: the brokers' certificates are not verified
//	sasl             plain, scram-sha-256 or scram-sha-512 (with a user: scram-sha-512)
//	password-file    a file that holds the password
//	client-id        what the brokers call this program
//	dial-timeout     such as 10s
//
// A password that the URL does not give is read from password-file, else from
// the environment variable KAFKA_PASSWORD; a user it does not give from
// KAFKA_USER where sasl is given.
type Target struct {
	Config   Config
	From, To Position
	// Window, when set, is read instead of what From and To say.
	Window *Window
	// Partitions, when set, are the only ones that From and To apply to.
	Partitions []int
	// Group is empty for a reader of its own.
	Group string
}

const scheme = "kafka://"

// IsURL reports whether s is meant for [ParseURL].
func IsURL(s string) bool { return strings.HasPrefix(strings.ToLower(s), scheme) }

// String returns the target as a URL without the password, and without the
// files of keys and certificates.
func (t Target) String() string {
	var user string
	query := url.Values{}
	set := func(name, value string) {
		if value != "" {
			query.Set(name, value)
		}
	}
	if s := t.Config.SASL; s != nil {
		user = url.User(s.User).String() + "@"
		set("sasl", strings.ToLower(s.Mechanism))
	}
	if t.Config.TLS != nil {
		set("tls", "true")
	}
	set("from", t.From.String())
	set("to", t.To.String())
	set("group", t.Group)
	if t.Window != nil {
		set("window", t.Window.String())
	}
	set("partition", joinInts(t.Partitions))
	s := scheme + user + strings.Join(t.Config.Brokers, ",") + "/" + t.Config.Topic
	if len(query) > 0 {
		s += "?" + query.Encode()
	}
	return s
}

// GoString is String.
func (t Target) GoString() string { return t.String() }

// LogValue implements [slog.LogValuer].
func (t Target) LogValue() slog.Value { return slog.StringValue(t.String()) }

// ParseURL reads the form that [Target] describes. It reads the files that the
// URL names. Its errors name the parameter and never quote a password.
func ParseURL(raw string) (Target, error) { return parseURL(raw, os.Getenv, os.ReadFile) }

func parseURL(raw string, env func(string) string, file func(string) ([]byte, error)) (Target, error) {
	if !IsURL(raw) {
		return Target{}, errors.New("kafka URL: want kafka://host:9092/topic")
	}
	rest, rawQuery, _ := strings.Cut(raw[len(scheme):], "?")
	// A password may hold a slash that nobody escaped; a topic holds no @.
	at := strings.LastIndexByte(rest, '@')
	hosts, topic, _ := strings.Cut(rest[at+1:], "/")
	p := params{env: env, file: file}
	if err := p.parse(rawQuery); err != nil {
		return Target{}, fmt.Errorf("kafka URL: %w", err)
	}
	var t Target
	for _, step := range []func(*Target) error{
		func(t *Target) error { return brokers(t, hosts) },
		func(t *Target) error { t.Config.Topic = topic; return checkTopic(topic) },
		p.window, p.client, p.tls,
		func(t *Target) error { return p.sasl(t, rest[:max(at, 0)]) },
	} {
		if err := step(&t); err != nil {
			return Target{}, fmt.Errorf("kafka URL: %w", err)
		}
	}
	return t, nil
}

// brokers reads a list of hosts with optional ports.
func brokers(t *Target, hosts string) error {
	for host := range strings.SplitSeq(hosts, ",") {
		if strings.Trim(host, "[]") == "" || strings.HasPrefix(host, ":") || strings.ContainsAny(host, " \t\r\n\"\\") {
			return fmt.Errorf("broker %.64q: want host:port", host)
		}
		if _, _, err := net.SplitHostPort(host); err != nil {
			host = net.JoinHostPort(strings.Trim(host, "[]"), "9092")
		}
		_, port, err := net.SplitHostPort(host)
		if n, err2 := strconv.ParseUint(port, 10, 16); err != nil || err2 != nil || n == 0 {
			return fmt.Errorf("broker %.64q: want host:port", host)
		}
		t.Config.Brokers = append(t.Config.Brokers, host)
	}
	return nil
}

func (p *params) window(t *Target) (err error) {
	t.Group = p.get("group")
	if s := p.get("from"); s != "" {
		if t.From, err = ParsePosition(s); err != nil {
			return fmt.Errorf("from %.64q: %w", s, err)
		}
	}
	if s := p.get("to"); s != "" {
		if t.To, err = ParsePosition(s); err != nil {
			return fmt.Errorf("to %.64q: %w", s, err)
		}
	}
	if s := p.get("partition"); s != "" {
		for part := range strings.SplitSeq(s, ",") {
			n, err := strconv.ParseUint(part, 10, 31)
			if err != nil {
				return fmt.Errorf("partition %.64q: want a number", part)
			}
			t.Partitions = append(t.Partitions, int(n))
		}
	}
	if s := p.get("window"); s != "" {
		if !t.From.IsZero() || !t.To.IsZero() || t.Partitions != nil {
			return errors.New("window: it stands instead of from, to and partition")
		}
		w, err := ParseWindow(s)
		if err != nil {
			return fmt.Errorf("window: %w", err)
		}
		t.Window = &w
	}
	return nil
}

func (p *params) client(t *Target) (err error) {
	t.Config.ClientID = p.get("client-id")
	if s := p.get("dial-timeout"); s != "" {
		t.Config.DialTimeout, err = time.ParseDuration(s)
		if err != nil || t.Config.DialTimeout <= 0 {
			return fmt.Errorf("dial-timeout %.64q: want a time such as 10s", s)
		}
	}
	return nil
}

func (p *params) tls(t *Target) error {
	on, err := p.boolean("tls")
	if err != nil {
		return err
	}
	insecure, err := p.boolean("insecure")
	if err != nil {
		return err
	}
	ca, cert, key := p.get("ca"), p.get("cert"), p.get("key")
	if !on && !insecure && ca == "" && cert == "" && key == "" {
		return nil
	}
	if p.get("tls") != "" && !on {
		return errors.New("tls: false contradicts ca, cert, key or insecure")
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: insecure}
	if c.RootCAs, err = p.authorities(ca); err != nil {
		return err
	}
	if c.Certificates, err = p.certificate(cert, key); err != nil {
		return err
	}
	t.Config.TLS = c
	return nil
}

func joinInts(list []int) string {
	var b strings.Builder
	for i, n := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(n))
	}
	return b.String()
}
