package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/spf13/pflag"
)

// config is everything that an agent can be told. What is marked live takes
// effect when the file changes; the rest when the agent starts.
type config struct {
	Agent   string            `yaml:"agent"`
	Service string            `yaml:"service"`
	Labels  map[string]string `yaml:"labels"`

	Capture  captureConfig `yaml:"capture"`
	Sample   sampleConfig  `yaml:"sample"` // live
	Redact   redactConfig  `yaml:"redact"` // live
	Limits   limitsConfig  `yaml:"limits"` // live
	Kafka    string        `yaml:"kafka"`
	Spool    spoolConfig   `yaml:"spool"`
	Listen   string        `yaml:"listen"`
	Shutdown time.Duration `yaml:"shutdown"`
	Log      logConfig     `yaml:"log"` // live: level
}

type captureConfig struct {
	Interface string   `yaml:"interface"`
	Ports     []uint   `yaml:"ports"`
	Hosts     []string `yaml:"hosts"`
	Filter    string   `yaml:"filter"`
	PID       int      `yaml:"pid"`
	Container string   `yaml:"container"`
	Cores     int      `yaml:"cores"`
	Ring      size     `yaml:"ring"`
	BodyLimit size     `yaml:"body-limit"`
	Memory    size     `yaml:"memory"`
}

type sampleConfig struct {
	Rate   float64       `yaml:"rate"`
	Quota  int           `yaml:"quota"`
	Window time.Duration `yaml:"window"`
	Salt   string        `yaml:"salt"`
}

type redactConfig struct {
	Rules string `yaml:"rules"`
	Key   string `yaml:"key"`
	Off   bool   `yaml:"off"`
}

type limitsConfig struct {
	CPU    float64 `yaml:"cpu"`
	Memory size    `yaml:"memory"`
	Bytes  size    `yaml:"bytes-per-second"`
}

type spoolConfig struct {
	Dir   string `yaml:"dir"`
	Size  size   `yaml:"size"`
	Free  size   `yaml:"free"`
	Queue size   `yaml:"queue"`
}

type logConfig struct {
	Level  string `yaml:"level"`
	Format string `yaml:"format"`
}

func defaults() config {
	host, _ := os.Hostname() // without a name the agent must be given one
	return config{
		Agent: host,
		Capture: captureConfig{
			Interface: "any", Cores: 1, Ring: 16 << 20, BodyLimit: 1 << 20, Memory: 128 << 20,
		},
		Sample:   sampleConfig{Rate: 1, Quota: 10, Window: time.Minute},
		Limits:   limitsConfig{CPU: 0.5, Memory: 256 << 20},
		Spool:    spoolConfig{Size: 1 << 30, Free: 256 << 20, Queue: 32 << 20},
		Listen:   ":9464",
		Shutdown: 20 * time.Second,
		Log:      logConfig{Level: "info", Format: "json"},
	}
}

// bind makes a flag of each setting of c.
func (c *config) bind(f *pflag.FlagSet) {
	f.StringVar(&c.Agent, "agent", c.Agent, "name of this recorder, part of each exchange's identity")
	f.StringVar(&c.Service, "service", c.Service, "name of the recorded service")
	f.StringToStringVar(&c.Labels, "label", c.Labels, "labels of every exchange: cluster, namespace, pod, version, lane")
	c.Capture.bind(f)
	f.Float64Var(&c.Sample.Rate, "sample", c.Sample.Rate, "share of sessions to record, 0 to 1 (live)")
	f.IntVar(&c.Sample.Quota, "sample-quota", c.Sample.Quota, "exchanges of each operation and window to record in any case (live)")
	f.DurationVar(&c.Sample.Window, "sample-window", c.Sample.Window, "the window of the quota")
	f.StringVar(&c.Sample.Salt, "sample-salt", c.Sample.Salt, "agents with one salt choose the same sessions")
	f.StringVar(&c.Redact.Rules, "redact", c.Redact.Rules, "file of redaction rules (default: the rules that are built in) (live)")
	f.StringVar(&c.Redact.Key, "redact-key", c.Redact.Key, "file with the key of the pseudonyms (default: a new key each start)")
	f.BoolVar(&c.Redact.Off, "redact-off", c.Redact.Off, "let secrets leave the pod")
	f.Float64Var(&c.Limits.CPU, "limit-cpu", c.Limits.CPU, "cores to keep within by sampling less; 0 is no limit (live)")
	f.Var(&c.Limits.Memory, "limit-memory", "memory to keep within by sampling less; 0 is no limit (live)")
	f.Var(&c.Limits.Bytes, "limit-bytes", "bytes a second to send at most, by sampling less; 0 is no limit (live)")
	f.StringVar(&c.Kafka, "kafka", c.Kafka, "where to: kafka://broker:9092/topic?tls=true&sasl=scram-sha-512&password-file=F")
	f.StringVar(&c.Spool.Dir, "spool", c.Spool.Dir, "folder that keeps exchanges while the broker is away (default: none)")
	f.Var(&c.Spool.Size, "spool-size", "bytes that the spool may take")
	f.Var(&c.Spool.Free, "spool-free", "bytes that must stay free on the spool's disk")
	f.Var(&c.Spool.Queue, "queue", "bytes of exchanges that may wait in memory")
	f.StringVar(&c.Listen, "listen", c.Listen, "address of /metrics, /healthz and /readyz; empty is none")
	f.DurationVar(&c.Shutdown, "shutdown", c.Shutdown, "time to send what was recorded once told to end")
	f.StringVar(&c.Log.Level, "log-level", c.Log.Level, "debug, info, warn or error (live)")
	f.StringVar(&c.Log.Format, "log-format", c.Log.Format, "json or text")
}

func (c *captureConfig) bind(f *pflag.FlagSet) {
	f.StringVar(&c.Interface, "interface", c.Interface, "network interface, or any")
	f.UintSliceVar(&c.Ports, "port", c.Ports, "server ports to record")
	f.StringSliceVar(&c.Hosts, "host", c.Hosts, "only these addresses or networks")
	f.StringVar(&c.Filter, "filter", c.Filter, "only packets that match this expression, as tcpdump takes")
	f.IntVar(&c.PID, "pid", c.PID, "record in the network namespace of this process")
	f.StringVar(&c.Container, "container", c.Container, "record in the network namespace of this container")
	f.IntVar(&c.Cores, "cores", c.Cores, "share connections out over this many captures")
	f.Var(&c.Ring, "ring", "buffer between the kernel and each capture")
	f.Var(&c.BodyLimit, "body-limit", "keep at most this much of a body")
	f.Var(&c.Memory, "capture-memory", "memory for connections and unfinished exchanges")
}

const envPrefix = "TWINSPECT_AGENT_"

// envName is the environment variable of a flag: TWINSPECT_AGENT_LIMIT_CPU.
func envName(flag string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// settings is where a configuration comes from. Later ones win: defaults, the
// file, the environment, the command line.
type settings struct {
	file   string
	getenv func(string) string
	flags  *pflag.FlagSet // the command line; only what was given is used
}

// load reads the configuration anew.
func (s settings) load() (config, error) {
	c := defaults()
	if s.file != "" {
		if err := c.read(s.file); err != nil {
			return config{}, err
		}
	}
	layer := pflag.NewFlagSet("", pflag.ContinueOnError)
	c.bind(layer)
	var errs []error
	layer.VisitAll(func(f *pflag.Flag) {
		if value := s.getenv(envName(f.Name)); value != "" {
			if err := layer.Set(f.Name, value); err != nil {
				errs = append(errs, fmt.Errorf("environment variable %s: %w", envName(f.Name), err))
			}
		}
	})
	s.flags.Visit(func(f *pflag.Flag) {
		if layer.Lookup(f.Name) != nil {
			errs = append(errs, override(layer, f))
		}
	})
	return c, errors.Join(append(errs, c.check())...)
}

// override gives the flag of the same name in layer the value of f. Lists
// replace what was there.
func override(layer *pflag.FlagSet, f *pflag.Flag) error {
	if list, ok := f.Value.(pflag.SliceValue); ok {
		return layer.Lookup(f.Name).Value.(pflag.SliceValue).Replace(list.GetSlice())
	}
	return layer.Set(f.Name, strings.Trim(f.Value.String(), "[]"))
}

func (c *config) read(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read configuration: %w", err)
	}
	if err := yaml.UnmarshalWithOptions(text, c, yaml.Strict()); err != nil {
		return fmt.Errorf("read configuration: %s: %w", file, err)
	}
	return nil
}

// check tells every setting that cannot work.
func (c *config) check() error {
	var errs []error
	wrong := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	wrong(c.Agent == "", "agent: the recorder needs a name")
	wrong(c.Kafka == "", "kafka: say where to send, such as kafka://broker:9092/topic")
	wrong(c.Sample.Rate < 0 || c.Sample.Rate > 1, "sample rate %v: want 0 to 1", c.Sample.Rate)
	wrong(c.Sample.Quota < 0, "sample quota %d: want 0 or more", c.Sample.Quota)
	wrong(c.Limits.CPU < 0, "cpu limit %v: want 0 or more cores", c.Limits.CPU)
	wrong(c.Log.Format != "json" && c.Log.Format != "text", "log format %q: want json or text", c.Log.Format)
	wrong(c.Shutdown <= 0, "shutdown %v: want more than 0", c.Shutdown)
	live, err := c.Capture.live()
	return errors.Join(append(errs, err, live.Check(), new(level).set(c.Log.Level))...)
}
