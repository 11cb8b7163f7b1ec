//go:build e2e

package reference_test

import "regexp"

// argument is why a disagreement stays: expressions for the interaction, for the kind
// of mutation, for what is said here and there. An empty one takes all.
type argument struct {
	reason                          string
	interaction, what, ours, theirs string
}

var argued = []argument{
	{
		reason: "media types are equal whatever their case (RFC 9110 section 8.3.1); the reference compares letters",
		what:   `^(header )?Content-Type:? "?(APPLICATION|TEXT)/`, ours: `^passed`,
	},
	{
		reason: "a field with a list is the same on one line as on several (RFC 9110 section 5.3)",
		what:   ` (apart|in one)$`, ours: `^passed`,
	},
	{
		reason: "a number of any size without a fraction is an integer; the reference holds what is beyond 64 bits as a float",
		what:   ` = 100000000000000000000000$`, ours: `^passed`,
	},
	{
		reason: "1.0 is equal to 1 (JSON has one type of numbers); the reference tells them apart",
		what:   ` = 1\.0$`, ours: `^passed`, theirs: `to be equal to .*\(Integer\)`,
	},
	{
		reason: "a text is no boolean in JSON, where a consumer that reads one fails; the reference takes \"true\"",
		what:   ` = "true"$`, ours: `a boolean is expected`,
	},
	{
		reason:      "dd and SSS are two and three digits in Java's DateTimeFormatter; the reference takes fewer",
		interaction: `^date`, what: ` = "(3/1/2025|2025-12-31T23:59:58\.5\+01:00)"$`, ours: `of the rule's format is expected`,
	},
	{
		reason:      "a backslash in a name of a path keeps what follows, as the reference writes it; it reads two of them as two",
		interaction: `^quoted names$`, what: `/back\\slash = `, ours: `^passed`, theirs: `"path": "\$\['back`,
	},
}

func (a *argument) fits(d *disagreement) bool {
	for _, pair := range [][2]string{{a.interaction, d.interaction}, {a.what, d.what}, {a.ours, d.ours}, {a.theirs, d.theirs}} {
		if !regexp.MustCompile(pair[0]).MatchString(pair[1]) {
			return false
		}
	}
	return true
}
