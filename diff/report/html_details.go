package report

import (
	"twinspect.dev/diff"
	"twinspect.dev/diff/report/look"
)

// levels are what may be told of a difference, the least first.
var levels = []func(diff.Difference) diff.Difference{
	func(d diff.Difference) diff.Difference { d.Examples = nil; return d },
	shortened,
	func(d diff.Difference) diff.Difference { return d },
}

const (
	bare  = 0 // without examples
	short = 1 // with one, cut short
	whole = 2
)

// shortened keeps one example, its values cut.
func shortened(d diff.Difference) diff.Difference {
	if len(d.Examples) > 0 {
		e := d.Examples[0]
		for _, s := range []*string{&e.Target, &e.At, &e.Base, &e.Branch, &e.Control} {
			*s = look.Clip(*s, shortValue)
		}
		d.Examples = []diff.Example{e}
	}
	return d
}

// size is what a chunk takes, on the page and in the memory of its tab.
type size struct{ text, raw int }

func (s size) times(n int) size        { return size{s.text * n, s.raw * n} }
func (s size) minus(other size) size   { return size{s.text - other.text, s.raw - other.raw} }
func (s size) fitsIn(budget size) bool { return s.text <= budget.text && s.raw <= budget.raw }

// details packs the differences, the most important first. Each chunk is packed at
// the greatest level that leaves the chunks behind it room for theirs, as a sample
// of them predicts: packing all at every level would take thrice as long. Where not
// all fits, the page is cut to the length that opens at once.
func (p *packer) details(differences []diff.Difference, left *leftOut) ([]string, error) {
	chunks := chunked(differences)
	expected, err := p.sample(chunks)
	if err != nil {
		return nil, err
	}
	budget := size{p.budget, maxRawDetail}
	if !expected[whole].times(len(chunks)).fitsIn(budget) {
		budget.text = min(budget.text, max(p.budget-(maxPage-cutPage), 0))
	}
	texts := make([]string, len(chunks))
	level := whole
	for i, list := range chunks {
		behind := len(chunks) - i - 1
		for ; level >= bare; level-- {
			reserve := size{}
			if level > bare {
				reserve = expected[level-1].times(behind)
			}
			text, raw, err := p.squeeze(atLevel(list, level))
			if err != nil {
				return nil, err
			}
			if took := (size{len(text) + 1, raw}); took.fitsIn(budget.minus(reserve)) {
				texts[i], budget = text, budget.minus(took)
				break
			}
		}
		left.add(level, uint64(len(list)))
	}
	return texts, nil
}

func (l *leftOut) add(level int, n uint64) {
	switch level {
	case whole:
	case short:
		l.Shortened += n
	case bare:
		l.Examples += n
	default:
		l.Details += n
	}
}

func chunked(differences []diff.Difference) [][]diff.Difference {
	var chunks [][]diff.Difference
	for i := 0; i < len(differences); i += chunkLength {
		chunks = append(chunks, differences[i:min(i+chunkLength, len(differences))])
	}
	return chunks
}

func atLevel(list []diff.Difference, level int) []diff.Difference {
	told := make([]diff.Difference, len(list))
	for i := range list {
		told[i] = levels[level](list[i])
	}
	return told
}

// maxSampled chunks tell what the others take: they are alike enough that four
// are off by a few percent.
const maxSampled = 4

// sample returns what a chunk takes on average at each level; nothing where there
// are so few that all will fit or be tried.
func (p *packer) sample(chunks [][]diff.Difference) ([3]size, error) {
	var mean [3]size
	n := min(len(chunks), maxSampled)
	if len(chunks) <= 1 {
		return mean, nil
	}
	for level := range levels {
		for i := range n {
			text, raw, err := p.squeeze(atLevel(chunks[i*(len(chunks)-1)/(n-1)], level))
			if err != nil {
				return mean, err
			}
			mean[level].text += len(text) + 1
			mean[level].raw += raw
		}
		mean[level] = size{mean[level].text / n, mean[level].raw / n}
	}
	return mean, nil
}
