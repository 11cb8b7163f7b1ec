package spool_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"twinspect.dev/capture/spool"
)

// smallDisk is a filesystem of 1 MiB.
func smallDisk(t *testing.T) string {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=1m,mode=0700"); err != nil {
		t.Skipf("mounting a small disk takes root: %v", err)
	}
	t.Cleanup(func() { assert.NoError(t, unix.Unmount(dir, unix.MNT_DETACH)) })
	return dir
}

func TestAFullDiskCostsOnlyWhatIsCounted(t *testing.T) {
	cases := map[string]int64{"to the last byte": -1, "with space left free": 512 << 10}
	for name, minFree := range cases {
		t.Run(name, func(t *testing.T) {
			dir := smallDisk(t)
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				f.away = true
				s := open(t, spool.Config{Producer: f, Dir: dir, MinFree: minFree, QueueBytes: 200 << 10, SegmentSize: 100 << 10, BatchBytes: 20 << 10})
				for i := range uint64(400) {
					write(t, s, 10*i, 10*i+10, 4000)
					synctest.Wait() // the disk has taken what it will
				}
				stats := account(t, s)
				assert.NotZero(t, stats.Dropped[spool.ReasonDiskFull], "%+v", stats)
				assert.Equal(t, spool.ReasonDiskFull, s.State().Blocked)
				var fs unix.Statfs_t
				require.NoError(t, unix.Statfs(dir, &fs))
				assert.GreaterOrEqual(t, int64(fs.Bavail)*fs.Bsize, minFree)

				f.set(func() { f.away = false })
				until(t, func() bool { return account(t, s).Open == 0 })
				write(t, s, 5000, 5010, 4000)
				require.NoError(t, s.Close())
				stats = account(t, s)
				t.Logf("%+v", stats)
				got := f.got()
				assert.Equal(t, stats.Seen, stats.Written+stats.Lost())
				assert.EqualValues(t, stats.Written, len(got))
				assert.Zero(t, stats.Dropped[spool.ReasonDamaged])
				assert.Equal(t, upTo(uint64(len(got)-10)), got[:len(got)-10])
			})
		})
	}
}
