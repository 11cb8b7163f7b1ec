package shard

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
)

// JobSpec says what a Job of workers is made of.
type JobSpec struct {
	// Name is that of the Job and of the plan's ConfigMap: a label of RFC 1123,
	// of at most 52 characters, as the pods' names add their index and more.
	Name      string
	Namespace string // the one of who applies it where it is empty
	Image     string
	// Workers is how many pods work at the same time.
	Workers int
	// Plan is the document that the workers are given.
	Plan *Plan
	// Store is the address of the store that all pods reach.
	Store string
	// Args are added to those that the workers are given anyway.
	Args []string
	// Secrets and Env are the workers' environment: by name of the variable.
	Secrets map[string]SecretKey
	Env     map[string]string
	// ServiceAccount is the pods', the namespace's default where it is empty.
	// Its token is not mounted unless it is given.
	ServiceAccount string
	// CPU and Memory are asked for and, of memory, allowed: quantities such as
	// 500m and 512Mi, which are the defaults.
	CPU, Memory string
	// Volume is mounted at its path for a store in a folder; it may be nil.
	Volume *Volume
	// Retries is how often the pod of an index may fail before the index does; 6
	// where it is 0. A pod that is evicted does not count.
	Retries int
	// Deadline is for how long the Job may run; 0 is without end.
	Deadline time.Duration
	// Keep is for how long a Job that has ended stays; an hour where it is 0.
	Keep time.Duration
}

// SecretKey is a key of a Secret.
type SecretKey struct{ Secret, Key string }

// Volume is a claim whose folder several pods share (ReadWriteMany).
type Volume struct{ Claim, Path string }

const (
	maxJobName = 52
	// maxConfigMap is the API server's limit of the data of a ConfigMap, less
	// what its other fields take.
	maxConfigMap = 1<<20 - 4096
	// maxWorkers is the limit of parallelism of a Job with indices.
	maxWorkers     = 100_000
	defaultRetries = 6
	planFile       = "plan.json"
	planFolder     = "/etc/twinspect"
	containerName  = "worker"
	// podName is the variable in which a worker finds its own name.
	podName = "POD_NAME"
)

// JobManifest returns a ConfigMap with the plan and a Job of indexed workers, as
// two YAML documents. The same spec gives the same text. A secret is only referred
// to.
//
// A worker that exits with 2, a usage error or a failure of the run itself, fails
// the Job, as it would fail anywhere. One that was interrupted (130) or whose pod
// was evicted, preempted or drained begins again without counting. Every other
// end, death by lack of memory (137) among them, counts for its index.
func JobManifest(spec JobSpec) ([]byte, error) {
	if err := spec.check(); err != nil {
		return nil, fmt.Errorf("job: %w", err)
	}
	var plan bytes.Buffer
	if err := spec.Plan.Encode(&plan); err != nil {
		return nil, fmt.Errorf("job: %w", err)
	}
	text := visible(plan.String())
	if len(text) > maxConfigMap {
		return nil, fmt.Errorf("job: the plan has %d bytes, and a ConfigMap holds %d: "+
			"shorten its files, or give the workers the plan on a volume", len(text), maxConfigMap)
	}
	var b bytes.Buffer
	for _, doc := range []any{spec.configMap(text), spec.job()} {
		written, err := yaml.MarshalWithOptions(doc, yaml.UseLiteralStyleIfMultiline(true), yaml.IndentSequence(true))
		if err != nil {
			return nil, fmt.Errorf("job: %w", err)
		}
		b.WriteString("---\n")
		b.Write(written)
	}
	return b.Bytes(), nil
}

func (s *JobSpec) check() error {
	switch {
	case s.Plan == nil:
		return errors.New("no plan")
	case !isLabel(s.Name) || len(s.Name) > maxJobName:
		return fmt.Errorf("name %.80q: want at most %d lower-case letters, digits and '-'", s.Name, maxJobName)
	case s.Namespace != "" && !isLabel(s.Namespace):
		return fmt.Errorf("namespace %.80q: want lower-case letters, digits and '-'", s.Namespace)
	case s.Image == "" || strings.ContainsAny(s.Image, " \t\r\n"):
		return fmt.Errorf("image %.80q: want the name of an image", s.Image)
	case s.Workers < 1 || s.Workers > maxWorkers:
		return fmt.Errorf("%d workers: want 1 to %d", s.Workers, maxWorkers)
	case s.Store == "":
		return errors.New("no store: workers need one that all of them reach")
	case s.Retries < 0 || s.Deadline < 0 || s.Keep < 0:
		return errors.New("retries and times must not be negative")
	case s.Volume != nil && (s.Volume.Claim == "" || !strings.HasPrefix(s.Volume.Path, "/")):
		return errors.New("volume: want a claim and an absolute path")
	}
	return s.checkEnv()
}

func (s *JobSpec) checkEnv() error {
	for name := range s.Env {
		if _, twice := s.Secrets[name]; twice || name == podName || !isVariable(name) {
			return fmt.Errorf("variable %.80q: want letters, digits and '_', each once", name)
		}
	}
	for name, from := range s.Secrets {
		if name == podName || !isVariable(name) || from.Secret == "" || from.Key == "" {
			return fmt.Errorf("variable %.80q: want letters, digits and '_', a secret and its key", name)
		}
	}
	return s.checkTexts()
}

// checkTexts refuses what no YAML holds as it is (YAML 1.2.2, section 5.1), and
// what is invisible to who reviews the manifest.
func (s *JobSpec) checkTexts() error {
	texts := slices.Concat(s.Args, []string{s.Image, s.Store, s.ServiceAccount, s.CPU, s.Memory}, slices.Collect(maps.Values(s.Env)))
	for _, from := range s.Secrets {
		texts = append(texts, from.Secret, from.Key)
	}
	if s.Volume != nil {
		texts = append(texts, s.Volume.Claim, s.Volume.Path)
	}
	for _, text := range texts {
		if !utf8.ValidString(text) || strings.IndexFunc(text, hidden) >= 0 {
			return fmt.Errorf("%.80q: a manifest holds printable text alone", text)
		}
	}
	return nil
}

func hidden(r rune) bool { return !unicode.IsPrint(r) }

// visible writes the characters of a JSON text that are hidden, which stand in
// strings alone, by their numbers (RFC 8259, section 7).
func visible(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\n' || !hidden(r):
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// isVariable reports whether s is a name of an environment variable (POSIX.1,
// chapter 8.1).
func isVariable(s string) bool {
	bad := func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_')
	}
	return s != "" && strings.IndexFunc(s, bad) < 0 && (s[0] < '0' || s[0] > '9')
}
