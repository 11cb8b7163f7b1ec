package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// reloadEvery is how often the files are looked at. Mounted configuration maps
// change by the swap of a link, so content is compared, not times.
const reloadEvery = 2 * time.Second

// WatchFiles calls changed whenever the content of one of the files changes,
// and on SIGHUP. It returns when ctx ends. The list is asked for each time, as
// the configuration may come to name other files.
func WatchFiles(ctx context.Context, files func() []string, changed func()) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	tick := time.NewTicker(reloadEvery)
	defer tick.Stop()
	last := digest(files())
	for {
		asked := false
		select {
		case <-ctx.Done():
			return
		case <-hangup:
			asked = true
		case <-tick.C:
		}
		if now := digest(files()); asked || !bytes.Equal(now, last) {
			last = now
			changed()
		}
	}
}

// digest is one hash of the contents; a file that cannot be read counts as
// empty.
func digest(files []string) []byte {
	h := sha256.New()
	for _, f := range files {
		content, _ := os.ReadFile(f) // a file that is away is a change like another
		sum := sha256.Sum256(content)
		h.Write(sum[:])
	}
	return h.Sum(nil)
}
