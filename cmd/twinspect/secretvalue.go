package main

import (
	"cmp"
	"fmt"
	"net/textproto"
	"slices"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/replay/token"
)

const whereSecrets = "a secret on a command line is seen by all who list the processes, and stays in the shell's history and in the logs of pipelines"

// secretValue reads a secret that is given as env:NAME or file:PATH. Its errors do not
// repeat what was given.
func secretValue(env cli.Env, flag, text string) (string, error) {
	kind, what, _ := strings.Cut(text, ":")
	var value string
	switch {
	case text == "":
		return "", nil
	case kind == "env" && what != "":
		if value = strings.TrimSpace(env.Getenv(what)); value == "" {
			return "", fmt.Errorf("--%s: the environment variable %s is not set", flag, what)
		}
	case kind == "file" && what != "":
		data, err := token.ReadFile(what)
		if err != nil {
			return "", fmt.Errorf("--%s: %w", flag, err)
		}
		if value = strings.TrimSpace(string(data)); value == "" {
			return "", fmt.Errorf("--%s: %s is empty", flag, what)
		}
	default:
		return "", fmt.Errorf("--%s: give it as env:NAME or file:PATH: %s", flag, whereSecrets)
	}
	return value, nil
}

// credentialHeaders are those whose values are not taken from the command line.
var credentialHeaders = []string{"Authorization", "Proxy-Authorization", "Cookie", "X-Api-Key", "Api-Key", "X-Auth-Token", "X-Csrf-Token"}

// readHeaders reads NAME:VALUE, where VALUE is a text, or env:NAME or file:PATH, each
// of them after a word such as Bearer where there is one. It returns the names of the
// fields with secrets besides.
func readHeaders(env cli.Env, flag string, given []string) (out capture.Header, secret []string, err error) {
	for _, text := range given {
		name, value, ok := strings.Cut(text, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok || !isToken(name) {
			return nil, nil, fmt.Errorf("--%s: want NAME:VALUE, such as 'X-Tenant: shop' or 'Authorization: Bearer env:TOKEN'", flag)
		}
		value, isSecret, err := headerValue(env, flag, name, value)
		if err != nil {
			return nil, nil, err
		}
		if isSecret {
			secret = append(secret, name)
		}
		out = append(out, capture.Field{Name: name, Value: value})
	}
	return out, secret, nil
}

func headerValue(env cli.Env, flag, name, given string) (value string, isSecret bool, err error) {
	scheme, secret, two := strings.Cut(given, " ")
	if !two {
		scheme, secret = "", given
	}
	if strings.HasPrefix(secret, "env:") || strings.HasPrefix(secret, "file:") {
		if value, err = secretValue(env, flag+" "+name, strings.TrimSpace(secret)); err != nil {
			return "", true, err
		}
		value, err = oneLine(flag, name, strings.TrimSpace(scheme+" "+value))
		return value, true, err
	}
	if slices.Contains(credentialHeaders, textproto.CanonicalMIMEHeaderKey(name)) {
		return "", true, fmt.Errorf("--%s %s: give the value as env:NAME or file:PATH, such as '%s: Bearer env:TOKEN': %s", flag, name, name, whereSecrets)
	}
	value, err = oneLine(flag, name, given)
	return value, false, err
}

// oneLine refuses what cannot stand in a field (RFC 9110 section 5.5).
func oneLine(flag, name, value string) (string, error) {
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
		return "", fmt.Errorf("--%s %s: the value has control characters, such as the end of a line", flag, name)
	}
	return value, nil
}

// isToken reports whether a name can be that of a field (RFC 9110 section 5.6.2).
func isToken(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
}

// envOr returns a value, or that of a variable of the environment.
func envOr(env cli.Env, value, name string) string { return cmp.Or(value, env.Getenv(name)) }
