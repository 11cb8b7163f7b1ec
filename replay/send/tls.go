package send

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// TLSOptions are what a person says about TLS; the files are in PEM.
type TLSOptions struct {
	// CA is a file of the authorities that are trusted in the place of the
	// system's.
	CA string
	// Cert and Key are files of the client's own certificate, with those that lead
	// to its authority behind it, and of its key; both or none are given.
	Cert, Key string
	// ServerName is the name that the server's certificate must have, and that the
	// server is told, where it is not the URL's host.
	ServerName string
	// Insecure trusts any certificate.
	Insecure bool
	// MinVersion is the oldest version accepted, from "1.0" to "1.3"; "1.2" where
	// it is empty.
	MinVersion string
	// KeyLog gets the secrets of the sessions in the format of NSS, so that others
	// can read a capture of them; nil is nowhere.
	KeyLog io.Writer
}

var tlsVersions = map[string]uint16{
	"": tls.VersionTLS12, "1.0": tls.VersionTLS10, "1.1": tls.VersionTLS11, "1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13,
}

// Config reads the files. Its errors name the file and what to do.
func (o TLSOptions) Config() (*tls.Config, error) {
	version, ok := tlsVersions[o.MinVersion]
	if !ok {
		return nil, fmt.Errorf("oldest TLS version %q: want 1.0, 1.1, 1.2 or 1.3", o.MinVersion)
	}
	cfg := &tls.Config{
		ServerName: o.ServerName, InsecureSkipVerify: o.Insecure, MinVersion: version, KeyLogWriter: o.KeyLog,
		ClientSessionCache: tls.NewLRUClientSessionCache(0),
	}
	var err error
	if o.CA != "" {
		if cfg.RootCAs, err = authorities(o.CA); err != nil {
			return nil, err
		}
	}
	switch {
	case o.Cert == "" && o.Key == "":
		return cfg, nil
	case o.Cert == "":
		return nil, fmt.Errorf("client key %s has no certificate: give its file too", o.Key)
	case o.Key == "":
		return nil, fmt.Errorf("client certificate %s has no key: give its file too", o.Cert)
	}
	pair, err := clientPair(o.Cert, o.Key)
	if err != nil {
		return nil, err
	}
	cfg.Certificates = []tls.Certificate{pair}
	return cfg, nil
}

// authorities reads the certificates of a file, all of which must be sound.
func authorities(file string) (*x509.CertPool, error) {
	rest, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("authorities: %w", err)
	}
	pool, found := x509.NewCertPool(), 0
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		found++
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("authorities %s: certificate %d: %w", file, found, err)
		}
		pool.AddCert(cert)
	}
	if found == 0 {
		return nil, fmt.Errorf("authorities %s: no certificate in PEM", file)
	}
	if len(bytes.TrimSpace(rest)) > 0 && bytes.Contains(rest, []byte("-----BEGIN")) {
		return nil, fmt.Errorf("authorities %s: certificate %d is not whole PEM", file, found+1)
	}
	return pool, nil
}

func clientPair(certFile, keyFile string) (tls.Certificate, error) {
	cert, err := os.ReadFile(certFile)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("client certificate: %w", err)
	}
	key, err := os.ReadFile(keyFile)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("client key: %w", err)
	}
	if err := checkCert(cert); err != nil {
		return tls.Certificate{}, fmt.Errorf("client certificate %s: %w", certFile, err)
	}
	if err := checkKey(key); err != nil {
		return tls.Certificate{}, fmt.Errorf("client key %s: %w", keyFile, err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return pair, fmt.Errorf("client certificate %s with key %s: %w", certFile, keyFile, err)
	}
	return pair, nil
}

func checkCert(b []byte) error {
	for {
		var block *pem.Block
		if block, b = pem.Decode(b); block == nil {
			return errors.New("no certificate in PEM")
		}
		if block.Type == "CERTIFICATE" {
			_, err := x509.ParseCertificate(block.Bytes)
			return err
		}
	}
}

// checkKey finds the first private key, which must not be encrypted: there is
// nobody to ask for its password.
func checkKey(b []byte) error {
	for {
		var block *pem.Block
		if block, b = pem.Decode(b); block == nil {
			return errors.New("no private key in PEM")
		}
		if block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
			return errors.New("the key is encrypted: decrypt it first, as with openssl pkey -in FILE -out PLAIN")
		}
		if block.Type == "PRIVATE KEY" || strings.HasSuffix(block.Type, " PRIVATE KEY") {
			return nil
		}
	}
}
