package provider_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/provider"
	"twinspect.dev/fixtures/stockroom"
)

func document(t *testing.T) *openapi.Document {
	t.Helper()
	path := filepath.Join(t.TempDir(), "openapi.yaml")
	require.NoError(t, os.WriteFile(path, stockroom.Document(), 0o600))
	doc, err := openapi.Load(path)
	require.NoError(t, err)
	return doc
}

func find(t *testing.T, s *provider.Suite, operation, id string) contract.Case {
	t.Helper()
	for _, cs := range s.Part(operation).Cases {
		if cs.ID == id {
			return cs
		}
	}
	require.Fail(t, "there is no case "+id)
	return contract.Case{}
}

func body(t *testing.T, cs *contract.Case, step string) map[string]any {
	t.Helper()
	for _, s := range cs.Steps {
		if s.Name == step {
			return s.Request.Body.Value.(map[string]any)
		}
	}
	require.Fail(t, "there is no step "+step)
	return nil
}

func TestAnUpdateChangesWhatTheCreationSent(t *testing.T) {
	s := provider.New(document(t), provider.Options{Seed: 1})
	cs := find(t, s, "POST /items", "items/lifecycle-put")
	created, updated := body(t, &cs, "create"), body(t, &cs, "update")
	for name, v := range updated {
		if before, ok := created[name]; ok && name != "package" && name != "dimensions" {
			assert.NotEqual(t, before, v, name)
		}
	}
	assert.Greater(t, len(created), 10, "a thing that is to be changed says all it can")
}

func TestAPartOfAThingIsChangedAlone(t *testing.T) {
	s := provider.New(document(t), provider.Options{Seed: 1})
	cs := find(t, s, "POST /items", "items/lifecycle-patch")
	assert.Len(t, body(t, &cs, "update-part"), 1)
}

func TestNoTwoCasesNameAThingAlike(t *testing.T) {
	for seed := range uint64(5) {
		s := provider.New(document(t), provider.Options{Seed: seed})
		named := map[any]string{}
		for _, cs := range s.Part("PUT /price-lists/{code}").Cases {
			if cs.Kind != contract.Sequence {
				continue
			}
			for _, step := range cs.Steps {
				code, ok := step.Request.Path["code"]
				if !ok || !strings.HasPrefix(step.Operation, "PUT ") {
					continue
				}
				other, taken := named[code]
				assert.True(t, !taken || other == cs.ID, "seed %d: %s and %s name a thing %v", seed, cs.ID, other, code)
				named[code] = cs.ID
			}
		}
		assert.NotEmpty(t, named)
	}
}

func TestTheSameSeedGivesTheSameSuite(t *testing.T) {
	doc := document(t)
	texts := [2]string{}
	for i := range texts {
		s := provider.New(doc, provider.Options{Seed: 7})
		for part, err := range s.Parts(t.Context(), s.Operations()) {
			require.NoError(t, err)
			text, err := json.Marshal(part)
			require.NoError(t, err)
			texts[i] += string(text)
		}
	}
	assert.Equal(t, texts[0], texts[1])
}

func TestPartsComeInTheirOrderAndEndWhereNobodyWantsMore(t *testing.T) {
	s := provider.New(document(t), provider.Options{Seed: 1, Max: 20})
	var got []string
	for part, err := range s.Parts(t.Context(), s.Operations()) {
		require.NoError(t, err)
		got = append(got, part.Operation)
	}
	assert.Equal(t, s.Operations(), got)

	for range s.Parts(t.Context(), s.Operations()) {
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var last error
	for _, err := range s.Parts(ctx, s.Operations()) {
		last = err
	}
	assert.ErrorIs(t, last, context.Canceled)
	assert.Empty(t, s.Part("GET /nowhere").Cases)
}
