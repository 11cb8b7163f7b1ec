package main

import (
	"context"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/capture/reflection"
	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/cmd/internal/recording"
	"twinspect.dev/diff/calls"
	"twinspect.dev/release/mesh"
	"twinspect.dev/replay"
	"twinspect.dev/replay/correlate"
)

// survey is what is known of a recording before any of it is sent. What cannot be
// read twice is not known: its operations are named by their shape, and its links
// are those that the rules name.
type survey struct {
	file       string
	namer      recording.Namer
	production replay.Production
	// origin is the earliest time of a request.
	origin time.Time
	links  *correlate.Rules // learned; nil where nothing was
	// calls joins answers to traces; nil where no traces are known.
	calls *calls.Joiner
	// described is what the recording shows of the messages of gRPC.
	described reflection.Learner
	// asked is one request of each operation, for the check of routes.
	asked []mesh.Request
}

// maxAsked bounds the requests whose routes are checked: more operations come from
// names that callers make up.
const maxAsked = 2000

// surveyOf reads the recording through, where that can be done twice.
func surveyOf(ctx context.Context, env cli.Env, file, openapi string) (*survey, error) {
	namer, err := recording.NewNamer(ctx, env, file, openapi)
	if err != nil {
		return nil, err
	}
	return surveyBy(ctx, env, file, namer)
}

// surveyBy is [surveyOf] where it is known how operations are named.
func surveyBy(ctx context.Context, env cli.Env, file string, namer recording.Namer) (*survey, error) {
	s := &survey{file: file, namer: namer}
	if !recording.ReadableAgain(file) {
		return s, nil
	}
	named, learner := make(map[string]bool), correlate.NewLearner(namer)
	err := recording.Scan(ctx, env, file, "learning sessions", func(e *capture.Exchange) {
		s.production.Observe(e)
		if start := e.Request.Start; !start.IsZero() && (s.origin.IsZero() || start.Before(s.origin)) {
			s.origin = start
		}
		learner.Observe(e)
		s.described.Observe(e)
		name := namer.Name(e.Request.Method, e.Request.Target)
		if !named[name] && len(named) < maxAsked && e.Request.Incomplete == "" {
			named[name] = true
			s.asked = append(s.asked, meshRequest(e))
		}
	})
	s.links = learner.Rules()
	return s, err
}

// correlator returns what links the values of one worker's run, by the rules of a
// file and by those that were learned.
func (s *survey) correlator(file string, text []byte) (*correlate.Correlator, error) {
	written, err := correlate.Parse(text, file)
	if err != nil {
		return nil, err
	}
	rules := written.With(s.links)
	if len(rules.List) == 0 && !rules.Cookies {
		return nil, nil
	}
	return correlate.New(rules, s.namer, correlate.Limits{}), nil
}
