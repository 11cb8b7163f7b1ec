package access

import (
	"fmt"
	"sync"
	"sync/atomic"

	"twinspect.dev/capture/rulefile"
	"twinspect.dev/release"
)

// Options are those of a [Keeper].
type Options struct {
	// Path is that of the file; "" is for [Local].
	Path string
	// Audit is told of what was refused, nil for nobody. It is called by many goroutines
	// and while a request waits. What is over a limit is told once until it is under it
	// again, and strangers are 100 a second at most, so that nobody floods it.
	Audit func(release.AuditEntry)
}

// Keeper lets requests in by a file of access. It is for many goroutines.
type Keeper struct {
	path  string
	audit func(release.AuditEntry)

	reading sync.Mutex // one Reload at a time
	state   atomic.Pointer[state]
}

// state is what belongs together of one reading of the file.
type state struct {
	config *Config
	meters *meters
}

// Open reads the file of access. Mistakes in it are [rulefile.Errors].
func Open(o Options) (*Keeper, error) {
	k := &Keeper{path: o.Path, audit: o.Audit}
	if k.audit == nil {
		k.audit = func(release.AuditEntry) {}
	}
	config, err := k.read()
	if err != nil {
		return nil, err
	}
	k.state.Store(&state{config: config, meters: newMeters(config, nil)})
	return k, nil
}

// Reload reads the file again. Where there is an error what held before holds on, and
// the error says so. Requests that are in progress keep what they were let in by.
func (k *Keeper) Reload() error {
	k.reading.Lock()
	defer k.reading.Unlock()
	config, err := k.read()
	if err != nil {
		return fmt.Errorf("access stays as it was: %w", err)
	}
	k.state.Store(&state{config: config, meters: newMeters(config, k.state.Load().meters)})
	return nil
}

func (k *Keeper) read() (*Config, error) {
	if k.path == "" {
		return Local(), nil
	}
	data, err := rulefile.Read(k.path)
	if err != nil {
		return nil, fmt.Errorf("read the file of access: %w", err)
	}
	return Parse(k.path, data)
}
