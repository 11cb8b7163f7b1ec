package redact

import (
	"fmt"
	"slices"
	"strings"

	"twinspect.dev/capture/jsonquery"
)

// Names are places in exchanges by name.
type Names struct {
	// Headers, Query, Form and Cookies are names, without regard to case and
	// punctuation; "*" stands for any characters.
	Headers []string `yaml:"headers"`
	Query   []string `yaml:"query"`
	Form    []string `yaml:"form"`
	Cookies []string `yaml:"cookies"`
	// JSON are paths (RFC 9535) in the bodies of requests and responses. They
	// stand for what lies below a selected value too. Filters, and positions
	// counted from the end, are refused: bodies are redacted as they are read.
	JSON []string `yaml:"json"`
	// XML are names of elements and attributes, with or without their prefix.
	XML []string `yaml:"xml"`
	// GRPC are full names of fields, such as "shop.v1.Card.number". They need
	// descriptors.
	GRPC []string `yaml:"grpc"`
}

// and returns the places of both.
func (n Names) and(o Names) Names {
	return Names{
		Headers: slices.Concat(n.Headers, o.Headers),
		Query:   slices.Concat(n.Query, o.Query),
		Form:    slices.Concat(n.Form, o.Form),
		Cookies: slices.Concat(n.Cookies, o.Cookies),
		JSON:    slices.Concat(n.JSON, o.JSON),
		XML:     slices.Concat(n.XML, o.XML),
		GRPC:    slices.Concat(n.GRPC, o.GRPC),
	}
}

// Rules say what is a secret. The zero value finds nothing by name, and
// everything that detectors find.
type Rules struct {
	// Defaults adds the names that are secrets nearly everywhere: see
	// [Defaults]. With descriptors, the names that are secret in JSON are
	// secret in messages too.
	Defaults bool `yaml:"defaults"`
	// Detectors look at the values of all names: "card", "email", "jwt",
	// "key". Nil means all of them, an empty list none.
	Detectors []string `yaml:"detectors"`
	// Names are what is secret beside that.
	Names `yaml:",inline"`
	// Descriptors is the path of a binary FileDescriptorSet with its imports,
	// as protoc writes it; in a file of rules it is relative to that file.
	// Without one only the detectors look at strings of protobuf messages, and
	// at numbers for cards.
	Descriptors string `yaml:"descriptors"`
	// Keep are exceptions; they win over everything, detectors too.
	Keep Names `yaml:"keep"`
	// Rules hold for a part of the exchanges, beside those above; at most 256.
	Rules []Rule `yaml:"rules"`
}

// Rule adds to what is secret, and to what is kept, where its scope holds: of
// services and operations that are both given, both must.
type Rule struct {
	// Service names services as [capture.Context] does; "*" stands for any
	// characters.
	Service List `yaml:"service"`
	// Operation names operations by method and path, such as
	// "POST /users/{id}/cards". A name in braces stands for one segment of the
	// path or a part of it, "*" for any characters, as in "* /users/*". The query
	// belongs to no operation.
	Operation List `yaml:"operation"`
	Names     `yaml:",inline"`
	Keep      Names `yaml:"keep"`
}

// List is a list of names; in YAML a single one may stand for itself.
type List []string

// UnmarshalYAML reads a name or a list of names.
func (l *List) UnmarshalYAML(unmarshal func(any) error) error {
	var name string
	if err := unmarshal(&name); err == nil {
		*l = List{name}
		return nil
	}
	return unmarshal((*[]string)(l))
}

// Defaults returns the rules that hold where none are given: all credentials,
// cookies, and parameters and members of usual names, and every detector.
func Defaults() Rules { return Rules{Defaults: true} }

// compile checks the rules and makes what a pass asks.
func (r *Redactor) compile(rules Rules) error {
	var err error
	if r.detectors, err = detectorsOf(rules.Detectors); err != nil {
		return err
	}
	if r.grpc, err = newMessages(rules.Descriptors); err != nil {
		return err
	}
	r.views, err = newViews(rules, r.grpc)
	return err
}

func namesOf(rules Rules) (n [places]names) {
	var headers, params, members, cookies, plain []string
	if rules.Defaults {
		headers, params, members, cookies, plain = defaultHeaders, defaultParameters, defaultMembers, []string{"*"}, keptHeaders
	}
	n[inHeader] = newNames(slices.Concat(headers, rules.Headers), slices.Concat(plain, rules.Keep.Headers))
	n[inQuery] = newNames(slices.Concat(params, rules.Query), rules.Keep.Query)
	n[inForm] = newNames(slices.Concat(params, rules.Form), rules.Keep.Form)
	n[inCookie] = newNames(slices.Concat(cookies, rules.Cookies), rules.Keep.Cookies)
	n[inJSON] = newNames(members, nil)
	n[inXML] = newNames(slices.Concat(members, rules.XML), rules.Keep.XML)
	return n
}

var detectorNames = []string{"card", "email", "jwt", "key"}

func detectorsOf(names []string) (detector, error) {
	if names == nil {
		names = detectorNames
	}
	var set detector
	for _, name := range names {
		i := slices.Index(detectorNames, name)
		if i < 0 {
			return 0, unknownDetector(name)
		}
		set |= 1 << i
	}
	return set, nil
}

func unknownDetector(name string) error {
	return fmt.Errorf("unknown detector %q; there are %s", name, strings.Join(detectorNames, ", "))
}

func patternsOf(key string, paths []string) ([]*jsonquery.Query, error) {
	var patterns []*jsonquery.Query
	for _, text := range paths {
		p, err := newPattern(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %q: %w", key, text, err)
		}
		patterns = append(patterns, p)
	}
	return patterns, nil
}
