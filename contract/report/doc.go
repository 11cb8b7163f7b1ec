// Package report renders a [contract.Report] for its readers: a terminal
// ([Terminal]), other programs ([JSON], [Read], [Schema]), continuous
// integration ([JUnit]), a merge request's comment ([Markdown]) and a browser
// ([HTML]); and the exchanges that show its findings as a HAR file ([HAR]).
//
// A renderer decides nothing: the verdict and the findings are the report's. It
// leaves nothing out without saying how much. Text that came from a document or
// from a provider is never trusted: it cannot move a terminal's cursor, close an
// element, open a table cell, mention a person, or run.
//
// Every function may be called from several goroutines at once, as long as
// nobody changes the report meanwhile. Errors are those of the writer, except
// where a function says otherwise.
package report
