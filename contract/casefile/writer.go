package casefile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"twinspect.dev/contract"
)

// Writer writes a suite, one operation at a time. Files that come to the same
// bytes are left as they are; a file that has others is replaced at once. It is
// for one goroutine.
type Writer struct {
	dir    string
	root   *os.Root
	header Header
	names  names
	former []string
	parts  []entry
	seen   map[string]bool
	emit   emitter
	err    error
}

// entry is what suite.yaml says of an operation.
type entry struct {
	operation, file string
	cases           int
	line, col       int
}

// NewWriter begins a suite in a folder, which is made where there is none. A suite
// that is there is replaced when the writer is closed; what is there beside it is
// left alone. It fails where suite.yaml is not one that this package reads, as it
// could not say which files are old.
func NewWriter(dir string, h Header) (*Writer, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the folder of the suite: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open the folder of the suite: %w", err)
	}
	w := &Writer{dir: dir, root: root, header: h, seen: map[string]bool{}, names: names{taken: map[string]bool{}}}
	former, err := readSuite(root, dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		_ = root.Close()
		return nil, fmt.Errorf("replace the suite in %s: %w", dir, err)
	default:
		for _, e := range former.entries {
			w.former = append(w.former, e.file)
		}
	}
	return w, nil
}

// Write writes the file of an operation. After an error the suite cannot be
// closed well.
func (w *Writer) Write(p *contract.Part) error {
	if w.err == nil {
		w.err = w.write(p)
	}
	return w.err
}

func (w *Writer) write(p *contract.Part) error {
	if w.seen[p.Operation] {
		return fmt.Errorf("write the cases of %s: they were written before", p.Operation)
	}
	w.seen[p.Operation] = true
	var enc encoder
	n := enc.part(p)
	if enc.err != nil {
		return fmt.Errorf("write the cases of %s: %w", p.Operation, enc.err)
	}
	file := w.names.file(p.Operation)
	w.emit.buf = append(w.emit.buf[:0], w.comment(file)...)
	w.emit.members(n, 0)
	if err := w.put(file, w.emit.buf); err != nil {
		return fmt.Errorf("write the cases of %s: %w", p.Operation, err)
	}
	w.parts = append(w.parts, entry{operation: p.Operation, file: file, cases: len(p.Cases)})
	return nil
}

// comment is the beginning of an operation's file. It has nothing of the program's
// version, or every file would change with it.
func (w *Writer) comment(file string) string {
	own := strings.TrimSuffix(file, extension) + ownEnding
	return marker + ", again by: " + w.command() + "\n" +
		"# It may be edited, until it is generated again. Cases of your own go into " + own + ",\n" +
		"# which has the same form, is read with this file, and is never written.\n"
}

func (w *Writer) command() string {
	path := oneLine(w.documentPath())
	if strings.Trim(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-:") != "" {
		path = strconv.Quote(path)
	}
	return "twinspect contract-gen provider " + path + " -o ."
}

// oneLine keeps a text from ending a comment.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if !printable(r) {
			return '?'
		}
		return r
	}, s)
}

// documentPath is the path of the document from the folder of the suite, with
// slashes; a URL stays as it is.
func (w *Writer) documentPath() string {
	path := w.header.Document.Path
	if path == "" || strings.Contains(path, "://") {
		return path
	}
	dir, err := filepath.Abs(w.dir)
	if err != nil {
		return path
	}
	if path, err = filepath.Abs(path); err != nil {
		return w.header.Document.Path
	}
	if rel, err := filepath.Rel(dir, path); err == nil {
		path = rel // else it is on another volume
	}
	return filepath.ToSlash(path)
}

// put makes a file have these bytes.
func (w *Writer) put(name string, data []byte) error {
	if len(data) > MaxFile {
		return fmt.Errorf("%s has more than %d bytes", name, MaxFile)
	}
	old, err := w.read(name)
	switch {
	case err == nil && bytes.Equal(old, data):
		return nil
	case err == nil && !bytes.HasPrefix(old, []byte(marker)):
		return fmt.Errorf("%s is there and was not generated; move it away", filepath.Join(w.dir, name))
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	temp := "." + name + ".tmp"
	if err := w.root.WriteFile(temp, data, 0o644); err != nil {
		return errors.Join(err, w.remove(temp))
	}
	if err := w.root.Rename(temp, name); err != nil {
		return errors.Join(err, w.remove(temp))
	}
	return nil
}

// read reads no more of a file than is ever written, and a byte.
func (w *Writer) read(name string) ([]byte, error) {
	f, err := w.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file", filepath.Join(w.dir, name))
	}
	return io.ReadAll(io.LimitReader(f, MaxFile+1))
}

// Close removes the files of operations that are no more, and writes suite.yaml.
// Where a Write failed it does neither.
func (w *Writer) Close() error {
	if w.root == nil {
		return w.err
	}
	if w.err == nil {
		w.err = w.finish()
	}
	err := errors.Join(w.err, w.root.Close())
	w.root = nil
	return err
}

// Discard ends a suite that is not whole: suite.yaml and the files of operations
// that were not written stay as they were.
func (w *Writer) Discard() error {
	if w.root == nil {
		return nil
	}
	err := w.root.Close()
	w.root = nil
	return err
}

func (w *Writer) finish() error {
	written := map[string]bool{}
	for _, e := range w.parts {
		written[e.file] = true
	}
	for _, file := range w.former {
		if written[file] || !ours(file) {
			continue
		}
		if old, err := w.read(file); err != nil || !bytes.HasPrefix(old, []byte(marker)) {
			continue // another's by now, or gone
		}
		if err := w.remove(file); err != nil {
			return fmt.Errorf("remove the cases of an operation that is no more: %w", err)
		}
	}
	w.emit.buf = append(w.emit.buf[:0], w.suite()...)
	if err := w.put(suiteFile, w.emit.buf); err != nil {
		return fmt.Errorf("write the list of the suite: %w", err)
	}
	return nil
}

func (w *Writer) remove(name string) error {
	err := w.root.Remove(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// suite makes the bytes of suite.yaml.
func (w *Writer) suite() []byte {
	enc := &encoder{}
	doc := enc.new.make(node{kind: object, block: true})
	enc.str(doc, "path", w.documentPath())
	enc.str(doc, "title", w.header.Document.Title)
	enc.str(doc, "version", w.header.Document.Version)
	enc.str(doc, "openapi", w.header.Document.OpenAPI)
	enc.str(doc, "sha256", w.header.Document.SHA256)
	n := enc.new.make(node{kind: object, block: true})
	n.add("format", enc.new.number(Format))
	enc.str(n, "tool", w.header.Tool)
	if len(doc.members) > 0 {
		n.add("document", doc)
	}
	n.add("seed", enc.new.plain(strconv.FormatUint(w.header.Seed, 10)))
	if len(w.parts) > 0 {
		all := enc.new.make(node{kind: list, block: true})
		for _, e := range w.parts {
			item := enc.new.make(node{kind: object, block: true})
			item.add("operation", enc.text(e.operation))
			item.add("file", enc.text(e.file))
			item.add("cases", enc.new.number(e.cases))
			all.items = append(all.items, item)
		}
		n.add("operations", all)
	}
	em := emitter{}
	em.buf = append(em.buf, marker+", again by: "+w.command()+"\n"+
		"# It lists the files of the suite. Files *"+ownEnding+" beside them are read with it.\n"...)
	em.members(n, 0)
	return em.buf
}
