package credentials

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"twinspect.dev/capture/rulefile"
	"twinspect.dev/replay/token"
)

// errLiteral refuses a secret on the command line. It does not repeat it.
var errLiteral = errors.New("credentials are given as SCHEME=env:NAME, SCHEME=file:PATH or SCHEME=command:LINE: " +
	"a secret on a command line is seen by all who list the processes, and stays in the shell's history and in the logs of pipelines; " +
	"put it into a variable of the environment or into a file")

// readFlags reads what the command line says.
func (s *Store) readFlags(c *Config) error {
	var errs []error
	for _, flag := range c.Flags {
		name, how, _ := strings.Cut(flag, "=")
		kind, what, ok := strings.Cut(how, ":")
		if !ok || !slices.Contains([]string{"env", "file", "command"}, kind) {
			errs = append(errs, errLiteral)
			continue
		}
		if err := s.readFlag(c, name, kind, what); err != nil {
			errs = append(errs, fmt.Errorf("credentials %s=%s: %w", name, kind, err))
		}
	}
	return errors.Join(errs...)
}

func (s *Store) readFlag(c *Config, name, kind, what string) error {
	scheme := s.schemes[name]
	if scheme == nil {
		return errors.New(s.noScheme(name))
	}
	if what == "" {
		return fmt.Errorf("nothing stands after the colon of %s", kind)
	}
	if cannot := scheme.refuses(); cannot != "" {
		return errors.New(cannot)
	}
	g, err := fixed(c, kind, what)
	if err == nil {
		scheme.given = g
	}
	return err
}

// fixed returns what is given by a variable, a file or a command.
func fixed(c *Config, kind, what string) (*given, error) {
	var source token.Source
	g := &given{cost: costGiven, renews: kind != "env"}
	switch kind {
	case "env":
		value, _ := c.Lookup(what)
		if value = strings.TrimSpace(value); value == "" {
			return nil, fmt.Errorf("the environment variable %s is not set", what)
		}
		source = token.Static(value)
	case "file":
		source = token.File(what)
	case "command":
		source, g.cost = token.Command{Line: what}, costCommand
	}
	g.source = func([]string) token.Source { return source }
	return g, nil
}

// noScheme says that the document does not have a scheme, and which it has.
func (s *Store) noScheme(name string) string {
	names := slices.Sorted(maps.Keys(s.schemes))
	if len(names) == 0 {
		return "the document has no security schemes"
	}
	return fmt.Sprintf("the document has no security scheme %q%s; it has %s", name, rulefile.DidYouMean(name, names), strings.Join(names, ", "))
}
