package main

import (
	"math"
	"reflect"
	"runtime/debug"

	"twinspect.dev/capture/redact"
	"twinspect.dev/capture/sample"
)

// files are those whose change is a change of the configuration.
func (a *agent) files() []string {
	var out []string
	for _, f := range []string{a.from.file, a.live.Load().Redact.Rules} {
		if f != "" {
			out = append(out, f)
		}
	}
	return out
}

// reload takes over what changed. A configuration that is wrong changes
// nothing.
func (a *agent) reload() {
	c, err := a.from.load()
	if err == nil {
		err = a.apply(c)
	}
	if err != nil {
		a.refused.Add(1)
		a.log.Error("the new configuration is refused; the old one stays", "error", err)
		return
	}
	a.reloads.Add(1)
	a.log.Info("configuration taken")
}

// apply makes the live settings of c those of the agent.
func (a *agent) apply(c config) error {
	if a.redactor != nil {
		r, err := newRedactor(c.Redact, a.key)
		if err != nil {
			return err
		}
		a.redactor.SetRedactor(r)
	}
	if err := a.level.set(c.Log.Level); err != nil {
		return err
	}
	a.sampler.SetConfig(c.Sample.sampling())
	a.governor.SetLimits(c.Limits.limits())
	c.Limits.tellRuntime()
	if !reflect.DeepEqual(fixed(c), fixed(a.cfg)) {
		a.log.Warn("settings changed that take effect at the next start only; those marked live took effect")
	}
	a.live.Store(&c)
	return nil
}

// fixed is what of c takes effect at the start only.
func fixed(c config) config {
	c.Sample, c.Limits, c.Log.Level, c.Redact.Rules = sampleConfig{}, limitsConfig{}, "", ""
	return c
}

func (s sampleConfig) sampling() sample.Config {
	return sample.Config{Rate: s.Rate, Quota: s.Quota, Window: s.Window, Salt: s.Salt}
}

func (l limitsConfig) limits() sample.Limits {
	return sample.Limits{CPU: l.CPU, Memory: int64(l.Memory), BytesPerSecond: int64(l.Bytes)}
}

// tellRuntime has garbage collected before the limit is reached, so that the
// memory follows the load down: at four fifths of it, which leaves room for what
// the runtime does not count.
func (l limitsConfig) tellRuntime() {
	limit := int64(math.MaxInt64)
	if l.Memory > 0 {
		limit = int64(l.Memory) / 5 * 4
	}
	debug.SetMemoryLimit(limit)
}

func newRedactor(c redactConfig, key []byte) (*redact.Redactor, error) {
	rules, err := redact.RulesFromFile(c.Rules)
	if err != nil {
		return nil, err
	}
	return redact.New(rules, key)
}
