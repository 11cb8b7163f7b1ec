package main

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"twinspect.dev/capture"
	"twinspect.dev/capture/httpwire"
	"twinspect.dev/capture/kafka"
	"twinspect.dev/capture/redact"
	"twinspect.dev/capture/sample"
	"twinspect.dev/capture/spool"
	"twinspect.dev/capture/tcpstream"
	"twinspect.dev/capture/wire"
	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/cmd/internal/telemetry"
)

// input is what the agent records from. Account may be called from any
// goroutine.
type input interface {
	capture.Source
	capture.Accounted
	Close() error
}

// broker is where the agent sends to. Check says why it would take nothing, and
// Sent is how many bytes it took so far.
type broker interface {
	producer
	Check(ctx context.Context) error
	Sent() uint64
	Close() error
}

// open builds the flow from its end to its beginning, so that packets flow once
// there is somewhere to put them.
func (a *agent) open(c config, tel *telemetry.Telemetry) (err error) {
	var opened []func() error
	defer func() {
		for _, undo := range opened {
			if err != nil {
				err = errors.Join(err, undo())
			}
		}
	}()
	if a.broker, err = openBroker(c); err != nil {
		return err
	}
	opened = append(opened, a.broker.Close)
	far := traced{a.broker, tel.Traces.Tracer(scope)}
	if a.out, err = openSpool(c.Spool, far, a); err != nil {
		return err
	}
	opened = append(opened, a.out.Close)
	if a.input, err = listen(c); err != nil {
		return err
	}
	opened = append(opened, a.input.Close)
	a.governor = sample.NewGovernor(c.Limits.limits())
	c.Limits.tellRuntime()
	a.sampler = sample.New(c.Sample.sampling(), a.named(a.input))
	if c.Redact.Off {
		a.log.Warn("redaction is off: what is recorded leaves the pod as it is")
		return nil
	}
	if a.key, err = redactionKey(c.Redact.Key); err != nil {
		return err
	}
	r, err := newRedactor(c.Redact, a.key)
	if err != nil {
		return err
	}
	a.redactor = redact.NewSource(r, a.sampler)
	return nil
}

// target is where the exchanges go.
func (c *config) target() (kafka.Target, error) {
	t, err := kafka.ParseURL(c.Kafka)
	if err != nil {
		return t, fmt.Errorf("kafka: %w", err)
	}
	return t, nil
}

// openBroker does not connect: see [agent.seekBroker].
func openBroker(c config) (broker, error) {
	t, err := c.target()
	if err != nil {
		return nil, err
	}
	return kafka.NewProducer(t.Config, kafka.ProducerOptions{})
}

// openSpool does without a disk that is full from the beginning: the agent
// records what memory holds rather than nothing.
func openSpool(c spoolConfig, far producer, a *agent) (*spool.Sink, error) {
	cfg := spool.Config{
		Producer: far, Dir: c.Dir, MaxDisk: int64(c.Size), MinFree: int64(c.Free), QueueBytes: int64(c.Queue), Log: a.log,
	}
	if c.Free == 0 {
		cfg.MinFree = -1 // none; 0 would be the default
	}
	out, err := spool.New(cfg)
	if errors.Is(err, syscall.ENOSPC) {
		a.log.Error("the spool's disk is full; only memory keeps what the broker does not take", "error", err)
		cfg.Dir = ""
		out, err = spool.New(cfg)
	}
	return out, err
}

// listen begins to capture.
func listen(c config) (input, error) {
	live, err := c.Capture.live()
	if err != nil {
		return nil, err
	}
	streams, http := c.Capture.bounds()
	return live.Listen(wire.Config{Agent: c.Agent, Ports: live.Ports, Streams: streams, HTTP: http})
}

// perConnection is what a connection takes in the stages together, with the
// buffers of a request under way: 3.5 KiB were measured with 65536 of them.
const perConnection = 4 << 10

// bounds shares the memory of the capture out: a half to unfinished exchanges,
// a quarter to segments that wait for earlier ones, a quarter to connections.
func (c *captureConfig) bounds() (tcpstream.Config, httpwire.Config) {
	quarter := int(c.Memory) / c.Cores / 4
	streams := tcpstream.Config{MaxBuffer: quarter, MaxConnections: max(quarter/perConnection, 1)}
	return streams, httpwire.Config{MaxBody: int(c.BodyLimit), MaxMemory: 2 * quarter}
}

func (c *captureConfig) live() (cli.Live, error) {
	ports, err := cli.Ports(c.Ports)
	return cli.Live{
		Interface: c.Interface, Ports: ports, Hosts: c.Hosts, Filter: c.Filter,
		PID: c.PID, Container: c.Container, Cores: c.Cores, RingSize: int(c.Ring),
	}, err
}

// redactionKey reads the key, or makes one that ends with the process.
func redactionKey(file string) ([]byte, error) {
	if file != "" {
		return redact.KeyFromFile(file, false)
	}
	return redact.NewKey(), nil
}
