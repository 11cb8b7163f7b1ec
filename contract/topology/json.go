package topology

import (
	_ "embed"
	"fmt"
	"io"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// SchemaName names the form that [JSON] writes, and SchemaVersion its version. A
// reader must refuse a greater major number.
const (
	SchemaName    = "twinspect.dev/topology"
	SchemaVersion = "1.0"
)

//go:embed topology-1.schema.json
var schema string

// Schema returns the JSON Schema (draft 2020-12) of what [JSON] writes.
func Schema() string { return schema }

type jsonTally struct {
	Calls   uint64       `json:"calls"`
	Errors  uint64       `json:"errors"`
	Rate    *float64     `json:"rate_per_second,omitzero"`
	Latency *jsonLatency `json:"latency_ms,omitzero"`
}

type jsonLatency struct {
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

type jsonOperation struct {
	Name string `json:"name"`
	jsonTally
	Outcomes map[string]uint64 `json:"outcomes"`
}

type jsonService struct {
	Name  string `json:"name"`
	Role  Role   `json:"role"`
	Spans uint64 `json:"spans"`
	jsonTally
	Operations []jsonOperation `json:"operations"`
}

type jsonLink struct {
	For       string `json:"for"`
	Operation string `json:"operation"`
	jsonTally
	Outcomes map[string]uint64 `json:"outcomes"`
	Requests uint64            `json:"requests"`
	Most     uint64            `json:"most_per_request"`
}

type jsonEdge struct {
	Caller   string `json:"caller"`
	Provider string `json:"provider"`
	jsonTally
	Links []jsonLink `json:"links"`
}

type jsonRoot struct {
	Service   string `json:"service"`
	Operation string `json:"operation"`
	Begin     Begin  `json:"begin"`
	jsonTally
}

type jsonGraph struct {
	Schema   string        `json:"schema"`
	Version  string        `json:"version"`
	Title    string        `json:"title,omitzero"`
	From     *time.Time    `json:"from,omitzero"`
	To       *time.Time    `json:"to,omitzero"`
	Traces   uint64        `json:"traces"`
	Whole    uint64        `json:"whole_traces"`
	Spans    uint64        `json:"spans"`
	Services []jsonService `json:"services"`
	Edges    []jsonEdge    `json:"edges"`
	Roots    []jsonRoot    `json:"roots"`
	Left     struct {
		Services   uint64 `json:"services"`
		Operations uint64 `json:"operations"`
		Edges      uint64 `json:"edges"`
		Links      uint64 `json:"links"`
		Roots      uint64 `json:"roots"`
	} `json:"left_out_calls"`
}

// JSON writes g as one document, see [Schema]. Its errors are w's.
func JSON(w io.Writer, g *Graph, o Options) error {
	doc := jsonGraph{Schema: SchemaName, Version: SchemaVersion, Title: o.Title, Traces: g.Traces, Whole: g.Whole, Spans: g.Spans}
	if !g.From.IsZero() {
		doc.From, doc.To = &g.From, &g.To
	}
	for i := range g.Services {
		s := &g.Services[i]
		out := jsonService{Name: s.Name, Role: s.Role, Spans: s.Spans, jsonTally: g.jsonTally(&s.Tally)}
		for j := range s.Operations {
			op := &s.Operations[j]
			out.Operations = append(out.Operations, jsonOperation{op.Name, g.jsonTally(&op.Tally), op.Outcomes})
		}
		doc.Services = append(doc.Services, out)
	}
	for i := range g.Edges {
		doc.Edges = append(doc.Edges, g.jsonEdge(&g.Edges[i]))
	}
	for i := range g.Roots {
		r := &g.Roots[i]
		doc.Roots = append(doc.Roots, jsonRoot{r.Service, r.Operation, r.Begin, g.jsonTally(&r.Tally)})
	}
	doc.Left.Services, doc.Left.Operations, doc.Left.Roots = g.Left.Services, g.Left.Operations, g.Left.Roots
	doc.Left.Edges, doc.Left.Links = g.Left.Edges, g.Left.Links
	err := json.MarshalWrite(w, &doc, jsontext.WithIndent("  "), json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	if err == nil {
		_, err = io.WriteString(w, "\n")
	}
	if err != nil {
		return fmt.Errorf("write topology: %w", err)
	}
	return nil
}

func (g *Graph) jsonEdge(e *Edge) jsonEdge {
	out := jsonEdge{Caller: e.Caller, Provider: e.Provider, jsonTally: g.jsonTally(&e.Tally)}
	for i := range e.Links {
		l := &e.Links[i]
		out.Links = append(out.Links, jsonLink{l.For, l.Operation, g.jsonTally(&l.Tally), l.Outcomes, l.Requests, l.Most})
	}
	return out
}

// jsonTally leaves out what is not known: rates without a time, latencies without
// a call.
func (g *Graph) jsonTally(t *Tally) jsonTally {
	out := jsonTally{Calls: t.Calls, Errors: t.Errors}
	if g.Seconds() > 0 {
		rate := g.Rate(t.Calls)
		out.Rate = &rate
	}
	if t.Calls > 0 {
		out.Latency = &jsonLatency{millis(t.Latency.P50), millis(t.Latency.P95), millis(t.Latency.P99), millis(t.Latency.Max)}
	}
	return out
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
