package hooks

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/run"
)

const (
	// maxBroken bounds what one answer says is broken: more nobody reads of one case.
	maxBroken = 100
	// maxText bounds each text of it in bytes; they stand in a list of findings.
	maxText = 4 << 10
)

// reply is an answer of the command.
type reply struct {
	ID      *uint64                `json:"id"`
	Version int                    `json:"version"`
	Events  []string               `json:"events"`
	Skip    string                 `json:"skip"`
	Header  map[string]texts       `json:"header"`
	Values  map[contract.Place]any `json:"values"`
	Broken  []said                 `json:"broken"`
	Error   string                 `json:"error"`
	fault   error
}

// said is one thing that the command says is broken.
type said struct {
	Check   string         `json:"check"`
	Step    any            `json:"step"` // index or name
	At      contract.Place `json:"at"`
	Message string         `json:"message"`
	Cause   string         `json:"cause"`
}

// texts is a text or a list of them.
type texts []string

// UnmarshalJSON implements [json.Unmarshaler].
func (t *texts) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*t = texts{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(t))
}

// parse reads a line. An answer that has an id and cannot be understood otherwise is
// one that failed; a line without an id is an error.
func parse(line []byte) (uint64, reply, error) {
	var who struct {
		ID *uint64 `json:"id"`
	}
	if err := json.Unmarshal(line, &who); err != nil || who.ID == nil {
		return 0, reply{}, fmt.Errorf("it wrote a line that is no answer with an id (what is not for the run goes to standard error): %q", cut(string(line), 200))
	}
	var r reply
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		r = reply{ID: who.ID, fault: fmt.Errorf("its answer cannot be read: %w", err)}
	} else if _, err := d.Token(); !errors.Is(err, io.EOF) {
		r = reply{ID: who.ID, fault: errors.New("there is more than one answer in its line")}
	}
	return *who.ID, r, nil
}

// failed returns why an answer is none.
func (r *reply) failed() error {
	if r.fault == nil && r.Error != "" {
		return errors.New(cut(r.Error, maxText))
	}
	return r.fault
}

// change reads an answer to before.
func (r *reply) change() (run.Change, error) {
	c := run.Change{Skip: cut(r.Skip, maxText), Values: r.Values}
	if r.Broken != nil {
		return run.Change{}, errors.New("an answer to before has skip, or header and values")
	}
	for place := range r.Values {
		if err := checkPlace(place); err != nil {
			return run.Change{}, err
		}
	}
	for name, values := range r.Header {
		for _, v := range values {
			if !fieldName.MatchString(name) || strings.ContainsAny(v, "\r\n\x00") {
				return run.Change{}, fmt.Errorf("%q is no field of a header (RFC 9110 section 5)", cut(name, 200))
			}
			c.Header = append(c.Header, capture.Field{Name: name, Value: v})
		}
	}
	slices.SortStableFunc(c.Header, func(a, b capture.Field) int { return strings.Compare(a.Name, b.Name) })
	return c, nil
}

var (
	fieldName = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")
	checkName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,63}$`)
)

func checkPlace(p contract.Place) error {
	part, name := p.Split()
	switch part {
	case "path", "query", "header", "cookie":
		if name != "" {
			return nil
		}
	case "body":
		if name == "" || name[0] == '/' {
			return nil
		}
	case "target":
		if name == "" {
			return nil
		}
	}
	return fmt.Errorf("%q is no place of a request, such as \"path id\" or \"body /name\"", cut(string(p), 200))
}

// broken reads an answer to after.
func (r *reply) broken(cs *contract.Case) ([]contract.Broken, error) {
	if r.Skip != "" || r.Header != nil || r.Values != nil {
		return nil, errors.New("an answer to after has broken, and nothing else")
	}
	if len(r.Broken) > maxBroken {
		return nil, fmt.Errorf("it says that %d checks are broken by one case; %d are taken at most", len(r.Broken), maxBroken)
	}
	var all []contract.Broken
	for i := range r.Broken {
		b, err := r.Broken[i].broken(cs)
		if err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	return all, nil
}

func (s *said) broken(cs *contract.Case) (contract.Broken, error) {
	name := s.Check
	if name == "" {
		name = "check"
	}
	if !checkName.MatchString(name) {
		return contract.Broken{}, fmt.Errorf("%q is no name of a check: small letters, digits and hyphens", cut(name, 200))
	}
	if strings.TrimSpace(s.Message) == "" {
		return contract.Broken{}, fmt.Errorf("the check %s is broken without a message", name)
	}
	step, err := s.step(cs)
	b := contract.Broken{
		Check: contract.Check("hook:" + name), Step: step, At: contract.Place(cut(string(s.At), maxText)),
		Cause: cut(s.Cause, maxText), Message: cut(s.Message, maxText),
	}
	if b.Cause == "" {
		b.Cause = string(b.At)
	}
	return b, err
}

// step returns the index of the step that is meant.
func (s *said) step(cs *contract.Case) (int, error) {
	switch v := s.Step.(type) {
	case nil:
		return 0, nil
	case json.Number:
		if n, err := v.Int64(); err == nil && n >= 0 && n < int64(len(cs.Steps)) {
			return int(n), nil
		}
	case string:
		if i := slices.IndexFunc(cs.Steps, func(x contract.Step) bool { return x.Name == v }); i >= 0 {
			return i, nil
		}
	}
	return 0, fmt.Errorf("the case has no step %v", cut(fmt.Sprint(s.Step), 200))
}

// cut shortens a text to so many bytes, at a rune's end.
func cut(s string, n int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
