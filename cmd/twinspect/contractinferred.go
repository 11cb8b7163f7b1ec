package main

import (
	"fmt"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/contract"
	"twinspect.dev/contract/contractfile"
)

// inferred sums up what contracts came of traces and exchanges.
type inferred struct {
	Contracts int             `json:"contracts"`
	Pairs     []inferredPair  `json:"pairs"`
	Drift     []drift         `json:"drift,omitempty"`
	Left      []string        `json:"left,omitempty"`
	Files     []string        `json:"files"`
	Kept      []string        `json:"kept,omitempty"`
	Account   capture.Account `json:"account"`
}

type inferredPair struct {
	Consumer   string `json:"consumer"`
	Provider   string `json:"provider"`
	Operations int    `json:"operations"`
	Calls      uint64 `json:"calls"`
	Used       int    `json:"used"`
	Seen       int    `json:"seen"`
	Never      int    `json:"never"`
}

// drift is how a contract differs from the one before.
type drift struct {
	Consumer string                `json:"consumer"`
	Provider string                `json:"provider"`
	Changes  []contractfile.Change `json:"changes"`
}

func (s *inferred) add(c *contract.Contract) {
	p := inferredPair{Consumer: c.Consumer, Provider: c.Provider, Operations: len(c.Interactions)}
	for i := range c.Interactions {
		it := &c.Interactions[i]
		p.Calls += it.Calls
		for j := range it.Responses {
			for k := range it.Responses[j].Fields {
				switch it.Responses[j].Fields[k].Usage.State {
				case contract.Used:
					p.Used++
				case contract.Seen:
					p.Seen++
				case contract.Never:
					p.Never++
				}
			}
		}
	}
	s.Pairs = append(s.Pairs, p)
}

func (s *inferred) print(env cli.Env) error {
	w := env.Stdout
	rows := make([][]string, len(s.Pairs))
	for i, p := range s.Pairs {
		rows[i] = []string{p.Consumer, p.Provider, fmt.Sprint(p.Operations), fmt.Sprint(p.Calls), fmt.Sprint(p.Used), fmt.Sprint(p.Seen), fmt.Sprint(p.Never)}
	}
	if len(rows) > 0 {
		columns := []cli.Column{{Title: "CONSUMER"}, {Title: "PROVIDER"}, {Title: "OPERATIONS", Right: true}, {Title: "CALLS", Right: true},
			{Title: "USED", Right: true}, {Title: "SEEN", Right: true}, {Title: "NEVER", Right: true}}
		if err := cli.Table(w, columns, rows); err != nil {
			return err
		}
	}
	for _, d := range s.Drift {
		if len(d.Changes) == 0 {
			continue
		}
		fmt.Fprintf(w, "\n%s of %s, against the last contract:\n", d.Consumer, d.Provider)
		if err := contractfile.DriftText(w, d.Changes, env.Color()); err != nil {
			return err
		}
	}
	for _, left := range s.Left[:min(len(s.Left), maxTold)] {
		fmt.Fprintf(w, "left out: %s\n", left)
	}
	if more := len(s.Left) - maxTold; more > 0 {
		fmt.Fprintf(w, "left out: %d more; --json has them all\n", more)
	}
	if len(s.Files) > 0 {
		fmt.Fprintf(w, "\nwritten: %s\n", strings.Join(s.Files, ", "))
	}
	if len(s.Kept) > 0 {
		fmt.Fprintf(w, "kept as they are, remove them to have them written anew: %s\n", strings.Join(s.Kept, ", "))
	}
	return cli.PrintAccount(env.Stderr, s.Account)
}

// fileNames makes names of files that every file system takes, each its own: "a-b" of
// "c" and "a" of "b-c" would share one, and so would names that differ by case.
type fileNames map[string]bool

func (n fileNames) of(text string) string {
	plain := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' {
			return r
		}
		return '-'
	}, text)
	if strings.Trim(plain, "._") == "" || plain[0] == '.' || plain[0] == '_' {
		plain = "x" + plain // hidden, or left out by the go command
	}
	name := plain
	for i := 2; n[strings.ToLower(name)]; i++ {
		name = fmt.Sprintf("%s-%d", plain, i)
	}
	n[strings.ToLower(name)] = true
	return name
}

// packageName is a service's name as one of a Go package of tests.
func packageName(service string) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(service))
	return "pact" + name
}
