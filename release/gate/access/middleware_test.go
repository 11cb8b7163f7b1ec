package access

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/release"
)

// door is a keeper before a handler that answers with the name of who came in, and asks
// for the scope that the headers name.
type door struct {
	*Keeper
	path string

	mu    sync.Mutex
	audit []release.AuditEntry
}

func open(t *testing.T, text string) *door {
	t.Helper()
	d := &door{path: filepath.Join(t.TempDir(), "access.yaml")}
	d.write(t, text)
	k, err := Open(Options{Path: d.path, Audit: func(e release.AuditEntry) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.audit = append(d.audit, e)
	}})
	require.NoError(t, err)
	d.Keeper = k
	return d
}

func (d *door) write(t *testing.T, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(d.path, []byte(text), 0o600))
}

func (d *door) handler() http.Handler {
	return d.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var no *Forbidden
		if a := r.Header.Get("Action"); a != "" && errors.As(From(r.Context()).Check(Action(a), r.Header.Get("Service")), &no) {
			w.Header().Set("WWW-Authenticate", no.Challenge())
			http.Error(w, no.Error(), http.StatusForbidden)
			return
		}
		n, err := io.Copy(io.Discard, r.Body)
		_, _ = fmt.Fprintf(w, "%s %d %v", From(r.Context()).Name, n, err)
	}))
}

func request(from string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/v1/evidence?key="+secret, strings.NewReader("{}"))
	r.RemoteAddr = from
	return r
}

func (d *door) knock(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	d.handler().ServeHTTP(w, r)
	return w
}

func bearer(token string) *http.Request {
	r := request("192.0.2.1:4711")
	r.Header.Set("Authorization", "Bearer "+token)
	return r
}

func basic(user, token string) *http.Request {
	r := request("192.0.2.1:4711")
	r.SetBasicAuth(user, token)
	return r
}

func header(value ...string) *http.Request {
	r := request("127.0.0.1:4711") // which may without a name
	r.Header["Authorization"] = value
	return r
}

func certificate(verified bool, cert *x509.Certificate) *http.Request {
	r := request("192.0.2.1:4711")
	r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{cert}}
	if verified {
		r.TLS.VerifiedChains = [][]*x509.Certificate{{cert}}
	}
	return r
}

func TestWhoComesInIsKnownByTokenCertificateOrAddress(t *testing.T) {
	flagger, err := url.Parse("spiffe://cluster.local/ns/flagger-system/sa/flagger")
	require.NoError(t, err)
	named := &x509.Certificate{URIs: []*url.URL{flagger}}
	expired := &x509.Certificate{Subject: pkix.Name{CommonName: "ops.example.com"}}
	other := &x509.Certificate{DNSNames: []string{"other"}, Subject: pkix.Name{CommonName: "ops.example.com"}}
	const who = "shop-pipeline 2 <nil>"
	tests := map[string]struct {
		request *http.Request
		status  int
		want    string
	}{
		"a token":                      {bearer(secret), 200, who},
		"a scheme in small letters":    {header("bearer  " + secret), 200, who},
		"the password of Basic":        {basic("flagger", secret), 200, who},
		"a password with colons":       {basic("flagger", secret+":"), 401, "the token is not known"},
		"another token":                {bearer(secret + "x"), 401, "the token is not known"},
		"the hash":                     {bearer(hashText()), 401, "the token is not known"},
		"a wrong token from this host": {header("Bearer x"), 401, "the token is not known"},
		"no token after Bearer":        {header("Bearer"), 401, "is Bearer and a token"},
		"an empty header":              {header(""), 401, "is Bearer and a token"},
		"another scheme":               {header("Digest a"), 401, "is Bearer and a token"},
		"a Basic that is none":         {header("Basic %%"), 401, "is Bearer and a token"},
		"a great Basic":                {header("Basic " + strings.Repeat("A", 4096)), 401, "is Bearer and a token"},
		"two headers":                  {header("Bearer "+secret, "Bearer "+secret), 400, "more than one Authorization header"},
		"a certificate":                {certificate(true, named), 200, flagger.String()},
		"one that nobody verified":     {certificate(false, named), 401, "is needed"},
		"a common name, expired":       {certificate(true, expired), 401, "has expired"},
		"a common name beside others":  {certificate(true, other), 401, "is needed"},
		"this host":                    {request("127.0.0.1:1"), 200, "anonymous"},
		"this host by IPv6":            {request("[::1]:1"), 200, "anonymous"},
		"this host, mapped":            {request("[::ffff:127.0.0.1]:1"), 200, "anonymous"},
		"another host":                 {request("192.0.2.1:1"), 401, "is needed"},
		"no address":                   {request("@"), 401, "is needed"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // where it is the year 2000
				d := open(t, strings.Replace(file(), "2026-01-01T12", "1999-01-01T12", 1))
				w := d.knock(test.request)
				assert.Equal(t, test.status, w.Code)
				assert.Contains(t, w.Body.String(), test.want)
				assert.Equal(t, test.status != 200, strings.HasPrefix(w.Header().Get("WWW-Authenticate"), `Bearer realm="twinspect"`))
				assert.Equal(t, test.status != 200, len(d.audit) == 1)
			})
		})
	}
}

func TestATokenHoldsUntilItExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, file())
		time.Sleep(time.Until(time.Date(2027, 1, 31, 0, 0, 0, -1, time.UTC)))
		assert.Equal(t, http.StatusOK, d.knock(bearer(secret)).Code)
		time.Sleep(time.Nanosecond)
		w := d.knock(bearer(secret))
		assert.Equal(t, http.StatusUnauthorized, w.Code)
		assert.Equal(t, `Bearer realm="twinspect", error="invalid_token", error_description="the token has expired"`, w.Header().Get("WWW-Authenticate"))
	})
}

func TestABrowserAsksForTheTokenAsAPassword(t *testing.T) {
	page := request("192.0.2.1:1")
	page.Method = http.MethodGet
	page.Header.Set("Accept", "text/html,application/xhtml+xml;q=0.9")
	w := open(t, file()).knock(page)
	assert.Equal(t, []string{`Bearer realm="twinspect"`, `Basic realm="twinspect", charset="UTF-8"`}, w.Header().Values("WWW-Authenticate"))
}

func TestThePageOfAnotherSiteAsksForNothing(t *testing.T) {
	for mode, status := range map[string]int{"no-cors": http.StatusForbidden, "cors": http.StatusForbidden, "navigate": http.StatusOK} {
		r := bearer(secret)
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		r.Header.Set("Sec-Fetch-Mode", mode)
		assert.Equal(t, status, open(t, file()).knock(r).Code, mode)
	}
}

func TestWithoutATokenThereIsNoErrorCode(t *testing.T) {
	w := open(t, file()).knock(request("192.0.2.1:1"))
	assert.Equal(t, `Bearer realm="twinspect"`, w.Header().Get("WWW-Authenticate"))
	assert.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
	assert.JSONEq(t, `{"title":"Unauthorized","status":401,"detail":"a token or a client certificate that the gate knows is needed"}`, w.Body.String())
}

func TestWhatIsNotInAScopeIsForbidden(t *testing.T) {
	d := open(t, file())
	r := bearer(secret)
	r.Header.Set("Action", "push")
	r.Header.Set("Service", `pay"ment é`)
	w := d.knock(r)
	assert.Equal(t, http.StatusForbidden, w.Code)
	assert.Equal(t, `Bearer realm="twinspect", error="insufficient_scope", scope="push:pay?ment??"`, w.Header().Get("WWW-Authenticate"))
	assert.Contains(t, w.Body.String(), "would let it")

	r.Header.Set("Service", "shop-cart")
	assert.Equal(t, http.StatusOK, d.knock(r).Code)
}

func TestNoSecretIsSaidAnywhere(t *testing.T) {
	d := open(t, file())
	for _, r := range []*http.Request{
		bearer(secret + secret), basic(secret, "x"+secret), header("Token " + secret), header(secret), header("Bearer "+secret, secret),
		request("192.0.2.7:1"),
	} {
		w := d.knock(r)
		assert.NotEqual(t, http.StatusOK, w.Code)
		assert.NotContains(t, fmt.Sprint(w.Header(), w.Body.String()), secret)
	}
	said, err := json.Marshal(d.audit)
	require.NoError(t, err)
	assert.NotContains(t, string(said), secret)
	assert.Len(t, d.audit, 6)
}

func TestGreatBodiesAreRefusedOrCut(t *testing.T) {
	d := open(t, file())
	r := bearer(secret)
	r.ContentLength = 1<<20 + 1
	w := d.knock(r)
	assert.Equal(t, http.StatusRequestEntityTooLarge, w.Code)
	assert.Equal(t, "close", w.Header().Get("Connection"))

	r = bearer(secret)
	r.ContentLength, r.Body = -1, io.NopCloser(bytes.NewReader(make([]byte, 2<<20)))
	assert.Equal(t, "shop-pipeline 1048576 http: request body too large", d.knock(r).Body.String())
}

func TestAnIdentityIsLimitedWithoutOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, file()) // 10 a second, 20 at once
		codes := map[int]int{}
		for range 50 {
			codes[d.knock(bearer(secret)).Code]++
		}
		assert.Equal(t, map[int]int{200: 20, 429: 30}, codes)
		require.Len(t, d.audit, 1, "told once")
		assert.Equal(t, "limit", d.audit[0].Action)
		assert.Equal(t, "shop-pipeline", d.audit[0].Who)
		w := d.knock(bearer(secret))
		assert.Equal(t, "1", w.Header().Get("Retry-After"))
		assert.Equal(t, http.StatusOK, d.knock(request("127.0.0.1:1")).Code)

		time.Sleep(time.Second)
		codes = map[int]int{}
		for range 50 {
			codes[d.knock(bearer(secret)).Code]++
		}
		assert.Equal(t, map[int]int{200: 10, 429: 40}, codes)
		assert.Len(t, d.audit, 2)
	})
}

func TestAllTogetherAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, file()) // 50 a second, 100 at once
		codes := map[int]int{}
		for i := range 20 {
			for range 10 {
				codes[d.knock(request(fmt.Sprintf("127.0.0.%d:1", i))).Code]++
			}
		}
		assert.Equal(t, map[int]int{200: 100, 429: 100}, codes)
	})
}

func TestStrangersDoNotUseUpWhatOthersHave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, file())
		codes := map[int]int{}
		for i := range 1000 {
			r := request(fmt.Sprintf("[2001:db8::%x]:1", i)) // one network
			r.Header.Set("Authorization", "Bearer guess")
			codes[d.knock(r).Code]++
		}
		assert.Equal(t, map[int]int{401: 20, 429: 980}, codes)
		assert.Len(t, d.audit, 21)
		for i := range 20_000 {
			r := request(fmt.Sprintf("[2001:db8:%x:%x::1]:1", i>>16, i&0xffff))
			codes[d.knock(r).Code]++
		}
		assert.Equal(t, 200, codes[401], "from all networks together")
		assert.LessOrEqual(t, len(d.audit), 203)
		s := d.state.Load().meters.strangers
		assert.Equal(t, maxAddresses, s.order.Len())
		assert.Len(t, s.meters, maxAddresses)
		assert.Equal(t, http.StatusOK, d.knock(bearer(secret)).Code)
	})
}

func TestAFileIsReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, file())
		for range 20 {
			d.knock(bearer(secret))
		}
		require.NoError(t, d.Reload())
		assert.Equal(t, http.StatusTooManyRequests, d.knock(bearer(secret)).Code, "no fresh start")
		token, hash := New()
		d.write(t, strings.Replace(file(), hashText(), hash.String(), 1))
		require.NoError(t, d.Reload())
		assert.Equal(t, http.StatusUnauthorized, d.knock(bearer(secret)).Code)
		time.Sleep(time.Second)
		assert.Equal(t, http.StatusOK, d.knock(bearer(token)).Code)
	})
}

func TestABadFileLeavesWhatHeld(t *testing.T) {
	d := open(t, file())
	for text, want := range map[string]string{"version: 1\ntokens: " + secret + "\n": ":2:9: tokens is a list", "": "the file is empty"} {
		d.write(t, text)
		err := d.Reload()
		require.ErrorContains(t, err, "access stays as it was: ")
		assert.ErrorContains(t, err, want)
		assert.NotContains(t, err.Error(), secret)
		assert.Equal(t, http.StatusOK, d.knock(bearer(secret)).Code)
	}
	require.NoError(t, os.Remove(d.path))
	require.ErrorIs(t, d.Reload(), os.ErrNotExist)
	assert.Equal(t, http.StatusOK, d.knock(bearer(secret)).Code)
	_, err := Open(Options{Path: d.path})
	assert.ErrorContains(t, err, "read the file of access")
}

func TestWithoutAFileTheMachineItselfMayWhatTakesNoName(t *testing.T) {
	k, err := Open(Options{})
	require.NoError(t, err)
	c := k.state.Load().config
	id, no := c.authenticate(request("127.0.0.1:1"), netip.MustParseAddr("127.0.0.1"), time.Now())
	assert.Equal(t, refusal{}, no)
	for _, a := range Actions {
		assert.Equal(t, a != Override && a != Stop && a != Audit, id.May(a, "catalog"), a)
	}
	_, no = c.authenticate(request("192.0.2.1:1"), netip.MustParseAddr("192.0.2.1"), time.Now())
	assert.Equal(t, nothingShown, no)
}

func TestManyComeInWhileTheFileIsReadAgain(t *testing.T) {
	d := open(t, strings.Replace(file(), "identity: 10, total: 50", "identity: 100000, total: 100000", 1))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 200 {
				assert.Equal(t, http.StatusOK, d.knock(bearer(secret)).Code)
				r := request(fmt.Sprintf("10.0.0.%d:1", i))
				r.Header.Set("Action", "push")
				d.knock(r)
			}
		})
	}
	wg.Go(func() {
		for range 50 {
			assert.NoError(t, d.Reload())
		}
	})
	wg.Wait()
}

func BenchmarkMiddleware(b *testing.B) {
	c := &Config{limits: Limits{Identity: maxRate * 1000, Total: maxRate * 1000, Body: 1 << 20}}
	for i := range maxIdentities {
		c.tokens = append(c.tokens, Identity{Name: fmt.Sprint(i), Kind: ByToken})
		c.hashes = append(c.hashes, HashOf(fmt.Sprint(i)))
	}
	c.hashes[maxIdentities-1] = HashOf(secret)
	k := &Keeper{audit: func(release.AuditEntry) {}}
	k.state.Store(&state{config: c, meters: newMeters(c, nil)})
	h := k.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	r := bearer(secret)
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
}
