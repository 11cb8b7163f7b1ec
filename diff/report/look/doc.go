// Package look holds what the reports of the program have in common, so that
// they read and look alike: text that is made visible and laid out in columns,
// numbers in words, Markdown that nothing breaks out of, and the frame, the
// styles and the scripts of a page.
//
// Text that came from outside is never trusted: see [Visible], [Escape] and
// [Policy].
package look
