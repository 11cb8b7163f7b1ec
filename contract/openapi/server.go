package openapi

import (
	"slices"
	"strings"
)

// server is a URL as the document writes it, and with the defaults of its
// variables filled in.
type server struct{ url, filled string }

// servers returns those that hold for an operation: its own, else the path item's,
// else the document's, else the root of the host.
func (b *builder) servers(u *unit) []server {
	for _, from := range slices.Concat(u.parts, u.item.parts, []node{b.root}) {
		if list := serverList(from); len(list) > 0 {
			return list
		}
	}
	return []server{{url: "/", filled: "/"}}
}

func serverList(parent node) []server {
	n, _ := parent.raw("servers")
	items, err := n.items()
	if err != nil {
		return nil
	}
	var list []server
	for _, n := range items {
		url := n.text("url")
		if url == "" || !n.object() {
			continue
		}
		list = append(list, server{url, fillServer(url, n)})
	}
	return list
}

func fillServer(url string, n node) string {
	variables, _ := n.raw("variables")
	entries, err := variables.entries()
	if err != nil {
		return url
	}
	for _, v := range entries {
		url = strings.ReplaceAll(url, "{"+v.name+"}", v.text("default"))
	}
	return url
}
