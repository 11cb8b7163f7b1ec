package canary

import (
	"fmt"
	"strings"
)

// maxProblems is how many different sentences a metric keeps, and maxProblemText how
// long one may be: a person reads a few.
const (
	maxProblems    = 10
	maxProblemText = 300
)

// problems counts the looks that had each problem, in the order of the first.
type problems struct {
	texts  []string
	counts []uint64
	others uint64
}

func (p *problems) add(text string) {
	if len(text) > maxProblemText {
		text = strings.ToValidUTF8(text[:maxProblemText], "") + "…"
	}
	for i := range p.texts {
		if p.texts[i] == text {
			p.counts[i]++
			return
		}
	}
	if len(p.texts) == maxProblems {
		p.others++
		return
	}
	p.texts, p.counts = append(p.texts, text), append(p.counts, 1)
}

func (p *problems) list() []string {
	var list []string
	for i, t := range p.texts {
		if p.counts[i] > 1 {
			t = fmt.Sprintf("%s (%d looks)", t, p.counts[i])
		}
		list = append(list, t)
	}
	if p.others > 0 {
		list = append(list, fmt.Sprintf("%d more problems", p.others))
	}
	return list
}
