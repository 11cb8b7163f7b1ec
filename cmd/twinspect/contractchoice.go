package main

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"twinspect.dev/capture/rulefile"
	"twinspect.dev/contract"
	"twinspect.dev/contract/casefile"
	"twinspect.dev/contract/openapi"
)

// providerChecks are those that are made of a provider's answers, in their order;
// the others are of recorded traffic.
func providerChecks() []contract.Check {
	return slices.DeleteFunc(slices.Clone(contract.Checks), func(c contract.Check) bool {
		return c == contract.Documented || c == contract.RequestKept
	})
}

func namesOfChecks() []string {
	var names []string
	for _, c := range providerChecks() {
		names = append(names, string(c))
	}
	return names
}

// chosenChecks returns the checks that are made.
func (o *contractRunOptions) chosenChecks() ([]contract.Check, error) {
	only, err := parseChecks("--checks", o.checks)
	if err != nil {
		return nil, err
	}
	without, err := parseChecks("--without", o.without)
	if err != nil {
		return nil, err
	}
	if len(only) == 0 {
		only = providerChecks()
	}
	chosen := slices.DeleteFunc(only, func(c contract.Check) bool { return slices.Contains(without, c) })
	if len(chosen) == 0 {
		return nil, fmt.Errorf("--without leaves no check to be made")
	}
	return chosen, nil
}

func parseChecks(flag string, names []string) ([]contract.Check, error) {
	var checks []contract.Check
	known := namesOfChecks()
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("%s %q: there is no such check%s; want some of %s", flag, name, rulefile.DidYouMean(name, known), strings.Join(known, ", "))
		}
		checks = append(checks, contract.Check(name))
	}
	return checks, nil
}

// noOperation says that a pattern fits no operation of a document.
func noOperation(doc *openapi.Document, pattern string) error {
	var names []string
	for _, op := range doc.Operations {
		names = append(names, op.Name)
		if op.ID != "" {
			names = append(names, op.ID)
		}
	}
	return fmt.Errorf("--operation %q: the document has no such operation%s", pattern, rulefile.DidYouMean(pattern, names))
}

func completeChecks(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return namesOfChecks(), cobra.ShellCompDirectiveNoFileComp
}

// completeDocument completes the one argument with documents, and folders.
func completeDocument(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return []cobra.Completion{"yaml", "yml", "json"}, cobra.ShellCompDirectiveFilterFileExt
}

// completeOperations completes with the operations of the document, or of the
// folder of cases, that is named before.
func (o *documentOptions) completeOperations(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	if info, err := os.Stat(args[0]); err == nil && info.IsDir() {
		dir, err := casefile.Read(args[0])
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		defer func() { _ = dir.Close() }()
		return dir.Operations(), cobra.ShellCompDirectiveNoFileComp
	}
	// What is read while a person types stays on this machine.
	doc, err := openapi.Load(args[0])
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var words []cobra.Completion
	for _, op := range doc.Operations {
		words = append(words, cobra.CompletionWithDesc(op.Name, cmp.Or(op.ID, op.Name)))
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}
