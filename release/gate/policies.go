package gate

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"twinspect.dev/capture/rulefile"
	"twinspect.dev/release"
	"twinspect.dev/release/policyfile"
)

// MaxPolicies bounds how many policies a gate has. It looks through them at each
// question, which takes a thousand of them some microseconds.
const MaxPolicies = 1000

// Policies are the policies of files, and which one is for a service.
// They may be read and reloaded from several goroutines at once.
type Policies struct {
	paths []string
	now   atomic.Pointer[[]*release.Policy]
}

// LoadPolicies reads policies: files, and the files *.yaml and *.yml of folders.
func LoadPolicies(paths ...string) (*Policies, error) {
	p := &Policies{paths: paths}
	return p, p.Reload()
}

// Files are the files that [Policies.Reload] would read.
func (p *Policies) Files() ([]string, error) { return policyFiles(p.paths) }

// Reload reads the files anew. Where one of them is wrong all stays as it was.
func (p *Policies) Reload() error {
	files, err := p.Files()
	if err != nil {
		return err
	}
	list := make([]*release.Policy, 0, len(files))
	byName := make(map[string]string, len(files))
	for _, file := range files {
		policy, readErr := policyfile.Read(file)
		if readErr != nil {
			err = errors.Join(err, readErr)
			continue
		}
		if other, twice := byName[policy.Name]; twice {
			err = errors.Join(err, fmt.Errorf("%s: the policy %q is in %s as well: give it another name", file, policy.Name, other))
		}
		byName[policy.Name] = file
		list = append(list, policy)
	}
	if err != nil {
		return err
	}
	p.now.Store(&list)
	return nil
}

func policyFiles(paths []string) ([]string, error) {
	var files []string
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("policy: %w", err)
		}
		if !info.IsDir() {
			files = append(files, path)
			continue
		}
		found, err := yamlFiles(path)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("policy: %s holds no *.yaml or *.yml", path)
		}
		files = append(files, found...)
	}
	if len(files) > MaxPolicies {
		return nil, fmt.Errorf("policy: %d files, want at most %d", len(files), MaxPolicies)
	}
	return files, nil
}

func yamlFiles(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	var files []string
	for _, e := range entries {
		// What begins with a dot is where Kubernetes keeps the versions of a ConfigMap.
		if name := e.Name(); !e.IsDir() && !strings.HasPrefix(name, ".") && slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(name)) {
			files = append(files, filepath.Join(folder, name))
		}
	}
	return files, nil
}

// All returns the policies, which must not be changed.
func (p *Policies) All() []*release.Policy { return *p.now.Load() }

// For returns the policy of a service, nil where there is none: one that names the
// service as it is comes before one whose pattern it has, a longer pattern before a
// shorter one, and then the first counts.
func (p *Policies) For(service string) *release.Policy {
	var best *release.Policy
	rank := -1
	for _, policy := range p.All() {
		for _, pattern := range policy.Services {
			r := len(pattern)
			if pattern == service {
				r = 1 << 30
			}
			if r > rank && rulefile.Glob(pattern, service) {
				best, rank = policy, r
			}
		}
	}
	return best
}
