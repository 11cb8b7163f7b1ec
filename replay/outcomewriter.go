package replay

import (
	"context"
	"fmt"
	"maps"
	"strconv"

	"twinspect.dev/capture"
)

// The labels that make a recording of outcomes. Any other tool reads such a
// recording as exchanges.
const (
	// LaneLabel names the side that gave an answer.
	LaneLabel = "lane"
	// FaultLabel and ErrorLabel hold [Answer.Fault] and [Answer.Err] where they
	// are set.
	FaultLabel = "fault"
	ErrorLabel = "error"
	// AnswersLabel stands on the recorded exchange of an outcome: how many
	// answers follow. It is how a reader knows a group that was cut short.
	AnswersLabel = "twinspect.answers"
	// AgainLabel stands on an exchange that is sent again to tell about its answers:
	// which repetition it is. Repetitions of an exchange do not belong to its session.
	AgainLabel = "twinspect.again"
)

// WriteOutcome writes the recorded exchange of o and then one exchange for each
// answer, whose Context.Recorded is the identity of the recorded one. o is not
// changed. [OutcomeReader] reads it back.
func WriteOutcome(ctx context.Context, sink capture.Sink, o *Outcome) error {
	if len(o.Answers) > 0 && o.Recorded.ID.IsZero() {
		return fmt.Errorf("write outcome of %s %s: the recorded exchange has no identity", o.Recorded.Request.Method, o.Recorded.Request.Target)
	}
	head := o.Recorded
	head.Context.Labels = maps.Clone(head.Context.Labels)
	delete(head.Context.Labels, AnswersLabel)
	if n := len(o.Answers); n > 0 {
		if head.Context.Labels == nil {
			head.Context.Labels = make(map[string]string, 1)
		}
		head.Context.Labels[AnswersLabel] = strconv.Itoa(n)
	}
	if err := sink.WriteExchange(ctx, &head); err != nil {
		return fmt.Errorf("write recorded exchange %s: %w", o.Recorded.ID, err)
	}
	for i := range o.Answers {
		if o.Answers[i].Side == "" {
			return fmt.Errorf("write answer %d to %s: it names no side", i, o.Recorded.ID)
		}
		e := answerExchange(&o.Recorded, &o.Answers[i])
		if err := sink.WriteExchange(ctx, &e); err != nil {
			return fmt.Errorf("write answer of %s to %s: %w", o.Answers[i].Side, o.Recorded.ID, err)
		}
	}
	return nil
}

// answerExchange makes an exchange of an answer. Its identity holds the time of
// asking, so that asking again gives another one.
func answerExchange(recorded *capture.Exchange, a *Answer) capture.Exchange {
	from := &recorded.Context
	labels := map[string]string{LaneLabel: string(a.Side)}
	if a.Fault != "" {
		labels[FaultLabel] = string(a.Fault)
	}
	if a.Err != "" {
		labels[ErrorLabel] = a.Err
	}
	return capture.Exchange{
		ID:       capture.NewID("replay", recorded.ID.String()+" "+string(a.Side), a.Request.Start, 0),
		Request:  a.Request,
		Response: a.Response,
		Context: capture.Context{
			Agent:    "replay",
			Service:  from.Service,
			Caller:   from.Caller,
			Session:  from.Session,
			TraceID:  from.TraceID,
			SpanID:   from.SpanID,
			Recorded: recorded.ID,
			Labels:   labels,
		},
	}
}
