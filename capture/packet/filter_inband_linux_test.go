package packet

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A tag that is left in the frame counts as one that was taken off.
func TestTheProcessJudgesFramesWithATagInBand(t *testing.T) {
	s4 := segment4(t, testPayload)
	inner := joined(u16(5), u16(typeIPv4), s4)
	for expr, want := range map[string]bool{
		"port 8080": true, "port 80": false, "vlan 5 and port 8080": true, "vlan 6": false, "not vlan": false,
	} {
		filter, err := compileFilter(expr)
		require.NoError(t, err)
		l := &Live{filter: filter}
		assert.Equal(t, want, l.wanted(&received{protocol: typeVLAN, data: inner}), expr)
	}
	filter, err := compileFilter("vlan 7 and vlan 5 and port 8080")
	require.NoError(t, err)
	l := &Live{filter: filter}
	assert.True(t, l.wanted(&received{protocol: typeVLAN, vlan: 7, data: inner}), "one aside, one in band")
	assert.True(t, l.wanted(&received{protocol: typeIPv4, data: s4}), "the kernel has judged it")
	filter, err = compileFilter("vlan and port 8080")
	require.NoError(t, err)
	l = &Live{filter: filter}
	assert.True(t, l.wanted(&received{protocol: typeVLAN, data: s4}), "data that begins behind the tag")
}
