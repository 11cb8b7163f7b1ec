package run_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func decodeToken(t *testing.T, body []byte, token *string) {
	t.Helper()
	var in struct {
		Token string `json:"token"`
	}
	require.NoError(t, json.Unmarshal(body, &in))
	*token = in.Token
}
