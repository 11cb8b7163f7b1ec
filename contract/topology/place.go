package topology

// put gives every place its coordinates: a layer is a column, and a place stands as
// near to the middle of its neighbours as those above and below it allow.
func (l *layout) put() {
	for n, layer := range l.layers {
		y := pageMargin
		for _, i := range layer {
			p := &l.places[i]
			p.x, p.y = entryWidth+pageMargin+float64(n)*(boxWidth+layerGap), y
			y += p.height + rowGap
		}
	}
	for i := range sweeps {
		for n := range l.layers {
			at := n
			if i%2 == 1 {
				at = len(l.layers) - 1 - n
			}
			l.align(l.layers[at])
		}
	}
	l.toTop()
}

// align moves the places of a layer towards the middle of their neighbours: in
// blocks, each of which stands where its members wish on average, and is one with
// the next when they touch.
func (l *layout) align(layer []int) {
	type block struct {
		first, n int
		wish     float64 // the sum, of the block's top
		size     float64
	}
	var blocks []block
	for i, p := range layer {
		b := block{first: i, n: 1, wish: l.wish(p), size: l.places[p].height + rowGap}
		for len(blocks) > 0 {
			last := blocks[len(blocks)-1]
			if last.wish/float64(last.n)+last.size <= b.wish/float64(b.n) {
				break
			}
			last.wish += b.wish - last.size*float64(b.n)
			last.n += b.n
			last.size += b.size
			b = last
			blocks = blocks[:len(blocks)-1]
		}
		blocks = append(blocks, b)
	}
	for _, b := range blocks {
		y := b.wish / float64(b.n)
		for _, p := range layer[b.first : b.first+b.n] {
			l.places[p].y = y
			y += l.places[p].height + rowGap
		}
	}
}

// wish is where the top of a place would be if it were alone.
func (l *layout) wish(i int) float64 {
	p := &l.places[i]
	sum, n := 0.0, 0
	for _, list := range [2][]int{p.from, p.to} {
		for _, q := range list {
			sum += l.middle(q)
			n++
		}
	}
	if n == 0 {
		return p.y
	}
	return sum/float64(n) - p.height/2
}

func (l *layout) middle(i int) float64 { return l.places[i].y + l.places[i].height/2 }

// toTop moves all so that the highest place is at the margin.
func (l *layout) toTop() {
	top := 0.0
	for i := range l.places {
		if y := l.places[i].y; i == 0 || y < top {
			top = y
		}
	}
	for i := range l.places {
		l.places[i].y += pageMargin - top
	}
}

// size is that of the whole drawing.
func (l *layout) size() (width, height float64) {
	for i := range l.places {
		p := &l.places[i]
		width, height = max(width, p.x+boxWidth), max(height, p.y+p.height)
	}
	return width + pageMargin, height + pageMargin
}
