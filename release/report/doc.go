// Package report renders the verdict on a release for its readers: a person at a
// terminal ([Terminal], and [Explain] with all of its grounds), other programs
// ([JSON], [Read], [Schema]), continuous integration ([JUnit]) and a merge request's
// comment ([Markdown]).
//
// A renderer decides nothing: the decision is the verdict's. It leaves nothing out
// without saying how much. Text that came from evidence, from a policy or from who set
// a verdict aside is never trusted: it cannot move a terminal's cursor, close an
// element, open a table cell, or mention a person.
//
// Every function may be called from several goroutines at once, as long as nobody
// changes the verdict meanwhile. Errors are those of the writer, except where a
// function says otherwise.
package report
