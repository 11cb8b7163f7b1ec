package broker

import (
	"context"
	"net/http"
)

// version is one version of a participant, and where it belongs.
type version struct {
	name, number, branch string
	tags                 []string
	buildURL             string
}

// describe puts a version on its branch and gives it its tags. What an old broker
// cannot do is a notice; the pact is worth publishing all the same.
func (c *Client) describe(ctx context.Context, root *resource, v version, notices *[]Notice) error {
	vars := map[string]string{"pacticipant": v.name, "version": v.number, "branch": v.branch}
	if v.branch != "" {
		if err := c.put(ctx, root, vars, "pb:pacticipant-branch-version", "put version "+v.number+" on branch "+v.branch, struct{}{}, notices); err != nil {
			return err
		}
	}
	if v.buildURL != "" {
		body := map[string]string{"buildUrl": v.buildURL}
		if err := c.put(ctx, root, vars, "pb:pacticipant-version", "tell the build of version "+v.number, body, notices); err != nil {
			return err
		}
	}
	for _, tag := range v.tags {
		vars["tag"] = tag
		if err := c.put(ctx, root, vars, "pb:pacticipant-version-tag", "tag version "+v.number+" as "+tag, struct{}{}, notices); err != nil {
			return err
		}
	}
	return nil
}

func (c *Client) put(ctx context.Context, root *resource, vars map[string]string, rel, what string, body any, notices *[]Notice) error {
	to, err := root.link(vars, rel)
	if err != nil {
		return &Error{What: what, URL: c.index.String(), Text: err.Error()}
	}
	if to == nil {
		*notices = append(*notices, Notice{Type: "warning", Text: "the broker is too old to " + what + " (it has no " + rel + ")"})
		return nil
	}
	_, err = c.send(ctx, what, http.MethodPut, to, body)
	return err
}
