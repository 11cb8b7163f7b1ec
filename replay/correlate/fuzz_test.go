package correlate

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
)

// found is a leaf that outlives its visit.
type found struct {
	kind  Kind
	key   uint64
	pos   uint64
	place Place
	text  string
	edit  edit
	raw   string
}

// everything returns all leaves of a request, each with the edit that writes it
// as it is.
func everything(r *capture.Request) ([]found, *walker) {
	var list []found
	w := new(walker)
	w.visit = func(l *leaf) {
		f := found{kind: l.kind, key: l.key, pos: l.pos, place: w.place(), text: string(l.text)}
		f.edit = edit{part: partOf(l.kind), field: l.field, start: l.start, end: l.end}
		switch f.edit.part {
		case targetPart:
			f.raw = r.Target[l.start:l.end]
		case fieldPart:
			f.raw = r.Header[l.field].Value[l.start:l.end]
		default:
			f.raw = string(w.body[l.start:l.end])
		}
		f.edit.text = f.raw
		list = append(list, f)
	}
	w.request(r, nil)
	return list, w
}

var mediaTypes = []string{"application/json", "application/x-www-form-urlencoded", "text/html", ""}

func fuzzed(target, name, value, body string, media uint8) capture.Request {
	r := capture.Request{Method: "POST", Target: target, Message: message{header: []string{"Host: h"}}.build()}
	r.Header = append(r.Header, capture.Field{Name: name, Value: value},
		capture.Field{Name: "Content-Type", Value: mediaTypes[int(media)%len(mediaTypes)]})
	r.Body = []byte(body)
	return r
}

// Writing every value as it is changes nothing; writing another one in one place
// changes that place to it, and no other.
func FuzzReplace(f *testing.F) {
	f.Add("/orders/%41?a=b+c&d", "Cookie", "a=b; c=d%20", `{"a":["x",{"b\n":1.5e3}],"\u00e9":"\ud83d\ude00"}`, uint8(0), "n/ew \"é\\\x01")
	f.Add("http://h/a//b/?x=%zz#f", "If-Match", `"a", W/"b", x`, "a=b&c=%20+", uint8(1), "7")
	f.Add("*", "Authorization", "Bearer  x ", "[1,2,", uint8(0), "12e")
	f.Fuzz(func(t *testing.T, target, name, value, body string, media uint8, own string) {
		r := fuzzed(target, name, value, body, media)
		list, w := everything(&r)
		same := r
		var edits []edit
		for _, l := range list {
			edits = append(edits, l.edit)
		}
		require.True(t, apply(&same, edits, w.body))
		require.Equal(t, r.Target, same.Target)
		require.Equal(t, r.Header, same.Header)
		require.Equal(t, string(r.Body), string(same.Body))
		for i, l := range list {
			written, ok := encodeFor(&r, l, own)
			if !ok || i > 8 {
				continue
			}
			one := r
			l.edit.text = written
			require.True(t, apply(&one, []edit{l.edit}, w.body))
			again, _ := everything(&one)
			checkOne(t, list, again, i, own)
		}
	})
}

func encodeFor(r *capture.Request, f found, text string) (string, bool) {
	l := leaf{kind: f.kind, field: f.edit.field, start: f.edit.start, end: f.edit.end}
	l.quoted = f.kind == Body && strings.HasPrefix(f.raw, `"`)
	return encode(&l, r.Header, text)
}

// checkOne compares the leaves before and after the i-th was changed to text.
func checkOne(t *testing.T, before, after []found, i int, text string) {
	if text == "" || len(text) > maxValue || before[i].text == "" {
		return
	}
	require.Len(t, after, len(before))
	for k := range after {
		want := before[k].text
		if k == i {
			want = text
		}
		require.Equal(t, before[k].place, after[k].place)
		require.Equal(t, want, after[k].text, "%s, after %s was changed", after[k].place, before[i].place)
	}
}

// Whatever an answer holds, it is walked through, and every place that is named
// leads to the same leaf again.
func FuzzPlaces(f *testing.F) {
	f.Add("Set-Cookie", "a=b%3D; Path=/", `{"a":[{"b c":"x"},[1]],"\"":{"":2}}`, uint8(0))
	f.Add("Location", "//h/a/b?c=d#e", `<input type=hidden name="a&amp;b" value='x'><meta name=c content=d/e><input`, uint8(2))
	f.Fuzz(func(t *testing.T, name, value, body string, media uint8) {
		request := fuzzed("/", name, value, body, media)
		r := capture.Response{Status: 200, Message: request.Message}
		w := new(walker)
		w.visit = func(l *leaf) {
			p := w.place()
			c, err := p.compile()
			if err != nil {
				require.Equal(t, Body, p.Kind, "%s: %s", p, err)
				return
			}
			require.Equal(t, c.key, l.key, "%s", p)
			require.True(t, c.covers(l))
		}
		w.response(&r)
	})
}

// A sieve passes over what has another place, and over nothing else. Behind a
// break in what was passed over, more is found than the whole walk finds.
func FuzzSieve(f *testing.F) {
	f.Add("Location", "/a/b?c=d", `{"a":[{"b c":"x","d":{"b":1}},[1]],"\"":{"":2},"b":"\u00e9","long name of a member":"and a long value \n"}`, uint8(0), uint8(3))
	f.Add("Set-Cookie", "a=b; Path=/", "a=b&c=d", uint8(1), uint8(0))
	f.Fuzz(func(t *testing.T, name, value, body string, media, which uint8) {
		request := fuzzed("/p/q?r=s", name, value, body, media)
		r := capture.Response{Status: 200, Message: request.Message}
		for _, walk := range []func(*walker){func(w *walker) { w.request(&request, nil) }, func(w *walker) { w.response(&r) }} {
			all := visited(nil, walk)
			if len(all) == 0 {
				continue
			}
			one := all[int(which)%len(all)].place
			c, err := one.compile()
			if err != nil {
				continue
			}
			s := new(sieve)
			s.add(one, &c)
			var want []found
			for _, l := range all {
				if l.key == c.key {
					want = append(want, l)
				}
			}
			got := visited(s, walk)
			require.GreaterOrEqual(t, len(got), len(want), "%s", one)
			require.Equal(t, want, got[:len(want)], "%s", one)
		}
	})
}

func visited(s *sieve, walk func(*walker)) []found {
	var list []found
	w := &walker{sieve: s}
	w.visit = func(l *leaf) {
		list = append(list, found{kind: l.kind, key: l.key, pos: l.pos, place: w.place(), text: string(l.text)})
	}
	walk(w)
	return list
}

func FuzzSetCookie(f *testing.F) {
	f.Add("a=b; Path=/x; Max-Age=-1; Expires=Thu, 01-Jan-70 00:00:00 GMT", "/y/z")
	f.Fuzz(func(t *testing.T, text, path string) {
		c, ok := parseSetCookie(text, path, t0)
		if ok {
			require.NotEmpty(t, c.name)
			require.True(t, strings.HasPrefix(c.path, "/"))
			var j jar
			j.note(c)
			j.keep(c)
			e := cookieEdit{jar: &j, path: c.path, now: t0}
			request := capture.Request{Message: capture.Message{Header: capture.Header{{Name: "Cookie", Value: text}}}}
			e.request(&request, 0)
		}
	})
}
