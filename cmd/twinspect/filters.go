package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"twinspect.dev/capture"
	"twinspect.dev/capture/rulefile"
)

// filters chooses exchanges by what the user asked for.
type filters struct {
	methods      []string
	path         string
	statuses     []string
	since, until string
}

func (f *filters) register(flags *pflag.FlagSet) {
	flags.StringSliceVar(&f.methods, "method", nil, "only these methods (GET,POST)")
	flags.StringVar(&f.path, "path", "", "only targets whose path matches this; * stands for anything (/cart/*)")
	flags.StringSliceVar(&f.statuses, "status", nil, "only these statuses: 404, 5xx, 400-499, or 0 for no answer")
	flags.StringVar(&f.since, "since", "", "only requests that began at or after this time (RFC 3339)")
	flags.StringVar(&f.until, "until", "", "only requests that began before this time (RFC 3339)")
}

// keep returns the predicate for [capture.NewFilter], nil where nothing is
// filtered.
func (f *filters) keep() (func(*capture.Exchange) capture.Reason, error) {
	var checks []func(*capture.Exchange) capture.Reason
	if len(f.methods) > 0 {
		checks = append(checks, f.byMethod)
	}
	if f.path != "" {
		checks = append(checks, f.byPath)
	}
	if len(f.statuses) > 0 {
		ranges, err := parseStatuses(f.statuses)
		if err != nil {
			return nil, err
		}
		checks = append(checks, ranges.keep)
	}
	byTime, err := f.byTime()
	if err != nil {
		return nil, err
	}
	if byTime != nil {
		checks = append(checks, byTime)
	}
	if checks == nil {
		return nil, nil
	}
	return func(e *capture.Exchange) capture.Reason {
		for _, check := range checks {
			if reason := check(e); reason != "" {
				return reason
			}
		}
		return ""
	}, nil
}

func (f *filters) byMethod(e *capture.Exchange) capture.Reason {
	for _, m := range f.methods {
		if m == e.Request.Method {
			return ""
		}
	}
	return "method"
}

func (f *filters) byPath(e *capture.Exchange) capture.Reason {
	path, _, _ := strings.Cut(e.Request.Target, "?")
	if rulefile.Glob(f.path, path) {
		return ""
	}
	return "path"
}

func (f *filters) byTime() (func(*capture.Exchange) capture.Reason, error) {
	since, err := parseTime("since", f.since)
	if err != nil {
		return nil, err
	}
	until, err := parseTime("until", f.until)
	if err != nil {
		return nil, err
	}
	if since.IsZero() && until.IsZero() {
		return nil, nil
	}
	return func(e *capture.Exchange) capture.Reason {
		start := e.Request.Start
		if start.IsZero() {
			start = e.Response.Start
		}
		if start.Before(since) || (!until.IsZero() && !start.Before(until)) {
			return "time"
		}
		return ""
	}, nil
}

func parseTime(flag, s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("--%s %q: want a time such as 2026-01-31T12:00:00Z", flag, s)
	}
	return t, nil
}

type statusRange struct{ from, to int }

type statusRanges []statusRange

func (r statusRanges) keep(e *capture.Exchange) capture.Reason {
	for _, s := range r {
		if s.from <= e.Response.Status && e.Response.Status <= s.to {
			return ""
		}
	}
	return "status"
}

func parseStatuses(list []string) (statusRanges, error) {
	var ranges statusRanges
	for _, s := range list {
		r, ok := parseStatus(s)
		if !ok {
			return nil, fmt.Errorf("--status %q: want a status such as 404, a class such as 5xx, or a range such as 400-499", s)
		}
		ranges = append(ranges, r)
	}
	return ranges, nil
}

func parseStatus(s string) (statusRange, bool) {
	if class, ok := strings.CutSuffix(strings.ToLower(s), "xx"); ok {
		n, err := strconv.Atoi(class)
		return statusRange{n * 100, n*100 + 99}, err == nil && 1 <= n && n <= 5
	}
	from, to, isRange := strings.Cut(s, "-")
	if !isRange {
		to = from
	}
	low, errLow := strconv.Atoi(from)
	high, errHigh := strconv.Atoi(to)
	return statusRange{low, high}, errLow == nil && errHigh == nil && 0 <= low && low <= high && high <= 999
}
