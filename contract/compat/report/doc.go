// Package report renders an impact.Report, what a change of a document breaks and
// whom, for its readers: a terminal ([Terminal]), other programs ([JSON], [Read],
// [Schema]), continuous integration ([JUnit]), a merge request's comment
// ([Markdown]) and a browser ([HTML]).
//
// A renderer decides nothing: the verdict, the effects and the weights are the
// report's. It leaves nothing out without saying how much. Text that came from a
// document, a recording or a Pact file is never trusted: it cannot move a terminal's
// cursor, close an element, open a table cell, mention a person, or run.
//
// Every function may be called from several goroutines at once, as long as nobody
// changes the report meanwhile. Errors are those of the writer, except where a
// function says otherwise.
package report
