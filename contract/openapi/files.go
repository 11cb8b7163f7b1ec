package openapi

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"sync"
)

// file is one file of a document.
type file struct {
	uri   string
	sum   string
	tree  any
	lines *outline
	// twice are the places of names that an object has twice.
	twice []Place
	// anchors are the pointers of what $anchor names in it, made when the first is
	// asked for.
	anchors  map[string]string
	anchored sync.Once
	// json is the tree as the library reads it, made where it is asked for.
	json []byte
}

// files holds the files of a document by their URIs. Once the document is loaded,
// it is not changed.
type files struct {
	loader  Loader
	byURI   map[string]*file
	failed  map[string]error
	total   int
	fetcher *fetcher
}

func newFiles(l Loader) *files {
	return &files{loader: l, byURI: make(map[string]*file), failed: make(map[string]error)}
}

// add decodes a file.
func (s *files) add(uri string, r io.Reader) (*file, error) {
	if len(s.byURI) >= maxFiles {
		return nil, fmt.Errorf("the document has more than %d files", maxFiles)
	}
	limit, tooLong := maxFile, tooLarge(maxFile+1)
	if left := maxTotal - s.total; left < limit {
		limit, tooLong = left, fmt.Errorf("the files of the document are larger than %d bytes together", maxTotal)
	}
	t := newTree()
	t.plain = s.loader.Plain
	in := newInput(r, limit, tooLong)
	v, err := t.decode(in)
	s.total += in.size
	if err != nil {
		return nil, err
	}
	f := &file{uri: uri, sum: in.sum(), tree: v, lines: t.lines}
	for _, p := range t.twice {
		f.twice = append(f.twice, Place(uri)+p)
	}
	s.byURI[uri] = f
	return f, nil
}

// own returns the tree of a file that may be changed.
func (s *files) own(f *file) map[string]any {
	if s.loader.Plain {
		f.tree = unshared(f.tree)
	}
	return f.tree.(map[string]any) // by Parse
}

// unshared copies what may be the same list or object at many places. The bounds of
// a tree hold for all of them.
func unshared(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := make(map[string]any, len(v))
		for name, item := range v {
			m[name] = unshared(item)
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = unshared(item)
		}
		return list
	}
	return v
}

// open returns a file, which is read when it is first asked for. base is the file
// that refers to it.
func (s *files) open(base, uri string) (*file, error) {
	if f, ok := s.byURI[uri]; ok {
		return f, nil
	}
	if err, ok := s.failed[uri]; ok {
		return nil, err
	}
	r, err := s.read(base, uri)
	if err == nil {
		f, wrong := s.add(uri, r)
		_ = r.Close() // it was only read
		if wrong == nil {
			return f, nil
		}
		err = fmt.Errorf("%s:%w", uri, wrong)
	}
	s.failed[uri] = err
	return nil, err
}

// read reads a file. What is read from another machine must not lead to the files
// of this one.
func (s *files) read(base, uri string) (io.ReadCloser, error) {
	u, err := url.Parse(uri)
	if err != nil {
		return nil, err
	}
	switch u.Scheme {
	case "file":
		if !strings.HasPrefix(base, "file:") {
			return nil, fmt.Errorf("the reference of %s to a file of this machine is not followed", base)
		}
		if u.Host != "" && u.Host != "localhost" {
			return nil, fmt.Errorf("the reference to %s is not followed: it is a file of another machine", uri)
		}
		f, err := openFile(filePath(u))
		if err != nil {
			return nil, fmt.Errorf("the reference leads nowhere: %w", err)
		}
		return f, nil
	case "http", "https":
		if !s.loader.AllowURLs {
			return nil, fmt.Errorf("the reference to %s is not followed: allow it with --allow-urls, or store a copy beside the document", u.Redacted())
		}
		if s.fetcher == nil {
			s.fetcher = newFetcher()
		}
		data, err := s.fetcher.fetch(u)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", u.Redacted(), err)
		}
		return io.NopCloser(bytes.NewReader(data)), nil
	}
	return nil, fmt.Errorf("the reference to %s is not followed: its scheme is not known", uri)
}

// target returns the place that a reference in the file base leads to.
func (s *files) target(base, ref string) (Place, error) {
	if strings.HasPrefix(ref, "#/") && !strings.Contains(ref, "%") { // as nearly all are
		return Place(base + ref), nil
	}
	from, err := url.Parse(base)
	if err != nil {
		return "", err
	}
	u, err := from.Parse(ref)
	if err != nil {
		return "", fmt.Errorf("the reference %q is no URI: %w", ref, errors.Unwrap(err))
	}
	fragment := u.Fragment
	u.Fragment, u.RawFragment = "", ""
	uri := u.String()
	if fragment == "" || strings.HasPrefix(fragment, "/") {
		return Place(uri + "#" + fragment), nil
	}
	f, err := s.open(base, uri)
	if err != nil {
		return "", err
	}
	pointer, ok := f.anchor(fragment)
	if !ok {
		return "", fmt.Errorf("the reference %q leads nowhere", ref)
	}
	return Place(uri + "#" + pointer), nil
}

// maxHops bounds the references that lead to references.
const maxHops = 100

// follow returns what is at a place, and where it really is: a reference there is
// followed to its end.
func (s *files) follow(p Place) (any, Place, error) {
	hops := 0
	return s.followFrom(p, p, &hops)
}

func (s *files) followFrom(base, p Place, hops *int) (any, Place, error) {
	for {
		v, at, err := s.look(base, p, hops)
		if err != nil {
			return nil, "", err
		}
		ref, ok := reference(v)
		if !ok {
			return v, at, nil
		}
		if *hops++; *hops > maxHops {
			return nil, "", fmt.Errorf("the reference %q leads to itself", ref)
		}
		uri, _ := at.Split()
		base = at
		if p, err = s.target(uri, ref); err != nil {
			return nil, "", err
		}
	}
}

// look returns what is at a place. References on the way are followed, the last
// one is not.
func (s *files) look(base, p Place, hops *int) (any, Place, error) {
	from, _ := base.Split()
	uri, pointer := p.Split()
	f, err := s.open(from, uri)
	if err != nil {
		return nil, "", err
	}
	v, at := f.tree, Place(uri+"#")
	straight := strings.HasPrefix(pointer, "/") // no reference so far: at is the beginning of p
	rest, more := strings.TrimPrefix(pointer, "/"), pointer != ""
	for more {
		var raw string
		raw, rest, more = strings.Cut(rest, "/")
		token := unescaped(raw)
		next, ok := child(v, token)
		if _, isRef := reference(v); !ok && isRef {
			if v, at, err = s.followFrom(at, at, hops); err != nil {
				return nil, "", err
			}
			next, ok = child(v, token)
			straight = false
		}
		if !ok {
			return nil, "", nowhere(from, p)
		}
		v = next
		if straight = straight && (token == raw || escaper.Replace(token) == raw); straight {
			at = p[:len(p)-len(rest)]
			if more {
				at = at[:len(at)-1] // the slash
			}
			continue
		}
		at = at.Join(token)
	}
	return v, at, nil
}

// nowhere is the error of a reference in the file from to a place that is not there.
func nowhere(from string, p Place) error {
	uri, pointer := p.Split()
	if uri == from {
		uri = ""
	}
	return fmt.Errorf("the reference to %s#%s leads nowhere", uri[strings.LastIndexByte(uri, '/')+1:], pointer)
}

// reference returns the reference that a value is.
func reference(v any) (string, bool) {
	m, ok := v.(map[string]any)
	if !ok {
		return "", false
	}
	ref, ok := m["$ref"].(string)
	return ref, ok
}
