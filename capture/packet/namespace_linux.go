package packet

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// inNamespace calls f in the network namespace of path, or in that of the
// process where path is empty. f runs on a thread of its own that goes back
// afterwards, and ends where it cannot: no other goroutine ever runs on it
// inside of the namespace.
func inNamespace(path string, f func() error) error {
	if path == "" {
		return f()
	}
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		back, err := enterNamespace(path)
		if err != nil {
			runtime.UnlockOSThread() // it is still where it was
			done <- err
			return
		}
		err = f()
		// A goroutine that ends while it is locked takes its thread along.
		if back() == nil {
			runtime.UnlockOSThread()
		}
		done <- err
	}()
	return <-done
}

// enterNamespace moves this thread and returns what moves it back.
func enterNamespace(path string) (back func() error, err error) {
	home, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		return nil, fmt.Errorf("open the namespace of this process: %w", err)
	}
	there, err := os.Open(path)
	if err != nil {
		return nil, errors.Join(namespaceError(path, err), home.Close())
	}
	err = unix.Setns(int(there.Fd()), unix.CLONE_NEWNET)
	_ = there.Close() // only looked at
	if err != nil {
		return nil, errors.Join(namespaceError(path, err), home.Close())
	}
	return func() error {
		return errors.Join(unix.Setns(int(home.Fd()), unix.CLONE_NEWNET), home.Close())
	}, nil
}

func namespaceError(path string, err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("no right to enter network namespace %s: run as root, or with cap_sys_admin and cap_sys_ptrace: %w", path, err)
	case errors.Is(err, unix.EINVAL):
		return fmt.Errorf("%s is not a network namespace: want /proc/PID/ns/net or /run/netns/NAME: %w", path, err)
	}
	return fmt.Errorf("enter network namespace %s: %w", path, err)
}

// NamespaceOfPID returns the path of the network namespace that a process is
// in, for [LiveConfig]. Entering it takes CAP_SYS_ADMIN, and CAP_SYS_PTRACE
// where the process is another user's.
func NamespaceOfPID(pid int) (string, error) { return namespaceOfPID("/proc", pid) }

func namespaceOfPID(proc string, pid int) (string, error) {
	path := filepath.Join(proc, strconv.Itoa(pid), "ns", "net")
	_, err := os.Readlink(path)
	switch {
	case pid < 1 || errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("no process %d: give the number that it has in the PID namespace of this program (hostPID in a pod): %w", pid, fs.ErrNotExist)
	case err != nil:
		return "", namespaceError(path, err)
	}
	return path, nil
}

// NamespaceOfContainer returns the path of the network namespace of a
// container, for [LiveConfig]. id is at least the first 12 hexadecimal digits
// of its identifier, with or without a prefix such as "containerd://". It is
// looked up in the control groups of all processes, so this program must see
// those of the host. Entering the namespace takes CAP_SYS_ADMIN and
// CAP_SYS_PTRACE.
func NamespaceOfContainer(id string) (string, error) { return namespaceOfContainer("/proc", id) }

var (
	containerPrefix = regexp.MustCompile(`^[0-9a-f]{12,64}$`)
	containerID     = regexp.MustCompile(`[0-9a-f]{64}`)
)

func namespaceOfContainer(proc, id string) (string, error) {
	if _, bare, ok := strings.Cut(id, "://"); ok {
		id = bare
	}
	if !containerPrefix.MatchString(id) {
		return "", fmt.Errorf("container %q: want at least the first 12 hexadecimal digits of its identifier", id)
	}
	found, err := containers(proc, id)
	if err != nil {
		return "", fmt.Errorf("look for container %s: %w", id, err)
	}
	switch ids := slices.Sorted(maps.Keys(found)); len(ids) {
	case 0:
		return "", fmt.Errorf("container %s: no running process belongs to it: is it on this node, and does this program see the processes of the host (hostPID)? %w", id, fs.ErrNotExist)
	case 1:
		return commonNamespace(proc, id, found[ids[0]])
	default:
		return "", fmt.Errorf("container %s: there are several, give more digits: %s", id, strings.Join(ids, ", "))
	}
}

// containers returns the processes of the containers whose identifiers begin
// with id.
func containers(proc, id string) (map[string][]int, error) {
	entries, err := os.ReadDir(proc)
	if err != nil {
		return nil, err
	}
	found := make(map[string][]int)
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		groups, err := os.ReadFile(filepath.Join(proc, entry.Name(), "cgroup"))
		if err != nil {
			continue // it has ended
		}
		if full := containerOf(string(groups)); strings.HasPrefix(full, id) {
			found[full] = append(found[full], pid)
		}
	}
	return found, nil
}

// containerOf returns the identifier of the innermost container in
// /proc/PID/cgroup, or "" (cgroups(7)).
func containerOf(groups string) string {
	for line := range strings.Lines(groups) {
		if ids := containerID.FindAllString(line, -1); len(ids) > 0 {
			return ids[len(ids)-1]
		}
	}
	return ""
}

// commonNamespace returns the namespace that all processes of a container are
// in.
func commonNamespace(proc, id string, pids []int) (string, error) {
	slices.Sort(pids)
	first, name := "", ""
	var failed error
	for _, pid := range pids {
		path := filepath.Join(proc, strconv.Itoa(pid), "ns", "net")
		link, err := os.Readlink(path)
		switch {
		case err != nil:
			failed = namespaceError(path, err)
		case first == "":
			first, name = path, link
		case link != name:
			return "", fmt.Errorf("container %s: its processes %v are in several network namespaces: name one of them by its PID", id, pids)
		}
	}
	if first == "" {
		return "", fmt.Errorf("container %s: %w", id, failed)
	}
	return first, nil
}
