package casefile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"twinspect.dev/capture/rulefile"
	"twinspect.dev/contract"
)

// Dir is a suite in a folder. Parts are read when they are asked for. It may be
// used by many goroutines, and holds the folder open until it is closed.
type Dir struct {
	Header Header
	dir    string
	root   *os.Root
	files  map[string]string     // by operation
	own    map[string][]*located // by operation, in the order of their files
	order  []string

	mu  sync.Mutex
	ids map[string]string // where a case stands, by its ID
}

// suite is what suite.yaml says.
type suite struct {
	header  Header
	entries []entry
}

// Read reads suite.yaml and the cases that people added. The error holds every
// mistake of these files (rulefile.Errors).
func Read(dir string) (*Dir, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("read the suite: %w", err)
	}
	d := &Dir{dir: dir, root: root, files: map[string]string{}, own: map[string][]*located{}, ids: map[string]string{}}
	if err := d.open(); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return d, nil
}

func (d *Dir) open() error {
	s, err := readSuite(d.root, d.dir)
	if err != nil {
		return fmt.Errorf("read the suite: %w", err)
	}
	d.Header = s.header
	for _, e := range s.entries {
		d.files[e.operation] = e.file
		d.order = append(d.order, e.operation)
	}
	entries, err := fs.ReadDir(d.root.FS(), ".")
	if err != nil {
		return fmt.Errorf("read the suite: %w", err)
	}
	var all error
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ownEnding) || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		p, err := d.load(e.Name())
		if err != nil {
			all = errors.Join(all, err)
			continue
		}
		if d.files[p.Operation] == "" && d.own[p.Operation] == nil {
			d.order = append(d.order, p.Operation)
		}
		d.own[p.Operation] = append(d.own[p.Operation], p)
	}
	return all
}

// Close lets the folder go.
func (d *Dir) Close() error { return d.root.Close() }

// Operations returns the operations in the order of suite.yaml, then those that
// only people's own files have.
func (d *Dir) Operations() []string { return slices.Clone(d.order) }

// Part reads the cases of an operation: what was generated, then people's own,
// whose setup replaces the other. The error holds every mistake of the file
// (rulefile.Errors).
func (d *Dir) Part(operation string) (contract.Part, error) {
	file, generated := d.files[operation]
	own := d.own[operation]
	if !generated && own == nil {
		return contract.Part{}, fmt.Errorf("the suite in %s has no operation %s", d.dir, operation)
	}
	all := &located{Part: contract.Part{Operation: operation}}
	var parts []*located
	if generated {
		p, err := d.load(file)
		if err != nil {
			return contract.Part{}, err
		}
		if p.Operation != operation {
			return contract.Part{}, rulefile.Errors{newError(p.file, 1, 1, "it is about %s, and %s says about %s", p.Operation, suiteFile, operation)}
		}
		parts = append(parts, p)
	}
	parts = append(parts, own...)
	var errs rulefile.Errors
	setups := 0
	for i, p := range parts {
		all.Cases = append(all.Cases, p.Cases...)
		all.Gaps = append(all.Gaps, p.Gaps...)
		errs = append(errs, d.claim(p)...)
		if p.Setup == nil {
			continue
		}
		if all.Setup = p.Setup; i > 0 || !generated {
			setups++
		}
		if setups > 1 {
			errs = append(errs, newError(p.file, 1, 1, "another file of your own has a setup for %s", operation))
		}
	}
	if len(errs) > 0 {
		return contract.Part{}, errs
	}
	return all.Part, nil
}

// Parts reads all operations, in their order. It goes on after one with mistakes.
func (d *Dir) Parts() iter.Seq2[contract.Part, error] {
	return func(yield func(contract.Part, error) bool) {
		for _, operation := range d.order {
			if !yield(d.Part(operation)) {
				return
			}
		}
	}
}

// claim refuses IDs that another case has. A part may be read again.
func (d *Dir) claim(p *located) rulefile.Errors {
	d.mu.Lock()
	defer d.mu.Unlock()
	var errs rulefile.Errors
	for i := range p.Cases {
		id, at := p.Cases[i].ID, p.cases[i]
		place := p.file + ":" + strconv.Itoa(at.line)
		if other, ok := d.ids[id]; ok && other != place {
			errs = append(errs, newError(p.file, at.line, at.col, "the id %q is that of a case in %s, too", shorten(id), other))
			continue
		}
		d.ids[id] = place
	}
	return errs
}

// load reads a file of cases.
func (d *Dir) load(name string) (*located, error) {
	path := filepath.Join(d.dir, name)
	n, err := readNode(d.root, name, path)
	if err != nil {
		return nil, err
	}
	dec := &decoder{file: path}
	p := dec.part(n)
	return p, dec.err()
}

// readNode reads a file as a tree of nodes.
func readNode(root *os.Root, name, path string) (*node, error) {
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file", path)
	}
	data, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > MaxFile {
		return nil, rulefile.Errors{newError(path, 1, 1, "it has more than %d bytes", MaxFile)}
	}
	n, mistake := parse(path, data)
	if mistake != nil {
		return nil, rulefile.Errors{mistake}
	}
	if n == nil {
		return nil, rulefile.Errors{newError(path, 1, 1, "there is nothing in it")}
	}
	return n, nil
}
