package canary

// priorDispersion is the design effect that is assumed of a baseline of which nothing
// is known, and priorLooks how many looks of its own outweigh that. Without a history
// they hold the budget at a true design effect of 5, see testdata/rollbacks.txt; 3 did
// not, and 8 made independent requests wait half as long again. At a true one of 20
// it takes a history: without one a canary that is exactly at what is allowed was rolled
// back in 29 of 100 runs, with thirty looks of it in 5.
const (
	priorDispersion = 5
	priorLooks      = 2
)

// forget is what a look counts for after the next: the last fifty count.
const forget = 0.98

// dispersion estimates the design effect of a side's counts.
type dispersion struct {
	n, y float64 // of the last look
	// square sums up the squared differences of successive looks, expected what they
	// would be for independent requests, and looks counts the pairs.
	square, expected, looks float64
}

// add counts a look: n requests of which y are bad. Two looks together say something
// if there were bad requests and good ones. Given how many were bad, x/(n n') has the
// mean 0 and the variance v·all²/(n n')² for independent requests. The sums are taken
// before the ratio, as the ratio of each look would weigh the rare bursts too little.
func (d *dispersion) add(n, y float64) {
	if n == 0 {
		return
	}
	all, bad := d.n+n, d.y+y
	if d.n > 0 && bad > 0 && bad < all {
		x := (d.y*n - y*d.n) / all
		d.square = forget*d.square + x*x
		d.expected = forget*d.expected + d.n/all*n*bad/all*(all-bad)/(all-1)
		d.looks = forget*d.looks + 1
	}
	d.n, d.y = n, y
}

// effect is the design effect of looks to come, at least 1.
func (d *dispersion) effect() float64 {
	return max(1, (priorDispersion*priorLooks+ratio(d.square, d.expected)*d.looks)/(priorLooks+d.looks))
}

// of is the design effect of a block's difference. Where rates vary from look to look
// the variance of the difference is 1 + 2(φ-1) na/(na+nb) of that of independent
// requests, φ being the baseline's; where events come several times it is φ.
func (d *dispersion) of(b block) float64 {
	return 1 + (d.effect()-1)*max(1, 2*b.na/(b.na+b.nb))
}
