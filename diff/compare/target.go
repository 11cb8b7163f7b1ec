package compare

import "strings"

// Target returns a request-target as it may be shown: the values of query
// parameters whose names say that they are secrets, and secrets that give
// themselves away, are replaced as in the values of a [diff.Change].
func (c *Comparer) Target(target string) string {
	path, query, found := strings.Cut(target, "?")
	if !found {
		return c.mask.text([]byte(target))
	}
	parameters := strings.Split(query, "&")
	for i, p := range parameters {
		if name, value, ok := strings.Cut(p, "="); ok && isSecretName(name) {
			parameters[i] = name + "=" + c.mask.pseudonym(value)
		}
	}
	return c.mask.text([]byte(path + "?" + strings.Join(parameters, "&")))
}
