package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/contract/casefile"
	"twinspect.dev/contract/pact"
)

// readBounded reads a file that may be a Pact file, within what those may have.
func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, pact.MaxSize+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	if len(data) > pact.MaxSize {
		return nil, fmt.Errorf("%s: longer than a Pact file may be (%d MiB)", path, pact.MaxSize>>20)
	}
	return data, nil
}

// isPactFile tells by its content whether a file is meant as a Pact file: an object of
// JSON that names a consumer and a provider. One that is cut short or broken after
// that still is, so that its fault is told.
func isPactFile(path string) bool {
	data, err := readBounded(path)
	return err == nil && looksLikePact(data)
}

func looksLikePact(data []byte) bool {
	d := json.NewDecoder(bytes.NewReader(data))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return false
	}
	seen := map[string]bool{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			break
		}
		key, _ := name.(string)
		seen[key] = true
		var skipped json.RawMessage
		if d.Decode(&skipped) != nil {
			break
		}
	}
	return seen["consumer"] && seen["provider"] && !seen["openapi"] && !seen["swagger"]
}

// areAllPacts reports whether the arguments are Pact files, or folders of such; some
// but not all are an error.
func areAllPacts(args []string) (bool, error) {
	var pacts, others []string
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil {
			return false, err
		}
		is := false
		if info.IsDir() {
			is = len(pactFilesIn(arg)) > 0 && !hasCases(arg)
		} else {
			is = isPactFile(arg)
		}
		if is {
			pacts = append(pacts, arg)
		} else {
			others = append(others, arg)
		}
	}
	switch {
	case len(pacts) > 0 && len(others) > 0:
		return false, fmt.Errorf("%s: no Pact file, and no folder of such, as %s is: verify Pact files, or test against one document", others[0], pacts[0])
	case len(others) > 1:
		return false, fmt.Errorf("%d arguments: give one document, one folder of cases, or Pact files", len(others))
	}
	return len(pacts) > 0, nil
}

// hasCases reports whether a folder has the cases that contract-gen wrote.
func hasCases(dir string) bool {
	cases, err := casefile.Read(dir)
	return err == nil && cases.Close() == nil
}

// pactFilesIn lists the Pact files of a folder by name, not of those in it.
func pactFilesIn(dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var out []string
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if !e.IsDir() && filepath.Ext(e.Name()) == ".json" && isPactFile(path) {
			out = append(out, path)
		}
	}
	return out
}

// pactPaths lists the Pact files that arguments mean, each once. What a folder holds
// besides is told.
func pactPaths(env cli.Env, args []string) ([]string, error) {
	var out []string
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			out = append(out, arg)
			continue
		}
		found := pactFilesIn(arg)
		if len(found) == 0 {
			return nil, fmt.Errorf("%s: there is no Pact file in it (*.json with a consumer and a provider)", arg)
		}
		if all, err := os.ReadDir(arg); err == nil && len(all) > len(found) {
			fmt.Fprintf(env.Stderr, "twinspect: %s: %d of %d entries are Pact files, the others are left out\n", cli.Visible(arg), len(found), len(all))
		}
		out = append(out, found...)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

func completePacts(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return []cobra.Completion{"json"}, cobra.ShellCompDirectiveFilterFileExt
}
