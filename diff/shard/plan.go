package shard

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"twinspect.dev/capture/kafka"
)

// PlanSchema and PlanVersion name the form of a [Plan] as JSON. A reader refuses
// every other version: a worker that misses a part of a plan judges by another
// one.
const (
	PlanSchema  = "twinspect.dev/plan"
	PlanVersion = "1.0"
)

const (
	// DefaultChunk is how many offsets a chunk has: ten seconds at 500 exchanges
	// a second, which is what the death of a worker costs, against a pause of
	// the slowest answer at the end of each chunk.
	DefaultChunk = 5000
	// DefaultLookBack covers what an agent sends again after a lost answer: its
	// batches have at most 4,096 records, of which some may be on their way.
	DefaultLookBack = 1 << 16
	// MaxLookBack is 58 MiB of identities for a partition that is worked on.
	MaxLookBack = 1 << 20
	// MaxChunks is how many partials the counts of a judge have room for.
	MaxChunks = 1 << 14
	// maxPlan bounds the document: some documents of an interface with several
	// MiB each.
	maxPlan = 32 << 20
)

// Plan is what all workers of a run have in common. It is written once, when the
// run starts, and holds no secrets: references such as ${TOKEN} stay as they
// are, for each worker to fill in from its own environment.
type Plan struct {
	Schema  string `json:"schema"`  // [PlanSchema]
	Version string `json:"version"` // [PlanVersion]
	// Run names the run, and the folder of its objects in the store.
	Run     string    `json:"run"`
	Created time.Time `json:"created"`
	// Source is the address of the topic, without a window and a group.
	Source string `json:"source"`
	// Group is the consumer group of the run, which nothing else uses.
	Group string `json:"group"`
	// Window is which offsets are run, in the form of [kafka.ParseWindow].
	Window string `json:"window"`
	// Chunk is how many offsets make a chunk.
	Chunk int64 `json:"chunk"`
	// LookBack is before how many offsets at least an exchange is still known
	// when it comes again in its partition; whole chunks are looked back to.
	LookBack int64  `json:"look_back"`
	Sides    []Side `json:"sides"`
	// Pace is when exchanges are sent.
	Pace string `json:"pace,omitempty"`
	// Settings are the other options, of whoever makes the runners and judges.
	Settings json.RawMessage `json:"settings,omitempty"`
	// Files are the texts that every worker needs.
	Files []File `json:"files,omitempty"`
}

// Side is one version that is asked.
type Side struct {
	Name string `json:"name"`
	URL  string `json:"url"`
	// Lane is the lane of the mesh that is asked for, if any.
	Lane string `json:"lane,omitempty"`
}

// File is a text by content, such as the rules, and what it is for.
type File struct {
	Role string `json:"role"`
	// Name is what messages call the file.
	Name string `json:"name"`
	Text string `json:"text"`
}

// File returns the file with the role, or nil.
func (p *Plan) File(role string) *File {
	for i := range p.Files {
		if p.Files[i].Role == role {
			return &p.Files[i]
		}
	}
	return nil
}

// Encode writes the plan as JSON, having filled in what has a default. A plan
// that [Plan.Check] refuses is not written.
func (p *Plan) Encode(w io.Writer) error {
	p.fill()
	if err := p.Check(); err != nil {
		return err
	}
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return fmt.Errorf("plan: %w", err)
	}
	if len(text) > maxPlan {
		return fmt.Errorf("plan: %d bytes: the limit is %d", len(text), maxPlan)
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

func (p *Plan) fill() {
	p.Schema, p.Version = PlanSchema, PlanVersion
	if p.Chunk == 0 {
		p.Chunk = DefaultChunk
	}
	if p.LookBack == 0 {
		p.LookBack = DefaultLookBack
	}
}

// DecodePlan reads a plan and checks it.
func DecodePlan(r io.Reader) (*Plan, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxPlan+1))
	if err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	if len(text) > maxPlan {
		return nil, fmt.Errorf("plan: more than %d bytes", maxPlan)
	}
	var named struct{ Schema, Version string }
	if err := json.Unmarshal(text, &named); err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	if named.Schema != PlanSchema || named.Version != PlanVersion {
		return nil, fmt.Errorf("plan: %.64q version %.16q: this program reads %s version %s",
			named.Schema, named.Version, PlanSchema, PlanVersion)
	}
	var p Plan
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	return &p, p.Check()
}

// Fingerprint is the same for plans with the same content, whatever their
// layout. Objects carry it, so that those of another plan are told apart.
func (p *Plan) Fingerprint() (string, error) {
	text, err := json.Marshal(p) // compacts the settings too
	if err != nil {
		return "", fmt.Errorf("plan: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// Ranges returns the parts of the window that hold offsets, by partition.
func (p *Plan) Ranges() ([]kafka.Range, error) {
	w, err := kafka.ParseWindow(p.Window)
	if err != nil {
		return nil, fmt.Errorf("plan: window: %w", err)
	}
	var filled []kafka.Range
	for _, r := range w.Ranges() {
		if r.From < r.To {
			filled = append(filled, r)
		}
	}
	return filled, nil
}
