// Package page bundles the scripts and styles of the HTML report. The program
// does not import it: what it makes is checked in, and a test fails when that
// is stale.
package page

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/evanw/esbuild/pkg/api"
)

// Files are the bundles, by their path inside the folder of the sources.
type Files map[string][]byte

// Bundle makes the bundles from the sources in dir. The same sources give the
// same bytes.
func Bundle(dir string) (Files, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("bundle page: %w", err)
	}
	files := Files{}
	for out, entry := range map[string]string{"bundle/page.js": "script/main.ts", "bundle/page.css": "style/main.css"} {
		result := api.Build(api.BuildOptions{
			AbsWorkingDir:     dir,
			EntryPoints:       []string{entry},
			Outfile:           out,
			Bundle:            true,
			Format:            api.FormatIIFE,
			Target:            api.ES2023,
			Charset:           api.CharsetASCII,
			LegalComments:     api.LegalCommentsNone,
			MinifyWhitespace:  true,
			MinifyIdentifiers: true,
			MinifySyntax:      true,
		})
		if len(result.Errors) > 0 {
			return nil, fmt.Errorf("bundle page: %w", messages(result.Errors))
		}
		files[out] = result.OutputFiles[0].Contents
	}
	return files, nil
}

// messages joins what esbuild found, each with its place.
func messages(list []api.Message) error {
	var errs []error
	for _, m := range list {
		if m.Location == nil {
			errs = append(errs, errors.New(m.Text))
			continue
		}
		errs = append(errs, fmt.Errorf("%s:%d:%d: %s", m.Location.File, m.Location.Line, m.Location.Column, m.Text))
	}
	return errors.Join(errs...)
}
