package openapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

const (
	// maxFile is the greatest file in bytes. The greatest documents that are
	// published have about 13 MB.
	maxFile = 64 << 20
	// maxTotal bounds all files of a document together: as trees they take four
	// times as much.
	maxTotal = 2 * maxFile
	// maxFiles bounds their number. One file a schema and operation, the greatest
	// public document would have 2,500.
	maxFiles = 10_000
	// maxFetched and fetchTime bound what is read from other machines: in all, as
	// long as a person waits for a command.
	maxFetched   = 100
	maxRedirects = 5
	fetchTime    = 20 * time.Second
	fetchAll     = time.Minute
)

// openFile opens a file of this machine.
func openFile(path string) (io.ReadCloser, error) {
	info, err := os.Stat(path) // opening a pipe would wait for its writer
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file", path)
	}
	if err := tooLarge(info.Size()); err != nil {
		return nil, err
	}
	return os.Open(path)
}

func tooLarge(size int64) error {
	if size > maxFile {
		return fmt.Errorf("it is larger than %d bytes", maxFile)
	}
	return nil
}

func readAll(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err == nil {
		err = tooLarge(int64(len(data)))
	}
	return data, err
}

// fileURI returns the URI of a path.
func fileURI(path string) (string, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	slash := filepath.ToSlash(absolute)
	if !strings.HasPrefix(slash, "/") { // a drive
		slash = "/" + slash
	}
	return (&url.URL{Scheme: "file", Path: slash}).String(), nil
}

// filePath is the reverse of fileURI.
func filePath(u *url.URL) string {
	path := u.Path
	if runtime.GOOS == "windows" {
		path = strings.TrimPrefix(path, "/")
	}
	return filepath.FromSlash(path)
}

// fetcher reads from other machines, without cookies, credentials or a way back
// to the files of this one.
type fetcher struct {
	client   *http.Client
	deadline time.Time
	count    int
}

func newFetcher() *fetcher {
	redirect := func(req *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects {
			return fmt.Errorf("more than %d redirects", maxRedirects)
		}
		if req.URL.Scheme != via[0].URL.Scheme && req.URL.Scheme != "https" {
			return fmt.Errorf("the redirect to %s leads to another scheme", req.URL.Redacted())
		}
		return nil
	}
	return &fetcher{
		client:   &http.Client{CheckRedirect: redirect},
		deadline: time.Now().Add(fetchAll),
	}
}

func (f *fetcher) fetch(u *url.URL) ([]byte, error) {
	if f.count++; f.count > maxFetched {
		return nil, fmt.Errorf("the document refers to more than %d URLs", maxFetched)
	}
	ctx, cancel := context.WithDeadline(context.Background(), f.deadline)
	defer cancel()
	ctx, cancelOne := context.WithTimeout(ctx, fetchTime)
	defer cancelOne()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json, application/yaml, */*;q=0.5")
	res, err := f.client.Do(req)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it is answered %s", res.Status)
	}
	return readAll(res.Body)
}
