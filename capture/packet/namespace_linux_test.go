package packet

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// newNamespace makes a network namespace that lasts as long as the test, with
// nothing in it but lo, and returns its path.
func newNamespace(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "net")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	made := make(chan error)
	go func() {
		runtime.LockOSThread()
		back, err := enterNamespace("/proc/thread-self/ns/net")
		if err == nil {
			if err = unix.Unshare(unix.CLONE_NEWNET); err == nil {
				err = unix.Mount("/proc/thread-self/ns/net", path, "none", unix.MS_BIND, "")
			}
			err = errors.Join(err, back())
		}
		runtime.UnlockOSThread()
		made <- err
	}()
	err := <-made
	if errors.Is(err, fs.ErrPermission) {
		t.Skipf("namespaces are not tested: this needs CAP_SYS_ADMIN: %v", err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, unix.Unmount(path, unix.MNT_DETACH)) })
	return path
}

func TestListenLooksUpTheInterfaceInTheNamespace(t *testing.T) {
	path := newNamespace(t)
	home, err := os.Readlink("/proc/self/ns/net")
	require.NoError(t, err)
	_, err = Listen(LiveConfig{Interface: "no-such-if", Namespace: path})
	require.ErrorContains(t, err, "there are lo, any")
	l := listenOrSkip(t, LiveConfig{Interface: "lo", Namespace: path, RingSize: 2 << 20})
	require.NoError(t, l.Account().Balance())
	tasks, err := filepath.Glob("/proc/self/task/*/ns/net")
	require.NoError(t, err)
	for _, task := range tasks {
		if at, err := os.Readlink(task); err == nil {
			assert.Equal(t, home, at, "no thread stays in the namespace")
		}
	}
}

func TestListenSaysWhyItCannotEnterANamespace(t *testing.T) {
	plain := filepath.Join(t.TempDir(), "plain")
	require.NoError(t, os.WriteFile(plain, nil, 0o600))
	_, err := Listen(LiveConfig{Interface: "lo", Namespace: plain + "-absent"})
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = Listen(LiveConfig{Interface: "lo", Namespace: plain})
	require.Error(t, err)
	assert.ErrorContains(t, err, plain)
	assert.ErrorContains(t, namespaceError("p", unix.EPERM), "cap_sys_admin")
}

func TestNamespaceOfPIDNamesTheProcess(t *testing.T) {
	path, err := NamespaceOfPID(os.Getpid())
	require.NoError(t, err)
	assert.Equal(t, fmt.Sprintf("/proc/%d/ns/net", os.Getpid()), path)
	for _, pid := range []int{0, -1, 1 << 30} {
		_, err = NamespaceOfPID(pid)
		require.ErrorIs(t, err, fs.ErrNotExist)
		assert.ErrorContains(t, err, "hostPID")
	}
}

func TestNamespaceOfContainerLooksThroughTheControlGroups(t *testing.T) {
	a, b := strings.Repeat("0123456789ab", 6)[:64], strings.Repeat("0123456789ac", 6)[:64]
	c, d := strings.Repeat("c", 64), strings.Repeat("d", 64)
	proc := t.TempDir()
	process := func(pid int, cgroup, namespace string) {
		dir := filepath.Join(proc, fmt.Sprint(pid))
		require.NoError(t, os.MkdirAll(filepath.Join(dir, "ns"), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "cgroup"), []byte(cgroup), 0o600))
		if namespace != "" {
			require.NoError(t, os.Symlink(namespace, filepath.Join(dir, "ns", "net")))
		}
	}
	process(1, "0::/init.scope\n", "net:[1]")
	process(20, "0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-"+a+".scope\n", "net:[2]")
	process(3, "12:cpu:/docker/"+a+"\n11:memory:/docker/"+a+"\n", "net:[2]")
	process(4, "0::/docker/"+a+"/docker/"+c+"\n", "net:[3]") // a container in a container
	process(5, "0::/system.slice/docker-"+b+".scope\n", "net:[4]")
	process(6, "0::/docker/"+d+"\n", "net:[5]")
	process(7, "0::/docker/"+d+"\n", "net:[6]")
	require.NoError(t, os.Mkdir(filepath.Join(proc, "99"), 0o700)) // it has ended
	require.NoError(t, os.Mkdir(filepath.Join(proc, "sys"), 0o700))
	for id, want := range map[string]string{
		a: "3", a[:24]: "3", "containerd://" + a: "3", b: "5", c[:12]: "4",
	} {
		path, err := namespaceOfContainer(proc, id)
		require.NoError(t, err, id)
		assert.Equal(t, filepath.Join(proc, want, "ns", "net"), path, id)
	}
	for id, want := range map[string]string{
		"":                      "at least the first 12",
		"0123456789a":           "at least the first 12",
		"0123456789ag":          "at least the first 12",
		strings.Repeat("e", 12): "no running process",
		"0123456789a" + "b":     "",
		strings.Repeat("d", 20): "several network namespaces",
	} {
		_, err := namespaceOfContainer(proc, id)
		if want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, want, id)
	}
	ambiguous := strings.Repeat("0123456789ab", 6)[:62] + "ff"
	process(8, "0::/docker/"+ambiguous+"\n", "net:[7]")
	_, err := namespaceOfContainer(proc, a[:60])
	require.ErrorContains(t, err, "give more digits: "+a+", "+ambiguous)
	_, err = namespaceOfContainer(filepath.Join(proc, "absent"), a)
	require.ErrorIs(t, err, fs.ErrNotExist)
}
