package statement_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/release"
	"twinspect.dev/release/statement"
)

const document = "{\n  \"schema\": \"twinspect.dev/evidence/diff\",\n  \"version\": \"1.2\",\n  \"note\": \"<a&b> \\u003c 1.0e+02\"\n}\n"

var (
	subject = release.Subject{Service: "catalog", Digest: "sha256:" + strings.Repeat("9f", 32), BaseDigest: "sha256:" + strings.Repeat("1a", 32)}
	origin  = release.Origin{Branch: "prices", Commit: "0a1b2c", Pipeline: "42", Job: "diff", URL: "https://ci.example/42"}
)

func wrap(t testing.TB) *statement.Envelope {
	t.Helper()
	e, err := statement.Wrap([]byte(document), subject, origin)
	require.NoError(t, err)
	return e
}

func key(t testing.TB, a statement.Algorithm) *statement.PrivateKey {
	t.Helper()
	k, err := statement.Generate(a)
	require.NoError(t, err)
	return k
}

func ring(t testing.TB, keys map[string]*statement.PrivateKey) *statement.Keyring {
	t.Helper()
	r := new(statement.Keyring)
	for name, k := range keys {
		require.NoError(t, r.Add(name, k.Public()))
	}
	return r
}

// again writes an envelope and reads it.
func again(t testing.TB, e *statement.Envelope) *statement.Envelope {
	t.Helper()
	data, err := e.JSON()
	require.NoError(t, err)
	e, err = statement.Parse(data)
	require.NoError(t, err)
	return e
}

func TestAStatementKeepsTheEvidenceByteForByte(t *testing.T) {
	s, err := again(t, wrap(t)).Statement()
	require.NoError(t, err)
	assert.Equal(t, strings.TrimSpace(document), string(s.Evidence))
	assert.Equal(t, subject, s.Subject)
	assert.Equal(t, origin, s.Origin)
	assert.Equal(t, "https://twinspect.dev/evidence/diff/1.2", s.PredicateType)
}

func TestAStatementLooksAsItsSpecificationSays(t *testing.T) {
	want, err := os.ReadFile("testdata/statement.json")
	require.NoError(t, err)
	assert.Equal(t, strings.TrimSpace(string(want)), string(wrap(t).Payload))
	want, err = os.ReadFile("testdata/envelope.json")
	require.NoError(t, err)
	got, err := wrap(t).JSON()
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got))
}

func TestASignatureNamesItsSigner(t *testing.T) {
	ci, review := key(t, statement.Ed25519), key(t, statement.ECDSA)
	e := wrap(t)
	require.NoError(t, statement.Sign(e, ci))
	require.NoError(t, statement.Sign(e, review))
	require.ErrorContains(t, statement.Sign(e, ci), "signed already")
	e = again(t, e)
	for _, tt := range []struct {
		trusted *statement.Keyring
		want    []string
	}{
		{nil, nil},
		{ring(t, nil), nil},
		{ring(t, map[string]*statement.PrivateKey{"other": key(t, statement.ECDSA)}), nil},
		{ring(t, map[string]*statement.PrivateKey{"ci": ci}), []string{"ci"}},
		{ring(t, map[string]*statement.PrivateKey{"review": review}), []string{"review"}},
		{ring(t, map[string]*statement.PrivateKey{"review": review, "ci": ci}), []string{"ci", "review"}},
	} {
		got, err := statement.Verify(e, tt.trusted)
		require.NoError(t, err)
		assert.Equal(t, tt.want, got)
	}
}

func TestASignatureWithoutAKeyIsHeldAgainstAllOfThem(t *testing.T) {
	ci, other := key(t, statement.Ed25519), key(t, statement.ECDSA)
	e := wrap(t)
	require.NoError(t, statement.Sign(e, ci))
	e.Signatures[0].KeyID = ""
	for want, k := range map[string]*statement.PrivateKey{"ci": ci, "": other} {
		got, err := statement.Verify(e, ring(t, map[string]*statement.PrivateKey{want + "x": k}))
		require.NoError(t, err)
		assert.Equal(t, want != "", len(got) == 1)
	}
	e.Signatures = append(e.Signatures, e.Signatures[0])
	_, err := statement.Verify(e, ring(t, map[string]*statement.PrivateKey{"ci": ci}))
	require.ErrorContains(t, err, "names no key")
}

func TestAForgedEnvelopeIsAnError(t *testing.T) {
	ci, eve := key(t, statement.Ed25519), key(t, statement.Ed25519)
	trusted := ring(t, map[string]*statement.PrivateKey{"ci": ci})
	for name, forge := range map[string]func(*statement.Envelope){
		"payload swapped":      func(e *statement.Envelope) { e.Payload = bytes.Replace(e.Payload, []byte("9f9f"), []byte("8e8e"), 1) },
		"payload type swapped": func(e *statement.Envelope) { e.PayloadType = "text/plain" },
		"signature of another": func(e *statement.Envelope) {
			e.Signatures = nil
			require.NoError(t, statement.Sign(e, eve))
			e.Signatures[0].KeyID = ci.Public().ID()
		},
		"by another name of the key": func(e *statement.Envelope) {
			e.Signatures[0].KeyID = sshID(t, ci)
			e.Payload = append(e.Payload, ' ')
		},
		"signature cut":   func(e *statement.Envelope) { e.Signatures[0].Sig = e.Signatures[0].Sig[:63] },
		"signature empty": func(e *statement.Envelope) { e.Signatures[0].Sig = nil },
		"good and bad": func(e *statement.Envelope) {
			bad := e.Signatures[0]
			bad.Sig = bytes.Repeat([]byte{1}, 64)
			e.Signatures = append(e.Signatures, bad)
		},
		"boundary between type and payload moved": func(e *statement.Envelope) {
			e.PayloadType, e.Payload = e.PayloadType+" 1", e.Payload[1:]
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := wrap(t)
			require.NoError(t, statement.Sign(e, ci))
			forge(e)
			names, err := statement.Verify(again(t, e), trusted)
			require.ErrorIs(t, err, statement.ErrForged)
			assert.Empty(t, names)
		})
	}
}

func sshID(t testing.TB, k *statement.PrivateKey) string {
	id, err := dsse.SHA256KeyID(cryptoKey(t, k))
	require.NoError(t, err)
	return id
}

func TestAStatementThatIsNotOneOfOneImageIsRefused(t *testing.T) {
	good := string(wrap(t).Payload)
	digest := strings.Repeat("9f", 32)
	for name, tt := range map[string]struct{ from, to, says string }{
		"two digests":       {`{"sha256":"`, `{"sha512":"00","sha256":"`, "2 digests"},
		"another algorithm": {`{"sha256":"`, `{"sha512":"`, "want one, of sha256"},
		"two subjects":      {`}}],"predicateType"`, `}},{"name":"x","digest":{"sha256":"` + digest + `"}}],"predicateType"`, "2 subjects"},
		"no subject":        {`{"name":"catalog","digest":{"sha256":"` + digest + `"}}`, ``, "0 subjects"},
		"short digest":      {digest, digest[2:], "64 lower-case"},
		"upper-case digest": {digest, strings.ToUpper(digest), "64 lower-case"},
		"no hexadecimal":    {digest, "zz" + digest[2:], "64 lower-case"},
		"foreign base":      {`sha256:1a`, `md5:1a1a1a`, "base's digest"},
		"no service":        {`"name":"catalog"`, `"name":""`, "no service"},
		"long service":      {`"name":"catalog"`, `"name":"` + strings.Repeat("x", 2000) + `"`, "2000 bytes"},
		"another type":      {"Statement/v1", "Statement/v0.1", "the type is"},
		"another predicate": {`diff/1.2"`, `diff/1.1"`, "the predicate type is"},
		"no evidence":       {`"evidence":`, `"other":`, "predicate.evidence"},
		"two evidences":     {`"evidence":`, `"evidence":{},"evidence":`, "twice"},
		"evidence twice":    {`"evidence":`, `"Evidence":{},"evidence":`, "in case alone"},
		"two verdicts":      {`"note":`, `"schema":"x","note":`, "twice"},
		"cut":               {`}}`, ``, "ends before"},
		"wrong type":        {`"name":"catalog"`, `"name":7`, "name"},
	} {
		t.Run(name, func(t *testing.T) {
			at := strings.LastIndex(good, tt.from)
			require.GreaterOrEqual(t, at, 0)
			payload := good[:at] + tt.to + good[at+len(tt.from):]
			_, err := (&statement.Envelope{PayloadType: statement.PayloadType, Payload: []byte(payload)}).Statement()
			require.ErrorContains(t, err, tt.says)
		})
	}
	_, err := (&statement.Envelope{PayloadType: "application/json", Payload: []byte(good)}).Statement()
	require.ErrorContains(t, err, "payload's type")
}

func TestWrapRefusesWhatItsReaderWould(t *testing.T) {
	for says, tt := range map[string]struct {
		document string
		subject  release.Subject
	}{
		"no service":           {document, release.Subject{Digest: subject.Digest}},
		"image's digest":       {document, release.Subject{Service: "a", Digest: "latest"}},
		"base's digest":        {document, release.Subject{Service: "a", Digest: subject.Digest, BaseDigest: "sha256:"}},
		"ends before":          {document[:40], subject},
		"no schema":            {`{"a": 1}`, subject},
		"twice":                {`{"schema": "a", "version": "1.0", "schema": "b"}`, subject},
		"something follows":    {document + "0", subject},
		"read its schema":      {`[]`, subject},
		"it is empty":          {"", subject},
		"invalid UTF-8":        {"{\"schema\": \"a\xff\"}", subject},
		"more than 64 levels:": {strings.Repeat("[", 1000), subject},
	} {
		_, err := statement.Wrap([]byte(tt.document), tt.subject, origin)
		require.ErrorContains(t, err, strings.TrimSuffix(says, ":"))
	}
}

func TestParseRefusesWhatIsNoEnvelope(t *testing.T) {
	sig := `{"keyid":"a","sig":"AA=="}`
	for says, text := range map[string]string{
		"it is empty":   "",
		"ends before":   `{"payload": "AA`,
		"no payload":    `{"payloadType": "a", "payload": ""}`,
		"is no base64":  `{"payloadType": "a", "payload": "!!"}`,
		"twice":         `{"payloadType": "a", "payload": "AA==", "payload": "AB=="}`,
		"in case alone": `{"payloadType": "a", "payload": "AA==", "PAYLOAD": "AB=="}`,
		"9 signatures":  `{"payloadType": "a", "payload": "AA==", "signatures": [` + strings.Repeat(sig+",", 8) + sig + `]}`,
		"signatures[0]": `{"payloadType": "a", "payload": "AA==", "signatures": [{"sig": "!"}]}`,
		"longer than":   `{"payloadType": "a", "payload": "AA==", "signatures": [{"sig": "` + strings.Repeat("A", 30_000) + `"}]}`,
		"unmarshal":     `{"payloadType": "a", "payload": 7}`,
	} {
		_, err := statement.Parse([]byte(text))
		require.ErrorContains(t, err, says, "%.80s", text)
	}
	url, err := statement.Parse([]byte(`{"payloadType": "a", "payload": "-_-_"}`))
	require.NoError(t, err)
	assert.Equal(t, []byte{0xfb, 0xff, 0xbf}, url.Payload)
}

// peer signs and verifies as other programs of DSSE do.
type peer struct {
	t   testing.TB
	key *statement.PrivateKey
}

func (p peer) KeyID() (string, error)   { return dsse.SHA256KeyID(p.Public()) }
func (p peer) Public() crypto.PublicKey { return cryptoKey(p.t, p.key) }
func (p peer) Verify(_ context.Context, data, sig []byte) error {
	digest := sha256.Sum256(data)
	ok := false
	switch k := p.Public().(type) {
	case ed25519.PublicKey:
		ok = ed25519.Verify(k, data, sig)
	case *ecdsa.PublicKey:
		ok = ecdsa.VerifyASN1(k, digest[:], sig)
	}
	if !ok {
		return errors.New("not good")
	}
	return nil
}

func TestOtherProgramsOfDSSEReadAndSignTheSame(t *testing.T) {
	for _, a := range []statement.Algorithm{statement.Ed25519, statement.ECDSA} {
		k := key(t, a)
		e := wrap(t)
		require.NoError(t, statement.Sign(e, k))
		e.Signatures[0].KeyID = "" // theirs is another one
		data, err := e.JSON()
		require.NoError(t, err)
		var theirs dsse.Envelope
		require.NoError(t, json.Unmarshal(data, &theirs))
		v, err := dsse.NewEnvelopeVerifier(peer{t, k})
		require.NoError(t, err)
		accepted, err := v.Verify(t.Context(), &theirs)
		require.NoError(t, err)
		require.Len(t, accepted, 1)

		theirs.Signatures[0].KeyID = accepted[0].KeyID
		theirs.Payload = base64.URLEncoding.EncodeToString(e.Payload)
		data, err = json.Marshal(&theirs)
		require.NoError(t, err)
		read, err := statement.Parse(data)
		require.NoError(t, err)
		names, err := statement.Verify(read, ring(t, map[string]*statement.PrivateKey{"ci": k}))
		require.NoError(t, err)
		assert.Equal(t, []string{"ci"}, names)
	}
}

func FuzzParse(f *testing.F) {
	k := key(f, statement.Ed25519)
	trusted := ring(f, map[string]*statement.PrivateKey{"ci": k})
	e := wrap(f)
	data, err := e.JSON()
	require.NoError(f, err)
	f.Add(data)
	require.NoError(f, statement.Sign(e, k))
	signed := e.Payload
	data, err = e.JSON()
	require.NoError(f, err)
	f.Add(data)
	f.Add([]byte(`{"payloadType":"a","payload":"AA=="}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := statement.Parse(data)
		if err != nil {
			return
		}
		require.Equal(t, e, again(t, e))
		names, err := statement.Verify(e, trusted)
		if err == nil && len(names) > 0 {
			require.Equal(t, signed, e.Payload, "nothing but what was signed verifies")
		}
		_, _ = e.Statement()
	})
}

func FuzzStatement(f *testing.F) {
	f.Add(wrap(f).Payload)
	f.Add([]byte(`{"_type":"` + statement.Type + `","subject":[{"digest":{"sha256":""}}]}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		s, err := (&statement.Envelope{PayloadType: statement.PayloadType, Payload: payload}).Statement()
		if err != nil {
			return
		}
		e, err := statement.Wrap(s.Evidence, s.Subject, s.Origin)
		require.NoError(t, err)
		once, err := e.Statement()
		require.NoError(t, err)
		require.Equal(t, s, once)
	})
}

func Example() {
	evidence := []byte(`{"schema": "twinspect.dev/evidence/diff", "version": "1.2"}`)
	key, err := statement.Generate(statement.Ed25519)
	if err != nil {
		panic(err)
	}
	trusted := new(statement.Keyring)
	if err := trusted.Add("ci", key.Public()); err != nil {
		panic(err)
	}
	image := release.Subject{Service: "catalog", Digest: "sha256:" + strings.Repeat("9f", 32)}
	envelope, err := statement.Wrap(evidence, image, release.Origin{Branch: "prices"})
	if err != nil {
		panic(err)
	}
	if err := statement.Sign(envelope, key); err != nil {
		panic(err)
	}
	fmt.Println(statement.Verify(envelope, trusted))
	envelope.Payload[0]++
	fmt.Println(statement.Verify(envelope, trusted))
	// Output:
	// [ci] <nil>
	// [] verify: signatures[0]: the key "ci": a signature is not good: the evidence was changed after it was signed, or was never signed so
}
