package shard

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"twinspect.dev/capture/kafka"
)

// Check returns an error that says what keeps the plan from being worked on.
func (p *Plan) Check() error {
	for _, check := range []func() error{p.checkName, p.checkSource, p.checkChunks, p.checkSides, p.checkFiles} {
		if err := check(); err != nil {
			return fmt.Errorf("plan: %w", err)
		}
	}
	return nil
}

// maxRun leaves room for a chunk's part in an object's name, and is that of a
// label of Kubernetes (RFC 1123).
const maxRun = 63

func (p *Plan) checkName() error {
	if p.Schema != PlanSchema || p.Version != PlanVersion {
		return fmt.Errorf("schema %.64q version %.16q: want %s version %s", p.Schema, p.Version, PlanSchema, PlanVersion)
	}
	if !isLabel(p.Run) {
		return fmt.Errorf("run %.80q: want 1 to %d lower-case letters, digits and '-', neither first nor last a '-'", p.Run, maxRun)
	}
	return nil
}

// isLabel reports whether s is a label of RFC 1123.
func isLabel(s string) bool {
	bad := func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-') }
	return s != "" && len(s) <= maxRun && s[0] != '-' && s[len(s)-1] != '-' && strings.IndexFunc(s, bad) < 0
}

func (p *Plan) checkSource() error {
	if !kafka.IsURL(p.Source) {
		return errors.New("source: want kafka://host:9092/topic: only a topic can be divided between workers")
	}
	if p.Group == "" {
		return errors.New("group: a consumer group is needed, one of the run's own")
	}
	rest, _, _ := strings.Cut(p.Source[len("kafka://"):], "?")
	user := rest[:max(strings.LastIndexByte(rest, '@'), 0)]
	if _, password, _ := strings.Cut(user, ":"); !isReference(password) {
		return errors.New("source: a plan holds no password: leave it to the workers' KAFKA_PASSWORD")
	}
	return nil
}

// isReference reports whether s is empty or a reference to the environment.
func isReference(s string) bool {
	return s == "" || strings.HasPrefix(s, "${") && strings.HasSuffix(s, "}") && strings.Count(s, "$") == 1
}

func (p *Plan) checkChunks() error {
	ranges, err := p.Ranges()
	if err != nil {
		return err
	}
	if p.Chunk < 1 {
		return fmt.Errorf("chunk of %d offsets: want at least 1", p.Chunk)
	}
	if p.LookBack < 0 || p.LookBack > MaxLookBack {
		return fmt.Errorf("look_back of %d offsets: want 0 to %d", p.LookBack, MaxLookBack)
	}
	var offsets, chunks float64 // as they may go beyond an int64
	for _, r := range ranges {
		offsets += float64(r.To - r.From)
		chunks += float64((r.To-r.From-1)/p.Chunk + 1)
	}
	if chunks > MaxChunks {
		return fmt.Errorf("%.0f chunks of %d offsets: the limit is %d: make a chunk %.0f offsets or more",
			chunks, p.Chunk, MaxChunks, 2*offsets/MaxChunks)
	}
	return nil
}

func (p *Plan) checkSides() error {
	if len(p.Sides) == 0 {
		return errors.New("no side is asked")
	}
	seen := make(map[string]bool, len(p.Sides))
	for _, s := range p.Sides {
		if s.Name == "" || seen[s.Name] {
			return fmt.Errorf("side %.40q: want a name, each once", s.Name)
		}
		seen[s.Name] = true
		u, err := url.Parse(s.URL)
		if strings.Contains(s.URL, "${") {
			continue // known to the workers alone
		}
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return fmt.Errorf("side %s: want a URL such as http://127.0.0.1:8080", s.Name)
		}
		if _, has := u.User.Password(); has {
			return fmt.Errorf("side %s: a plan holds no password: use ${NAME} and give it to the workers' environment", s.Name)
		}
	}
	return nil
}

func (p *Plan) checkFiles() error {
	seen := make(map[string]bool, len(p.Files))
	for _, f := range p.Files {
		if f.Role == "" || seen[f.Role] {
			return fmt.Errorf("file of role %.40q: want a role, each once", f.Role)
		}
		seen[f.Role] = true
	}
	return nil
}
