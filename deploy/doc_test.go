// Package deploy holds the tests of the pipeline steps and manifests beside it: that each
// does what its page promises, with the real program and the real schemas where they are at
// hand (the tag e2e).
package deploy
