package credentials

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/replay/token"
)

// scheme is a security scheme of the document, and what there is for it.
type scheme struct {
	*openapi.Scheme
	place    place
	variable string // of a shell, that stands for its secret
	given    *given // nil where there is nothing
	cannot   string // why nothing that is given would do
}

// given says how the credentials of a scheme are got.
type given struct {
	cost   int
	renews bool // another can be had after an answer 401
	source func(scopes []string) token.Source
	scoped bool // scopes matter
}

// The costs of what is given: by how much has to be done for one.
const (
	costGiven = iota
	costCommand
	costEndpoint
	costLogin
	// costCertificate is the greatest: whether there is one is not known here.
	costCertificate
)

// place is where the text of a scheme stands in a request.
type place struct{ in, name, prefix string }

// at returns the place for reports.
func (p place) at() contract.Place {
	if p.in == "" {
		return ""
	}
	return contract.At(p.in, p.name)
}

// challenged are the schemes of HTTP authentication whose answer depends on a
// challenge or on the connection, so that no text that is given would do (IANA HTTP
// Authentication Scheme Registry).
var challenged = []string{"digest", "dpop", "gnap", "hoba", "mutual", "negotiate", "ntlm", "privatetoken", "scram-sha-1", "scram-sha-256", "vapid"}

func schemesOf(doc *openapi.Document) map[string]*scheme {
	all := make(map[string]*scheme, len(doc.Schemes))
	taken := make(map[string]bool)
	for _, name := range slices.Sorted(maps.Keys(doc.Schemes)) {
		s := &scheme{Scheme: doc.Schemes[name], variable: variableOf(name, taken)}
		s.place, s.cannot = placeOf(s.Scheme)
		all[name] = s
	}
	return all
}

func placeOf(s *openapi.Scheme) (p place, cannot string) {
	const authorization = "Authorization"
	switch s.Type {
	case "apiKey":
		if s.Param != "" && slices.Contains([]string{"header", "query", "cookie"}, s.In) {
			return place{in: s.In, name: s.Param}, ""
		}
		return place{}, fmt.Sprintf("the document does not say where the key of %s goes", s.Name)
	case "oauth2", "openIdConnect":
		return place{"header", authorization, "Bearer "}, ""
	case "mutualTLS":
		return place{}, ""
	case "http":
		p = place{"header", authorization, strings.ToUpper(s.Scheme[:min(1, len(s.Scheme))]) + s.Scheme[min(1, len(s.Scheme)):] + " "}
		if slices.Contains(challenged, s.Scheme) || s.Scheme == "" {
			return p, fmt.Sprintf("HTTP authentication %q of %s is not supported", s.Scheme, s.Name)
		}
		return p, ""
	}
	return place{}, fmt.Sprintf("security schemes of type %q, as %s, are not supported", s.Type, s.Name)
}

// basic reports whether the scheme is RFC 7617.
func (s *scheme) basic() bool { return s.Type == "http" && s.Scheme.Scheme == "basic" }

// what tells a person what the scheme wants.
func (s *scheme) what() string {
	switch {
	case s.basic():
		return s.Name + " (user:password)"
	case s.Type == "apiKey":
		return fmt.Sprintf("%s (key in %s %s)", s.Name, s.In, s.Param)
	case s.Type == "http":
		return fmt.Sprintf("%s (HTTP %s)", s.Name, s.Scheme.Scheme)
	}
	return fmt.Sprintf("%s (%s)", s.Name, s.Type)
}

// refuses says why nothing that is given would do, "" where something would.
func (s *scheme) refuses() string {
	if s.Type == "mutualTLS" {
		return s.Name + " wants a client's certificate, which the sender of requests is given"
	}
	return s.cannot
}

// atHand reports whether requests can be given what the scheme wants.
func (s *scheme) atHand() bool { return s.Type == "mutualTLS" || s.given != nil && s.cannot == "" }

func (s *scheme) cost() int {
	if s.Type == "mutualTLS" {
		return costCertificate
	}
	return s.given.cost
}

// known are names that mean something to shells and programs, which a variable of
// ours would hide or be taken for (POSIX.1-2017 section 8.3).
var known = []string{"HOME", "IFS", "LANG", "LOGNAME", "MAIL", "OPTARG", "OPTIND", "PATH", "PPID", "PS1", "PS2", "PS4", "PWD", "RANDOM", "SHELL", "TERM", "TMPDIR", "TZ", "UID", "USER"}

// variableOf makes the name of a shell's variable (POSIX.1-2017 section 3.235).
func variableOf(name string, taken map[string]bool) string {
	upper := strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToUpper(name))
	if upper == "" || upper[0] >= '0' && upper[0] <= '9' {
		upper = "_" + upper
	}
	if strings.Trim(upper, "_") == "" || slices.Contains(known, upper) {
		upper += "_SECRET"
	}
	unique := upper
	for n := 2; taken[unique]; n++ {
		unique = fmt.Sprintf("%s_%d", upper, n)
	}
	taken[unique] = true
	return unique
}

// minAge is the age below which a token is not renewed: a login each second at most,
// where all answers are 401. It is less than what a replay waits, as the cases of an
// operation that logs out end a session again and again.
const minAge = time.Second

// keyOf tells the tokens of one scheme apart by their scopes.
func keyOf(s *scheme, scopes []string) string {
	if !s.given.scoped {
		return s.Name
	}
	return s.Name + "\x00" + strings.Join(slices.Sorted(slices.Values(scopes)), " ")
}

// longestFirst orders texts so that none is tried before a longer one that it begins.
func longestFirst(a, b string) int { return cmp.Or(len(b)-len(a), cmp.Compare(a, b)) }
