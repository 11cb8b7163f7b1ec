package selfcheck

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"

	"twinspect.dev/capture/grpcmsg"
	"twinspect.dev/diff"
	"twinspect.dev/diff/compare"
	"twinspect.dev/diff/jsondiff"
	"twinspect.dev/diff/project"
)

// bodies are sound bodies of the formats that are compared by their projections.
var bodies = []struct{ mediaType, body string }{
	{"application/xml", `<?xml version="1.0"?><!-- a --><o:order xmlns:o="u" id="7"><item sku='A1'><price>12.50</price></item>` +
		`<item sku="B2"><price>3</price><note/></item><text><![CDATA[two words]]></text>a &amp; b</o:order>`},
	{"text/html", `<!doctype html><html lang=en><head><title>A shop</title><script>var x = 1 < 2;</script></head>` +
		`<body class="a b"><ul><li>first<li><a href="/x?a=1&amp;b=2">second</a></ul><p>text<br>more &copy; <input disabled value='v'></body></html>`},
	{"application/x-www-form-urlencoded", "name=two+words&n=12&n=13&%C3%A4=%26"},
	{"application/x-ndjson", "{\"id\":1,\"v\":\"x\"}\n{\"id\":2,\"v\":\"y\"}\n\n{\"id\":3}\n"},
	{"application/json-seq", "\x1e{\"id\":1}\n\x1e[1,2]\n\x1e3\n"},
	{"text/event-stream", "event: tick\ndata: {\"n\":1,\"s\":\"word\"}\nid: 1\n\n: none\ndata: plain words\n\nretry: 10\ndata: [1]\n\n"},
	{"text/csv", "sku,price,name\r\nA1,12.50,\"a \"\"good\"\" one\"\r\nB2,3,\r\nC3,4,another\r\n"},
	{"multipart/mixed; boundary=zz", "--zz\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\ntwo words\r\n" +
		"--zz\r\nContent-Type: application/json\r\n\r\n{\"x\":1}\r\n--zz--\r\n"},
}

func placesAt(mediaType, body string) map[string][]string {
	places := make(map[string][]string)
	for _, w := range ways(answer(200, mediaType, body)) {
		name, at, _ := strings.Cut(w, " at ")
		places[at] = append(places[at], name)
	}
	return places
}

func TestEachPlaceOfAStructureHasItsMutations(t *testing.T) {
	number := []string{"character", "class", "drop", "empty", "minus one", "plus one", "sign", "tenfold"}
	word := []string{"character", "class", "drop", "empty"}
	for i, want := range []map[string][]string{
		{"$.order['@id']": number, "$.order.item[*]['@sku']": word, "$.order.text": {"drop"}, "$.order.text[*]": {"repeat"}, "$.order.text[*]['#text']": {"character", "class", "empty"}},
		{"$.html['@lang']": word, "$.html.head.title[*]": {"character", "class", "empty", "repeat"}, "$.html.body['@class'][*]": {"character", "class", "empty"}},
		{"$.name[*]": {"character", "class", "drop", "empty", "repeat"}, "$.ä[*]": {"character", "class", "drop", "empty"}},
		{"$[*].id": {"drop", "minus one", "null", "plus one", "rename", "sign", "tenfold", "type"}, "$[*]": {"add", "drop", "empty", "null", "repeat", "swap", "type"}},
		{"$[*].id": {"drop", "minus one", "null", "plus one", "rename", "sign", "tenfold", "type"}, "$[*][*]": {"drop", "minus one", "null", "plus one", "repeat", "sign", "tenfold", "type"}},
		{"$[*].event": word, "$[*].data.s": {"character", "class", "drop", "empty", "null", "rename", "type"}, "$[*]": {"drop", "repeat", "swap"}, "$[*].id": number},
		{"$[*].price": {"character", "class", "empty", "minus one", "plus one", "sign", "tenfold"}, "$[*].name": {"character", "class", "empty"}, "$[*]": {"drop", "repeat", "swap"}},
		{"$.a[*]": {"drop", "repeat"}, "$.a[*].body": {"character", "class", "empty"}, "$['#parts'][*].body.x": {"drop", "minus one", "null", "plus one", "rename", "sign", "tenfold", "type"}},
	} {
		got := placesAt(bodies[i].mediaType, bodies[i].body)
		for place, names := range want {
			assert.Equal(t, names, got[place], "%s %s of %v", bodies[i].mediaType, place, got)
		}
	}
}

// TestMutationsOfASoundStructureLeaveItSound holds all of them against the
// projections, and that each is told of at its place or below.
func TestMutationsOfASoundStructureLeaveItSound(t *testing.T) {
	for _, b := range bodies {
		r := answer(200, b.mediaType, b.body)
		c := compare.NewUnmasked(nil)
		for rank := range uint64(20) {
			list, _ := mutationsOf(r, rank)
			for i := range list {
				m, changed := &list[i], *r
				if m.rest != nil || m.place.Path == "" {
					continue
				}
				m.apply(&changed, nil)
				_, err := project.Append(nil, changed.Body, b.mediaType)
				require.NoError(t, err, "%s at %s gives %s", m.name, m.place, changed.Body)
				var told []string
				c.Compare("GET /", r, &changed, func(ch diff.Change) { told = append(told, ch.Path) })
				assert.NotEmpty(t, told, "%s at %s gives %s", m.name, m.place, changed.Body)
			}
		}
	}
}

func TestBrokenStructuresAreChangedAsText(t *testing.T) {
	for _, mediaType := range []string{"application/x-ndjson", "application/json-seq", "text/csv", "multipart/mixed; boundary=x", "application/xml"} {
		assert.Contains(t, placesAt(mediaType, "a,\"b\nnot\n"), "text", mediaType)
	}
	assert.Contains(t, placesAt("text/html", `{"a":1}`), "$.a", "a default that nobody changed")
}

func TestPlacesAreFoldedAsThoseOfDifferences(t *testing.T) {
	object := func(n int, last string) string {
		var b strings.Builder
		for i := range n - 1 {
			fmt.Fprintf(&b, `"k%d":%d,`, i, i)
		}
		return `{"o":{` + b.String() + last + `},"20261121":{"a":1}}`
	}
	for _, n := range []int{maxMembers, maxMembers + 1, 1000} {
		doc, folded := object(n, `"z":1`), ""
		err := new(jsondiff.Differ).Compare([]byte(doc), []byte(object(n, `"z":2`)), jsondiff.Options{}, func(ch jsondiff.Change) { folded = ch.Path.Fold() })
		require.NoError(t, err)
		places := placesAt("application/json", doc)
		assert.Contains(t, places, folded)
		assert.Contains(t, places, "$[*].a", "a name that is a value")
		if n > maxMembers {
			assert.NotContains(t, places, "$.o.k1")
			assert.Less(t, len(places), 20, "one place for all members")
		}
	}
}

// message is {1: 300, 2: "name", 3: {1: 1, 2: "inner"}, 4: fixed}.
func message() []byte {
	inner := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 1)
	inner = protowire.AppendString(protowire.AppendTag(inner, 2, protowire.BytesType), strings.Repeat("inner ", 20))
	b := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 300)
	b = protowire.AppendString(protowire.AppendTag(b, 2, protowire.BytesType), "name")
	b = protowire.AppendBytes(protowire.AppendTag(b, 3, protowire.BytesType), inner)
	b = protowire.AppendFixed64(protowire.AppendTag(b, 4, protowire.Fixed64Type), 7)
	return protowire.AppendFixed32(protowire.AppendTag(b, 5, protowire.Fixed32Type), 7)
}

func TestMutationsOfMessagesAreMessages(t *testing.T) {
	framed := grpcmsg.Append(grpcmsg.Append(nil, grpcmsg.Message{Data: message()}), grpcmsg.Message{Data: message()})
	for _, isFramed := range []bool{false, true} {
		body, names := message(), map[string]bool{}
		if isFramed {
			body = framed
		}
		for seed := range uint64(10) {
			m := &maker{rng: rand.New(rand.NewPCG(seed, 1)), folds: newFolds(), body: body, made: map[way]bool{}}
			require.True(t, m.messages(isFramed))
			for i := range m.list {
				changed := m.list[i].splice(nil, body)
				names[string(m.list[i].name)+" at "+m.list[i].place.Path] = true
				assert.NotEqual(t, body, changed)
				if !isFramed {
					assert.True(t, isMessage(changed), "%s at %s", m.list[i].name, m.list[i].place)
					continue
				}
				n := 0
				for message, err := range grpcmsg.Split(changed) {
					require.NoError(t, err)
					assert.True(t, isMessage(message.Data))
					n++
				}
				assert.Equal(t, 2, n)
			}
		}
		root := map[bool]string{false: "$", true: "$[*]"}[isFramed]
		for _, want := range []string{"plus one at %s['1']", "character at %s['2']", "empty at %s['3']['2']", "drop at %s['3']['1']", "plus one at %s['4']", "drop at %s['5']"} {
			assert.Contains(t, names, fmt.Sprintf(want, root))
		}
	}
}

// FuzzStructures holds that no body is too odd to be changed, and that what is
// sound stays so.
func FuzzStructures(f *testing.F) {
	for i, b := range bodies {
		f.Add(uint8(i), []byte(b.body))
	}
	f.Add(uint8(8), message())
	f.Fuzz(func(t *testing.T, format uint8, body []byte) {
		if int(format) >= len(bodies) {
			m := &maker{rng: rand.New(rand.NewPCG(1, 1)), folds: newFolds(), body: body, made: map[way]bool{}}
			m.messages(format%2 == 0)
			for i := range m.list {
				m.list[i].splice(nil, body)
			}
			return
		}
		mediaType := bodies[format].mediaType
		m := &maker{rng: rand.New(rand.NewPCG(1, 1)), folds: newFolds(), body: body, made: map[way]bool{}}
		if len(body) == 0 || m.isPlainlyJSON() {
			return
		}
		_, unsound := project.Append(nil, body, mediaType)
		m.content(answer(200, mediaType, ""))
		for i := range m.list {
			if !strings.HasPrefix(m.list[i].place.Path, "$") {
				continue
			}
			changed := m.list[i].splice(nil, body)
			_, err := project.Append(nil, changed, mediaType)
			if err != nil && unsound == nil && format != 0 && format != 7 {
				t.Fatalf("%s at %s of %q gives %q: %v", m.list[i].name, m.list[i].place, body, changed, err)
			}
		}
	})
}
