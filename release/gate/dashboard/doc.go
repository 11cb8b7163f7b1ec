// Package dashboard shows people what the gate knows, in a browser: releases with their
// verdicts and what would change them, the evidence that these rest on, the metrics of
// canaries, services with those who call them, and who did what.
//
// Pages are whole without scripts, load nothing, and their content security policy
// forbids it. With scripts they follow the gate's events and replace what changed. They
// show what who asks may read, as [twinspect.dev/release/gate/access] has it, and change
// nothing: overrides and stops are filed by the command or the API.
//
// Texts of evidence, releases and people are never trusted: they stay text, and what
// would not show is made visible.
package dashboard
