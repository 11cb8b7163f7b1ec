package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"twinspect.dev/capture/rulefile"
)

// appendEntries adds entries, each the lines of a mapping, to the end of a list
// of a YAML file and leaves all else as it is, the comments too. It is an error
// where the list is not written as a block, an entry a dash. The caller reads the
// result again before it trusts it.
func appendEntries(data []byte, list string, entries []string) ([]byte, error) {
	newline := "\n"
	if bytes.Contains(data, []byte("\r\n")) {
		newline = "\r\n"
	}
	lines := strings.SplitAfter(string(data), "\n")
	if last := len(lines) - 1; lines[last] == "" {
		lines = lines[:last]
	} else {
		lines[last] += newline
	}
	at, indent, err := endOfList(lines, data, list)
	if err != nil {
		return nil, err
	}
	var added []string
	if at < 0 {
		at, added = len(lines), []string{list + ":" + newline}
	}
	for _, e := range entries {
		added = append(added, strings.ReplaceAll(entryOf(e, indent), "\n", newline))
	}
	return []byte(strings.Join(slices.Insert(lines, at, added...), "")), nil
}

// entryOf indents a mapping as an entry of a list.
func entryOf(mapping string, indent int) string {
	var b strings.Builder
	mark := "- "
	for line := range strings.Lines(mapping) {
		b.WriteString(strings.Repeat(" ", indent) + mark + line)
		mark = "  "
	}
	return b.String()
}

// endOfList returns the line before which an entry is added, negative where there
// is no such list, and how far the entries are indented. A list that is written
// as empty loses its brackets.
func endOfList(lines []string, data []byte, list string) (at, indent int, err error) {
	var reader rulefile.Reader
	root, ok := reader.Tree(data).(ast.MapNode)
	if err := reader.Err(); err != nil {
		return 0, 0, err
	}
	if flow, isFlow := root.(*ast.MappingNode); !ok || isFlow && flow.IsFlowStyle {
		return 0, 0, fmt.Errorf("the file is not written as a block, a key a line: add the entries by hand")
	}
	var value ast.Node
	key, next := 0, len(lines)
	for it := root.MapRange(); it.Next(); {
		switch line := it.Key().GetToken().Position.Line; {
		case it.Key().GetToken().Value == list:
			key, value = line, it.Value()
		case key > 0:
			next = min(next, line-1)
		}
	}
	if key == 0 {
		return -1, 2, nil
	}
	for next < len(lines) && next > key && isRemark(lines[next-1]) {
		next-- // what stands right before a key belongs to it
	}
	entries, isList := value.(*ast.SequenceNode)
	switch {
	case isList && !entries.IsFlowStyle && len(entries.Values) > 0:
		return next, entries.Start.Position.Column - 1, nil
	case clearEmpty(lines, key-1, list):
		return next, 2, nil
	}
	return 0, 0, fmt.Errorf("%s is not written as a block, an entry a dash: add the entries by hand", list)
}

func isRemark(line string) bool {
	line = strings.TrimSpace(line)
	return line == "" || line[0] == '#'
}

// clearEmpty takes the empty value from the line of a key.
func clearEmpty(lines []string, at int, list string) bool {
	before, rest, found := strings.Cut(lines[at], list+":")
	value := strings.TrimSpace(rest)
	comment := ""
	if i := strings.Index(value, "#"); i >= 0 {
		value, comment = strings.TrimSpace(value[:i]), " "+value[i:]
	}
	if !found || !slices.Contains([]string{"", "[]", "null", "~"}, value) {
		return false
	}
	ending := rest[len(strings.TrimRight(rest, "\r\n")):]
	lines[at] = before + list + ":" + comment + ending
	return true
}

// replaceFile writes a file that is there before as a whole or not at all. One
// that is new can be read by all: it is reviewed.
func replaceFile(name string, data []byte) (err error) {
	mode := os.FileMode(0o644)
	if target, err := filepath.EvalSymlinks(name); err == nil {
		name = target
	}
	if info, err := os.Stat(name); err == nil {
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(mode)
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
