package replay_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/replay"
)

func TestAHostThatTheRecordingCallsProductionIsRefused(t *testing.T) {
	var p replay.Production
	observe := func(host, server string, labels map[string]string) {
		e := recorded("a", 0)
		e.Request.Header = capture.Header{{Name: "Host", Value: host}}
		e.Context.Server, e.Context.Labels = server, labels
		p.Observe(&e)
	}
	observe("Shop.example", "10.0.0.7:8080", map[string]string{"environment": "Production"})
	observe("api.example:8443", "", map[string]string{"deployment.environment.name": "prod"})
	observe("staging.example", "10.0.0.9:8080", map[string]string{"environment": "staging"})
	observe("unlabelled.example", "", nil)
	for target, refused := range map[string]bool{
		"http://shop.example":          true,
		"https://SHOP.example:9443/v1": true,
		"http://10.0.0.7:8080":         true,
		"http://10.0.0.7:8081":         false,
		"https://api.example:8443":     true,
		"https://api.example":          false,
		"http://staging.example":       false,
		"http://10.0.0.9:8080":         false,
		"http://unlabelled.example":    false,
	} {
		u, err := url.Parse(target)
		require.NoError(t, err)
		if err := p.Refuse(u); refused {
			assert.ErrorContains(t, err, "is production", target)
		} else {
			assert.NoError(t, err, target)
		}
	}
	u, _ := url.Parse("http://shop.example")
	assert.ErrorContains(t, p.Refuse(u), "environment=Production", "it says how it knows")
}
