package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/release"
)

type evidenceShowOptions struct {
	server gateServerOptions
	keys   []string
	output string
}

func newEvidenceShow(env cli.Env) *cobra.Command {
	var opt evidenceShowOptions
	cmd := &cobra.Command{
		Use:   "show ID --server URL | FILE",
		Short: "Print a document of evidence as it was filed, or what the gate reads of a file",
		Long: `Show prints the document that was filed under an id, byte for byte. Of a file it prints
what the gate makes of it: kind, outcome, samples, operations, losses, signer.

` + gateVariables,
		Example: `  twinspect evidence show sha256:5df6e0… --server https://gate.example -o evidence.json
  twinspect evidence show evidence.dsse.json --key ci.key.pub`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeJSON,
		RunE: func(cmd *cobra.Command, args []string) error {
			if isDigest(args[0]) {
				return gateAway(env, opt.filed(cmd.Context(), env, args[0]))
			}
			return opt.read(env, args[0])
		},
	}
	opt.server.register(cmd.Flags())
	registerKeys(cmd.Flags(), &opt.keys)
	cmd.Flags().StringVarP(&opt.output, "output", "o", "-", "file to write, - for standard output")
	return cmd
}

// filed gets a document from the server, which is held against its id.
func (o *evidenceShowOptions) filed(ctx context.Context, env cli.Env, id string) error {
	if len(o.keys) > 0 {
		return errors.New("--key is for files: the server verified what was filed by its own keys")
	}
	c, err := o.server.open(env)
	if err != nil {
		return err
	}
	var document bytes.Buffer
	if err := c.Document(ctx, &document, id); err != nil {
		return err
	}
	if release.Digest(document.Bytes()) != id {
		return errors.New("the gate's server answered with another document than the one of that id")
	}
	return writeOutput(env, o.output, func(w io.Writer) error {
		_, err := document.WriteTo(w)
		return err
	})
}

// read tells what the gate makes of a file.
func (o *evidenceShowOptions) read(env cli.Env, path string) error {
	ring, err := keyring(o.keys)
	if err != nil {
		return err
	}
	document, err := readFiled(path)
	if err != nil && strings.HasPrefix(path, "sha256:") {
		return fmt.Errorf("%s: an id is sha256: and 64 hexadecimal digits", path)
	}
	if err != nil {
		return err
	}
	e, err := verified(document, ring)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return writeOutput(env, o.output, func(w io.Writer) error { return cli.PrintJSON(w, e) })
}

// isDigest reports whether a text is "sha256:" and 64 hexadecimal digits.
func isDigest(text string) bool {
	hexadecimal, ok := strings.CutPrefix(text, "sha256:")
	raw, err := hex.DecodeString(hexadecimal)
	return ok && err == nil && len(raw) == sha256.Size
}
