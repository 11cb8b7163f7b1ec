package page_test

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var colour = regexp.MustCompile(`--([a-z-]+): light-dark\(#([0-9a-f]{6}), #([0-9a-f]{6})\)`)

// TestTextIsReadableOnEverySurfaceInBothThemes holds the colours to the
// contrast of WCAG 2.2, success criterion 1.4.3.
func TestTextIsReadableOnEverySurfaceInBothThemes(t *testing.T) {
	css, err := os.ReadFile("../look/style/theme.css")
	require.NoError(t, err)
	themes := [2]map[string]string{{}, {}}
	for _, m := range colour.FindAllStringSubmatch(string(css), -1) {
		themes[0][m[1]], themes[1][m[1]] = m[2], m[3]
	}
	pairs := map[string][]string{
		"text":   {"page", "surface", "raised", "bad-surface", "warn-surface", "good-surface", "del", "ins"},
		"quiet":  {"page", "surface", "raised", "bad-surface", "warn-surface", "good-surface"},
		"accent": {"page", "surface"},
		"bad":    {"page", "surface", "raised", "bad-surface"},
		"warn":   {"page", "surface", "raised", "warn-surface"},
		"good":   {"page", "surface", "raised", "good-surface"},
	}
	for theme, colours := range themes {
		for text, surfaces := range pairs {
			for _, surface := range surfaces {
				require.Contains(t, colours, text)
				require.Contains(t, colours, surface)
				got := contrast(luminance(t, colours[text]), luminance(t, colours[surface]))
				assert.GreaterOrEqual(t, got, 4.5, "%s on %s in theme %d", text, surface, theme)
			}
		}
	}
}

func contrast(a, b float64) float64 { return (max(a, b) + 0.05) / (min(a, b) + 0.05) }

// luminance is the relative luminance of an sRGB colour, as WCAG defines it.
func luminance(t *testing.T, hex string) float64 {
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		require.NoError(t, err)
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}
