package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/release"
	"twinspect.dev/release/intake"
	"twinspect.dev/release/statement"
)

type evidenceSignOptions struct {
	subject subjectOptions
	origin  originOptions
	key     string
	output  string
}

func newEvidenceSign(env cli.Env) *cobra.Command {
	var opt evidenceSignOptions
	cmd := &cobra.Command{
		Use:   "sign FILE --service S --digest D --sign file:KEY -o ENVELOPE",
		Short: "Put evidence into an envelope that says what it is of, and sign it",
		Long: `Sign puts evidence into an in-toto statement that says which image it is of, what it was
compared with and where it comes from, in an envelope of DSSE, which cosign and other
tools read as well. Without --sign the envelope has no signature.

A policy may ask for evidence that is signed, and by whom.`,
		Example: `  twinspect evidence key ci.key
  twinspect evidence sign out/evidence.json --service catalog --digest sha256:9f86d0… --sign file:ci.key -o evidence.dsse.json`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeJSON,
		RunE:              func(_ *cobra.Command, args []string) error { return opt.run(env, args[0]) },
	}
	flags := cmd.Flags()
	opt.subject.register(flags)
	opt.origin.register(flags)
	flags.StringVar(&opt.key, "sign", "", "the private key (PEM): env:NAME or file:PATH")
	flags.StringVarP(&opt.output, "output", "o", "-", "file to write, - for standard output")
	return cmd
}

func (o *evidenceSignOptions) run(env cli.Env, file string) error {
	if o.subject.Service == "" || o.subject.Digest == "" {
		return errors.New("say what it is of: --service NAME and --digest sha256:…")
	}
	o.origin.fill(env)
	key, err := privateKey(env, o.key)
	if err != nil {
		return err
	}
	document, err := readFiled(file)
	if err != nil {
		return err
	}
	envelope, err := wrapped(file, document, o.subject.Subject, o.origin.Origin, key)
	if err != nil {
		return err
	}
	return writeOutput(env, o.output, func(w io.Writer) error {
		_, err := w.Write(append(envelope, '\n'))
		return err
	})
}

// privateKey reads a key that is given as env:NAME or file:PATH, nil where none is.
func privateKey(env cli.Env, given string) (*statement.PrivateKey, error) {
	if given == "" {
		return nil, nil
	}
	if path, isFile := strings.CutPrefix(given, "file:"); isFile && path != "" {
		key, warning, err := statement.ReadPrivate(path)
		if err != nil {
			return nil, fmt.Errorf("--sign: %w", err)
		}
		if warning != "" {
			fmt.Fprintln(env.Stderr, "twinspect: "+cli.Visible(warning))
		}
		return key, nil
	}
	text, err := secretValue(env, "sign", given)
	if err != nil {
		return nil, err
	}
	key, err := statement.ParsePrivate([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("--sign: %w", err)
	}
	return key, nil
}

// wrapped puts the document of a file into an envelope, signed where there is a key.
// It is read back as the gate will, so that nobody signs what the gate refuses.
func wrapped(file string, document []byte, s release.Subject, o release.Origin, key *statement.PrivateKey) ([]byte, error) {
	envelope, err := statement.Wrap(document, s, o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if key != nil {
		if err := statement.Sign(envelope, key); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	out, err := envelope.JSON()
	if err == nil {
		_, err = intake.Read(out)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return out, nil
}
