package verify

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"time"

	"twinspect.dev/contract/pact"
	"twinspect.dev/replay/shell"
)

const (
	// maxLine bounds a line in bytes: a message of the greatest length in base64 would
	// be longer, and no message is.
	maxLine = 16 << 20
	// endTime is how long a command may take to end after the end of its input.
	endTime = 5 * time.Second
)

// Command sets up states and makes messages by a command of the user. It is a [States]
// and a [Messages]; its methods may be called from many goroutines, which wait for one
// another.
type Command struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout io.Closer
	lines  chan []byte   // its lines, closed at their end
	quit   chan struct{} // nobody reads lines any more
	work   sync.WaitGroup

	mu     sync.Mutex
	next   uint64
	ended  error // why it answers no more
	closed bool
}

// StartCommand starts a command; line is for the system's shell. What it writes to
// standard error goes to stderr, which may be nil. Close must be called.
func StartCommand(line string, stderr io.Writer) (*Command, error) {
	c := &Command{cmd: shell.Line(context.Background(), line), lines: make(chan []byte), quit: make(chan struct{})}
	c.cmd.Stderr = stderr
	stdin, err := c.cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start the command: %w", err)
	}
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start the command: %w", err)
	}
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the command: %w", err)
	}
	c.stdin, c.stdout = stdin, stdout
	c.work.Go(func() { c.read(stdout) })
	return c, nil
}

// read hands the command's lines on until their end.
func (c *Command) read(r io.Reader) {
	defer close(c.lines)
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, 64<<10), maxLine)
	for s.Scan() {
		line := bytes.TrimSpace(s.Bytes())
		if len(line) == 0 {
			continue
		}
		select {
		case c.lines <- bytes.Clone(line):
		case <-c.quit:
			return
		}
	}
}

// Close ends the command: it gets the end of its input and 5 seconds, and is killed
// after that with all that it started.
func (c *Command) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	c.closed = true
	_ = c.stdin.Close()
	late := make(chan struct{})
	timer := time.AfterFunc(endTime, func() {
		defer close(late)
		_ = shell.Kill(c.cmd)
		_ = c.stdout.Close() // which a process that has left the group may hold
	})
	close(c.quit)
	c.work.Wait()
	err := c.cmd.Wait()
	if !timer.Stop() {
		<-late
	}
	_ = shell.Kill(c.cmd) // what it left behind
	if c.ended == nil {
		c.ended = errors.New("the command was closed")
	} else {
		err = nil // it was ended for a reason that has been told
	}
	return err
}

type event struct {
	Event       string         `json:"event"`
	ID          uint64         `json:"id"`
	Consumer    string         `json:"consumer"`
	State       string         `json:"state,omitempty"`
	Params      map[string]any `json:"params,omitempty"`
	Description string         `json:"description,omitempty"`
	States      []named        `json:"states,omitempty"`
	Request     *contents      `json:"request,omitempty"`
}

// reply is an answer of the command.
type reply struct {
	ID          *uint64         `json:"id"`
	Error       string          `json:"error"`
	Values      json.RawMessage `json:"values"`
	Body        json.RawMessage `json:"body"`
	Text        *string         `json:"text"`
	Base64      *string         `json:"body_base64"`
	ContentType string          `json:"content_type"`
	Metadata    json.RawMessage `json:"metadata"`
}

// parseReply reads a line; id is what it must answer.
func parseReply(line []byte, id uint64) (*reply, error) {
	var r reply
	if err := json.Unmarshal(line, &r); err != nil {
		return nil, errors.New("the command wrote a line that is no answer")
	}
	if r.ID == nil || *r.ID != id {
		return nil, fmt.Errorf("the command did not answer event %d", id)
	}
	return &r, nil
}

// ask sends an event and waits for its answer. A command that gives none in time, or
// what is none, is ended: its next line could be the answer to anything.
func (c *Command) ask(ctx context.Context, e event) (*reply, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended != nil {
		return nil, c.ended
	}
	c.next++
	e.ID = c.next
	line, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	r, err := c.exchange(ctx, append(line, '\n'), e.ID)
	if err != nil {
		c.ended = err
		_ = shell.Kill(c.cmd)
		return nil, err
	}
	if r.Error != "" {
		return nil, fmt.Errorf("the command failed: %.500s", r.Error)
	}
	return r, nil
}

func (c *Command) exchange(ctx context.Context, line []byte, id uint64) (*reply, error) {
	killed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(killed)
		_ = shell.Kill(c.cmd) // ends the writing
	})
	_, err := c.stdin.Write(line)
	if !stop() {
		<-killed
		return nil, fmt.Errorf("the command did not answer: %w", context.Cause(ctx))
	}
	if err != nil {
		return nil, errors.New("the command has ended, or reads no more")
	}
	select {
	case answer, ok := <-c.lines:
		if !ok {
			return nil, fmt.Errorf("the command has ended, or wrote a line of more than %d bytes", maxLine)
		}
		return parseReply(answer, id)
	case <-ctx.Done():
		return nil, fmt.Errorf("the command did not answer: %w", context.Cause(ctx))
	}
}

// Setup implements [States].
func (c *Command) Setup(ctx context.Context, consumer string, s pact.State) (map[string]any, error) {
	r, err := c.ask(ctx, event{Event: "setup", Consumer: consumer, State: s.Name, Params: s.Params})
	if err != nil {
		return nil, fmt.Errorf("setup of the state %q: %w", s.Name, err)
	}
	return stateValues(r.Values), nil
}

// Teardown implements [States].
func (c *Command) Teardown(ctx context.Context, consumer string, s pact.State) error {
	if _, err := c.ask(ctx, event{Event: "teardown", Consumer: consumer, State: s.Name, Params: s.Params}); err != nil {
		return fmt.Errorf("teardown of the state %q: %w", s.Name, err)
	}
	return nil
}

// Message implements [Messages].
func (c *Command) Message(ctx context.Context, a Asked) (Got, error) {
	request, err := contentsOf(a.Request)
	if err != nil {
		return Got{}, err
	}
	r, err := c.ask(ctx, event{Event: "message", Consumer: a.Consumer, Description: a.Description, States: namedStates(a.States), Request: request})
	if err != nil {
		return Got{}, fmt.Errorf("ask for the message %q: %w", a.Description, err)
	}
	return r.message()
}

func (r *reply) message() (Got, error) {
	got := Got{ContentType: r.ContentType, Metadata: stateValues(r.Metadata)}
	switch {
	case r.Base64 != nil:
		body, err := base64.StdEncoding.DecodeString(*r.Base64)
		if err != nil {
			return Got{}, errors.New("body_base64 of the command's answer is no base64")
		}
		got.Body = body
	case r.Text != nil:
		got.Body = []byte(*r.Text)
	default:
		got.Body = r.Body
		if got.ContentType == "" && len(r.Body) > 0 {
			got.ContentType = "application/json"
		}
	}
	return got, nil
}
