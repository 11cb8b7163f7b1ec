// Package report renders the evidence of verified Pact files for its readers: a
// terminal ([Terminal]), other programs ([JSON], [Read], [Schema]), continuous
// integration ([JUnit]), a merge request's comment ([Markdown]) and a browser
// ([HTML]).
//
// A renderer decides nothing: the verdict is the evidence's. It leaves nothing out
// without saying how much. Text that came from a Pact file, from a broker or from a
// provider is never trusted: it cannot move a terminal's cursor, close an element,
// open a table cell, mention a person, or run.
//
// Every function may be called from several goroutines at once, as long as nobody
// changes the evidence meanwhile. Errors are those of the writer, except where a
// function says otherwise.
package report
