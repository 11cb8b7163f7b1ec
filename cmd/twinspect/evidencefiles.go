package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"twinspect.dev/release"
	"twinspect.dev/release/intake"
	"twinspect.dev/release/statement"
)

// evidenceFiles lists files, and the *.json of folders.
func evidenceFiles(paths []string) ([]string, error) {
	var files []string
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("read evidence: %w", err)
		}
		if !info.IsDir() {
			files = append(files, path)
			continue
		}
		found, err := jsonFiles(path)
		if err != nil {
			return nil, fmt.Errorf("read evidence: %w", err)
		}
		files = append(files, found...)
	}
	return files, nil
}

func jsonFiles(folder string) (files []string, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !e.IsDir() && filepath.Ext(e.Name()) == ".json" {
			files = append(files, filepath.Join(folder, e.Name()))
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("the folder %s holds no *.json", folder)
	}
	return files, nil
}

// readFiled reads a document that is evidence.
func readFiled(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read evidence: %w", err)
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, intake.MaxDocument+1))
	if err != nil {
		return nil, fmt.Errorf("read evidence: %w", err)
	}
	if len(data) > intake.MaxDocument {
		return nil, fmt.Errorf("read evidence: %s: %w", path, intake.ErrTooLong)
	}
	return data, nil
}

// readAllEvidence reads files and folders of evidence and verifies their signatures. A
// document that is there twice is read once.
func readAllEvidence(paths, keys []string) ([]release.Evidence, error) {
	ring, err := keyring(keys)
	if err != nil {
		return nil, err
	}
	files, err := evidenceFiles(paths)
	if err != nil {
		return nil, err
	}
	var list []release.Evidence
	seen := map[string]bool{}
	for _, file := range files {
		document, err := readFiled(file)
		if err != nil {
			return nil, err
		}
		e, err := verified(document, ring)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if !seen[e.ID] {
			seen[e.ID] = true
			list = append(list, *e)
		}
	}
	return list, nil
}

// verified reads a document of evidence, and says who signed it.
func verified(document []byte, trusted *statement.Keyring) (*release.Evidence, error) {
	e, err := intake.Read(document)
	if err != nil {
		return nil, err
	}
	e.Signer, err = intake.Signer(document, trusted)
	return e, err
}

func registerKeys(flags *pflag.FlagSet, keys *[]string) {
	flags.StringSliceVar(keys, "key", nil, "public keys (PEM) that signatures are verified with; a key's name is that of its file")
}

// keyring reads public keys, each trusted under the name of its file.
func keyring(files []string) (*statement.Keyring, error) {
	ring := new(statement.Keyring)
	for _, file := range files {
		key, err := statement.ReadPublic(file)
		if err != nil {
			return nil, fmt.Errorf("--key: %w", err)
		}
		name := filepath.Base(file)
		for _, ending := range []string{".pem", ".pub", ".key"} {
			name = strings.TrimSuffix(name, ending)
		}
		if err := ring.Add(name, key); err != nil {
			return nil, fmt.Errorf("--key %s: %w", file, err)
		}
	}
	return ring, nil
}
