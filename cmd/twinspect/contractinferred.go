package main

import (
	"fmt"
	"path/filepath"
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
	return cli.PrintAccount(env.Stderr, s.Account)
}

// fileName makes a service's name one that every file system takes.
func fileName(service string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' {
			return r
		}
		return '-'
	}, service)
}

// packageName is a folder's name as one of a Go package.
func packageName(folder string) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(filepath.Base(folder)))
	if name == "" || name[0] <= '9' {
		return "contracts" + name
	}
	return name
}

