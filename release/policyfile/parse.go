package policyfile

import (
	_ "embed"
	"time"

	"github.com/goccy/go-yaml/ast"

	"twinspect.dev/capture/rulefile"
	"twinspect.dev/release"
)

// version is the version of the file's form.
const version = "1"

//go:embed policy-1.schema.json
var schema string

// Schema is the JSON Schema (draft 2020-12) of the file. It knows the file's shape;
// what only a look at the calendar, at the metrics or at other parts of the file
// tells, [Parse] does.
func Schema() string { return schema }

type (
	// Error is one mistake in a policy.
	Error = rulefile.Error
	// Errors holds every mistake of a policy, in the order of their places.
	Errors = rulefile.Errors
)

// Read reads the policy in the file at path; see [Parse].
func Read(path string) (*release.Policy, error) {
	data, err := rulefile.Read(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, data)
}

// Parse reads a policy. name is the file's name for messages. Mistakes in it are
// [Errors]: all of them, each with its place. Time zones are those that the program
// finds, so a program that brings its own imports time/tzdata.
func Parse(name string, data []byte) (*release.Policy, error) {
	r := &reader{Reader: rulefile.Reader{File: name}}
	p := &release.Policy{Digest: release.Digest(data)}
	if root := r.Tree(data); r.Mistakes() == 0 {
		r.policy(p, root)
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	return p, nil
}

// reader reads a policy.
type reader struct{ rulefile.Reader }

// MaxSkew bounds the skew: evidence from an hour ahead is no matter of clocks.
const maxSkew = time.Hour

func (r *reader) policy(p *release.Policy, root ast.Node) {
	fields := r.Root(root, version, "name", "services", "skew", "require", "canary", "budget", "freeze", "overrides")
	if fields == nil {
		return
	}
	r.needs(root, fields, "the policy", "name", "services", "require")
	r.text(fields, "name", &p.Name)
	p.Services = r.patterns(fields, "services")
	p.Skew = time.Minute
	r.duration(fields, "skew", &p.Skew, 0, maxSkew)
	if f, ok := fields["canary"]; ok {
		p.Canary = r.canary(f)
	}
	if f, ok := fields["require"]; ok {
		p.Requirements = r.requirements(f, p.Canary)
	}
	r.watchedIsRequired(p, fields)
	p.Budget = r.budget(fields)
	p.Overrides = r.overrides(fields)
	if f, ok := fields["freeze"]; ok {
		p.Freeze = r.freeze(f)
	}
}

// watchedIsRequired reports metrics that nothing asks for, and the reverse: either
// would be a gate that is not there, or one that never opens.
func (r *reader) watchedIsRequired(p *release.Policy, fields rulefile.Fields) {
	var asked bool
	line := 0
	for _, q := range p.Requirements {
		if q.Kind == release.Canary {
			asked, line = true, q.Line
		}
	}
	watched, given := fields["canary"]
	switch {
	case asked && !given:
		r.Errorf(fields["require"].Key, "line %d requires evidence of the canary, but no section canary says which metrics are watched", line)
	case given && !asked && p.Requirements != nil:
		r.Errorf(watched.Key, "the metrics of canary are watched for nothing; add canary: {} to require")
	}
}
