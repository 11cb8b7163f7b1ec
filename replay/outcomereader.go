package replay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"twinspect.dev/capture"
)

// The reasons of the damage that an [OutcomeReader] finds.
const (
	// OrphanAnswer: an answer stands where its recorded exchange does not.
	OrphanAnswer capture.Reason = "orphan-answer"
	// CutOutcome: some answers of an outcome are missing.
	CutOutcome capture.Reason = "cut-outcome"
	// BadOutcome: the labels of an outcome contradict each other.
	BadOutcome capture.Reason = "bad-outcome"
)

// maxAnswers bounds the answers of one outcome, and so the memory of a reader:
// far more than sides that were ever asked at once.
const maxAnswers = 1024

// OutcomeReader reads outcomes back from a recording that [WriteOutcome] made.
// An exchange that belongs to no outcome, from a plain recording, is an outcome
// without answers. It is used by one goroutine at a time.
type OutcomeReader struct {
	src   capture.Source
	stats capture.Stats
	index int64
	cur   Outcome // the open group, while want > 0
	want  int     // how many answers it has in all
	held  *capture.Exchange
}

// NewOutcomeReader returns a reader of the outcomes in src.
func NewOutcomeReader(src capture.Source) *OutcomeReader { return &OutcomeReader{src: src} }

// ReadOutcome sets o to the next outcome, which shares no memory with the
// reader. It returns io.EOF at the end. A [*capture.RecordError] tells of one
// damaged record or outcome, or is passed on from the source; the stream goes
// on. The offset of the reader's own is the number of the exchange in the
// source, from 0. Any other error ends the stream.
func (r *OutcomeReader) ReadOutcome(ctx context.Context, o *Outcome) error {
	for {
		e, err := r.next(ctx)
		var bad *capture.RecordError
		switch {
		case errors.As(err, &bad): // before io.EOF, which may be its cause
			r.lose(bad.Reason, max(bad.Lost, 1))
			return err
		case errors.Is(err, io.EOF) && r.want > 0:
			return r.cut()
		case err != nil:
			return err
		}
		if r.want > 0 && !r.continues(e) {
			r.held = e
			return r.cut()
		}
		whole, err := r.take(e)
		if err != nil {
			return err
		}
		if whole {
			*o, r.cur, r.want = r.cur, Outcome{}, 0
			r.stats.Seen++
			r.stats.Written++
			return nil
		}
	}
}

// next returns the exchange that was held back, or the source's next one.
func (r *OutcomeReader) next(ctx context.Context) (*capture.Exchange, error) {
	if e := r.held; e != nil {
		r.held = nil
		return e, nil
	}
	var e capture.Exchange
	if err := r.src.ReadExchange(ctx, &e); err != nil {
		return nil, err
	}
	r.index++
	return e.Clone(), nil
}

// continues reports whether e is an answer of the open group.
func (r *OutcomeReader) continues(e *capture.Exchange) bool {
	_, head := e.Context.Labels[AnswersLabel]
	return !head && e.Context.Recorded == r.cur.Recorded.ID && e.Context.Labels[LaneLabel] != ""
}

// take adds e to the open group or opens one, and reports whether it is whole.
func (r *OutcomeReader) take(e *capture.Exchange) (whole bool, err error) {
	if r.want > 0 {
		r.cur.Answers = append(r.cur.Answers, answerOf(e))
		return len(r.cur.Answers) == r.want, nil
	}
	count, head := e.Context.Labels[AnswersLabel]
	if !head {
		if !e.Context.Recorded.IsZero() {
			return false, r.damage(OrphanAnswer, fmt.Errorf("answer of %q to %s stands without its recorded exchange", e.Context.Labels[LaneLabel], e.Context.Recorded))
		}
		r.cur = Outcome{Recorded: *e}
		return true, nil
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 1 || n > maxAnswers || e.ID.IsZero() {
		return false, r.damage(BadOutcome, fmt.Errorf("exchange %s: label %s is %q: want 1 to %d answers to an exchange with an identity", e.ID, AnswersLabel, count, maxAnswers))
	}
	delete(e.Context.Labels, AnswersLabel)
	if len(e.Context.Labels) == 0 {
		e.Context.Labels = nil
	}
	r.cur, r.want = Outcome{Recorded: *e}, n
	return false, nil
}

func answerOf(e *capture.Exchange) Answer {
	labels := e.Context.Labels
	return Answer{
		Side:     Side(labels[LaneLabel]),
		Request:  e.Request,
		Response: e.Response,
		Fault:    Fault(labels[FaultLabel]),
		Err:      labels[ErrorLabel],
	}
}

// cut gives the open group up.
func (r *OutcomeReader) cut() error {
	err := fmt.Errorf("outcome of %s has %d of its %d answers", r.cur.Recorded.ID, len(r.cur.Answers), r.want)
	r.cur, r.want = Outcome{}, 0
	return r.damage(CutOutcome, err)
}

func (r *OutcomeReader) damage(reason capture.Reason, err error) error {
	r.lose(reason, 1)
	return &capture.RecordError{Input: "outcomes", Offset: r.index - 1, Reason: reason, Lost: 1, Err: err}
}

func (r *OutcomeReader) lose(reason capture.Reason, n uint64) {
	r.stats.Seen += n
	r.stats.Drop(reason, n)
}

// Account implements [capture.Accounted]: the source's account, then the
// reader's own, in outcomes; each damage counts as one, each record that the
// source could not read as well.
func (r *OutcomeReader) Account() capture.Account {
	return append(capture.AccountOf(r.src).Clone(), capture.Stage{Name: "outcomes", Unit: "outcomes", Stats: r.stats.Clone()})
}
