package correlate

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestASessionCarriesWhatItsAnswersSet(t *testing.T) {
	for name, c := range map[string]struct {
		set        []string
		path       string
		beforehand bool // the request was sent before the answer ended
		want       bool
	}{
		"the last one":            {[]string{"sid=old; Path=/", "sid=v; Path=/"}, "/x", false, true},
		"another value":           {[]string{"sid=v; Path=/", "sid=new; Path=/"}, "/x", false, false},
		"another cookie":          {[]string{"id=v; Path=/"}, "/x", false, false},
		"under its path":          {[]string{"sid=v; Path=/x"}, "/x/y", false, true},
		"under another path":      {[]string{"sid=v; Path=/x"}, "/xy", false, false},
		"under a shorter path":    {[]string{"sid=v; Path=/x/y"}, "/x", false, false},
		"the default path":        {[]string{"sid=v"}, "/first/b", false, true},
		"beside the default path": {[]string{"sid=v"}, "/second", false, false},
		"one that was deleted":    {[]string{"sid=v; Path=/", "sid=v; Path=/; Max-Age=0"}, "/x", false, false},
		"before it was set":       {[]string{"sid=v; Path=/"}, "/x", true, false},
		"none":                    {nil, "/x", false, false},
	} {
		var k talk
		jars := newCarried()
		var end int64
		for _, s := range c.set {
			e := k.add("a", "GET /first/a", message{}, 200, message{header: []string{"set-cookie: " + s}})
			jars.note(e, hashText("a"))
			end = e.Response.End.UnixNano()
		}
		if c.beforehand {
			end--
		}
		assert.Equal(t, c.want, jars.holds(hashText("a"), []byte("sid"), hashText("v"), c.path, end), name)
		assert.False(t, jars.holds(hashText("b"), []byte("sid"), hashText("v"), c.path, end), name)
	}
}

func TestWhatIsCarriedIsBounded(t *testing.T) {
	jars := newCarried()
	for i := range 3 * carriedWays {
		jars.put(carriedCookie{key: uint64(i + 1), end: int64(i)})
	}
	for i, k := range jars.bucket(1) {
		assert.GreaterOrEqual(t, k.end, int64(2*carriedWays), fmt.Sprint(i))
	}
}
