package hooks

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"

	"twinspect.dev/replay/shell"
)

// maxLine bounds a line in bytes, each way: 16 answers of the longest body.
const maxLine = 16 << 20

// process is a command with its standard streams. Its goroutines end with it.
type process struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	lines chan []byte
	last  *tail
	// stop ends the writing; gone is closed when the command has ended and all
	// goroutines but the writing one have.
	stop, gone chan struct{}
	stopping   sync.Once
	work       sync.WaitGroup
	ended      error // of the command, once gone
}

// start starts a command. hear gets each of its lines, from one goroutine, and ends it
// by an error; end is told why it has ended.
func start(line string, stderr io.Writer, hear func([]byte) error, end func(error)) (*process, error) {
	p := &process{
		cmd: shell.Line(context.Background(), line), last: &tail{next: stderr},
		lines: make(chan []byte), stop: make(chan struct{}), gone: make(chan struct{}),
	}
	stdout, out := io.Pipe()
	p.cmd.Stdout, p.cmd.Stderr = out, p.last
	var err error
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	p.work.Go(p.write)
	p.work.Go(func() { p.watch(stdout, out, hear, end) })
	return p, nil
}

// watch reads the command's lines until it ends.
func (p *process) watch(stdout *io.PipeReader, out *io.PipeWriter, hear func([]byte) error, end func(error)) {
	var fault error
	var reading sync.WaitGroup
	reading.Go(func() {
		if fault = read(stdout, hear); fault != nil {
			_ = shell.Kill(p.cmd)
		}
		_ = stdout.Close()
	})
	err := p.cmd.Wait()
	_ = shell.Kill(p.cmd) // what it left behind
	_ = out.Close()
	reading.Wait()
	p.ended = err
	end(p.reason(fault, err))
	close(p.gone)
}

// read gives hear each line. A nil error is the end of the lines.
func read(r io.Reader, hear func([]byte) error) error {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, 64<<10), maxLine)
	for s.Scan() {
		if line := bytes.TrimSpace(s.Bytes()); len(line) > 0 {
			if err := hear(line); err != nil {
				return err
			}
		}
	}
	if errors.Is(s.Err(), bufio.ErrTooLong) {
		return fmt.Errorf("it wrote a line of more than %d bytes", maxLine)
	}
	return nil // the end of the command tells more than that of its output
}

// reason says why the command answers no more.
func (p *process) reason(fault, ended error) error {
	how := "exit status 0"
	if ended != nil {
		how = ended.Error()
	}
	text := "the command has ended: " + how
	if fault != nil {
		text = "the command was ended: " + fault.Error()
	}
	if said := p.last.String(); said != "" {
		text += "; it said: " + said
	}
	return errors.New(text)
}

// write hands over lines.
func (p *process) write() {
	for {
		select {
		case line := <-p.lines:
			if _, err := p.stdin.Write(line); err != nil {
				_ = p.stdin.Close()
				return // the command has closed its input, or is being killed
			}
		case <-p.stop:
			_ = p.stdin.Close()
			return
		case <-p.gone:
			return
		}
	}
}

// close ends the command, by force when ctx ends, and waits for all of it.
func (p *process) close(ctx context.Context) error {
	select {
	case p.lines <- []byte("{\"event\":\"end\"}\n"):
	case <-p.gone:
	case <-ctx.Done():
	}
	p.stopping.Do(func() { close(p.stop) })
	select {
	case <-p.gone:
		p.work.Wait()
		return p.ended
	case <-ctx.Done():
		p.kill()
		return context.Cause(ctx)
	}
}

// kill ends the command now and waits for all of it.
func (p *process) kill() {
	p.stopping.Do(func() { close(p.stop) })
	select {
	case <-p.gone: // its number may be another's by now
	default:
		_ = shell.Kill(p.cmd)
		_ = p.stdin.Close()
	}
	p.work.Wait()
}

// maxTail is how much of the end of standard error is kept: some lines of a stack, or
// a message.
const maxTail = 2 << 10

// tail passes on what is written, and keeps its end.
type tail struct {
	next io.Writer
	mu   sync.Mutex
	kept []byte
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	t.kept = append(t.kept, b[max(0, len(b)-maxTail):]...)
	t.kept = append([]byte(nil), t.kept[max(0, len(t.kept)-maxTail):]...)
	t.mu.Unlock()
	if t.next != nil {
		_, _ = t.next.Write(b) // who does not listen is no reason to end the command
	}
	return len(b), nil
}

// String returns the last lines, at most five.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(strings.ToValidUTF8(string(t.kept), "\uFFFD")), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], "\n")
}
