// Package report renders a [diff.Report] for its readers: a terminal
// ([Terminal]), other programs ([JSON], [Decode], [Schema]), continuous
// integration ([JUnit]), a merge request's comment ([Markdown]) and a browser
// ([HTML]).
//
// A renderer decides nothing: the verdict and the judgements are the report's.
// It leaves nothing out without saying how much. Text that came from the
// traffic is never trusted: it cannot move a terminal's cursor, close an
// element, open a table cell, mention a person, or run.
//
// Every function may be called from several goroutines at once, as long as
// nobody changes the report meanwhile. Errors are those of the writer, except
// where a function says otherwise.
package report
