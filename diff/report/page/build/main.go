// Command build writes the bundles of the HTML report into the folder of its
// sources. Exit codes: 0 written, 2 failure.
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"twinspect.dev/diff/report/page"
)

func main() { os.Exit(run(os.Stderr, os.Args[1:])) }

func run(stderr io.Writer, args []string) int {
	if len(args) != 1 {
		fmt.Fprintln(stderr, "usage: build FOLDER: the folder of the page's sources")
		return 2
	}
	if err := write(args[0]); err != nil {
		fmt.Fprintln(stderr, err)
		return 2
	}
	return 0
}

func write(dir string) error {
	files, err := page.Bundle(dir)
	if err != nil {
		return err
	}
	for name, data := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			return err
		}
	}
	return nil
}
