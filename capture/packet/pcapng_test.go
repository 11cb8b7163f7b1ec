package packet

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
)

func TestInterfacesDifferInLinkTypeAndTimeResolution(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 500000000, time.UTC)
	raw := recorded{at, segment4(t, testPayload), len(segment4(t, testPayload))}
	eth := recorded{at, framed(t, 0x0800, raw.data), len(framed(t, 0x0800, raw.data))}
	for name, order := range map[string]binary.AppendByteOrder{"little-endian": binary.LittleEndian, "big-endian": binary.BigEndian} {
		t.Run(name, func(t *testing.T) {
			sec := uint64(at.Unix())
			file := joined(
				ngSection(order),
				ngInterfaceBlock(order, linkEthernet, 0),
				ngInterfaceBlock(order, linkRaw, 0, ngOption(order, optResolution, 9)),
				ngInterfaceBlock(order, linkRaw, 0, ngOption(order, optResolution, 0x80|10), ngOption(order, 2, 'e', 't', 'h')),
				ngInterfaceBlock(order, linkRaw, 0, ngOption(order, optResolution, 0), ngOption(order, optOffset, order.AppendUint64(nil, 1000)...)),
				ngInterfaceBlock(order, linkRaw, 0, ngOption(order, optResolution, 0x80|63)),
				ngEnhancedBlock(order, 0, sec*1e6+500000, eth),
				ngEnhancedBlock(order, 1, sec*1e9+500000000, raw),
				ngEnhancedBlock(order, 2, sec<<10+512, raw),
				ngEnhancedBlock(order, 3, sec-1000, raw),
				ngEnhancedBlock(order, 4, 1<<63+1<<62, raw),
			)
			got, damage, _ := readAll(t, file)
			require.Empty(t, damage)
			require.Len(t, got, 5)
			for i, want := range []time.Time{at, at, at, at.Truncate(time.Second), time.Unix(1, 500000000).UTC()} {
				assert.Equal(t, want, got[i].Time, "interface %d", i)
				assert.Equal(t, testPayload, got[i].Payload)
			}
		})
	}
}

func TestSectionsHaveInterfacesAndByteOrdersOfTheirOwn(t *testing.T) {
	le, be := binary.LittleEndian, binary.BigEndian
	raw := recorded{frameTime, segment4(t, testPayload), len(segment4(t, testPayload))}
	ticks := uint64(frameTime.UnixMicro())
	got, damage, stats := readAll(t, joined(
		ngSection(le), ngInterfaceBlock(le, linkRaw, 0), ngEnhancedBlock(le, 0, ticks, raw),
		ngSection(be), ngEnhancedBlock(be, 0, ticks, raw), // before any interface
		ngInterfaceBlock(be, linkIPv4, 0), ngEnhancedBlock(be, 0, ticks, raw),
	))
	assert.Len(t, got, 2)
	require.Len(t, damage, 1)
	assert.Equal(t, capture.Reason("unknown-interface"), damage[0].Reason)
	assert.Equal(t, uint64(3), stats.Seen)
}

func TestSimpleAndObsoletePacketBlocks(t *testing.T) {
	le := binary.LittleEndian
	raw := recorded{frameTime, segment4(t, testPayload), len(segment4(t, testPayload))}
	ticks := uint64(frameTime.UnixMicro())
	old := le.AppendUint16(le.AppendUint16(nil, 0), 5)
	old = le.AppendUint32(le.AppendUint32(old, uint32(ticks>>32)), uint32(ticks))
	old = le.AppendUint32(le.AppendUint32(old, uint32(raw.wire)), uint32(raw.wire))
	got, damage, _ := readAll(t, joined(
		ngSection(le), ngInterfaceBlock(le, linkRaw, uint32(raw.wire-8)),
		ngBlock(le, ngSimplePacket, joined(le.AppendUint32(nil, uint32(raw.wire)), raw.data[:raw.wire-8])),
		ngBlock(le, ngPacket, append(old, raw.data...)),
	))
	require.Empty(t, damage)
	require.Len(t, got, 2)
	assert.True(t, got[0].Time.IsZero())
	assert.Equal(t, 8, got[0].Missing)
	assert.Equal(t, frameTime, got[1].Time)
	assert.Equal(t, testPayload, got[1].Payload)
}

func TestLossesThatTheRecorderNotedAreInTheAccount(t *testing.T) {
	le := binary.LittleEndian
	statistics := func(ifDrop, osDrop uint64) []byte {
		b := make([]byte, 12)
		b = append(b, ngOption(le, optIfaceDrop, le.AppendUint64(nil, ifDrop)...)...)
		return ngBlock(le, ngStatistics, append(b, ngOption(le, optRecordDrop, le.AppendUint64(nil, osDrop)...)...))
	}
	_, damage, stats := readAll(t, joined(
		ngSection(le), ngInterfaceBlock(le, linkRaw, 0), statistics(1, 2), statistics(5, 7),
		ngSection(le), ngInterfaceBlock(le, linkRaw, 0), statistics(10, 1<<64-1),
	))
	assert.Empty(t, damage)
	assert.Equal(t, map[capture.Reason]uint64{"recorder-interface-drop": 15, "recorder-kernel-drop": 7}, stats.Dropped)
	assert.Equal(t, uint64(22), stats.Seen)
}

func TestDamagedBlocksCostNoMoreThanThemselves(t *testing.T) {
	le := binary.LittleEndian
	raw := recorded{frameTime, segment4(t, testPayload), len(segment4(t, testPayload))}
	good := ngEnhancedBlock(le, 0, uint64(frameTime.UnixMicro()), raw)
	changed := func(at int, value uint32) []byte {
		b := append([]byte(nil), good...)
		le.PutUint32(b[at:], value)
		return b
	}
	badIface := func(options ...[]byte) []byte { return ngInterfaceBlock(le, linkRaw, 0, options...) }
	for name, bad := range map[string][]byte{
		"length not of fours":        changed(4, 61),
		"length below 12":            changed(4, 8),
		"length of 4 GiB":            changed(4, 1<<32-4),
		"length beyond the end":      changed(4, 1<<20),
		"length of several blocks":   changed(4, uint32(len(good)+40)),
		"lengths that differ":        changed(len(good)-4, 4),
		"captured beyond the block":  changed(20, 1<<20),
		"captured 4 GiB":             changed(20, 1<<32-1),
		"unknown interface":          changed(8, 9),
		"unknown type, absurd":       changed(0, 0x7777)[:4:4],
		"short enhanced packet":      ngBlock(le, ngEnhanced, make([]byte, 16)),
		"short packet":               ngBlock(le, ngPacket, make([]byte, 16)),
		"short simple packet":        ngBlock(le, ngSimplePacket, nil),
		"short interface":            ngBlock(le, ngInterface, make([]byte, 4)),
		"short statistics":           ngBlock(le, ngStatistics, make([]byte, 8)),
		"statistics of no interface": ngBlock(le, ngStatistics, []byte{9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}),
		"resolution beyond 64 bits":  badIface(ngOption(le, optResolution, 20)),
		"binary resolution of 2^-64": badIface(ngOption(le, optResolution, 0x80|64)),
		"resolution without value":   badIface(ngOption(le, optResolution)),
		"offset of 4 bytes":          badIface(ngOption(le, optOffset, 1, 2, 3, 4)),
		"section without order":      ngBlock(le, ngSectionHeader, make([]byte, 16)),
		"garbage":                    {1, 2, 3, 4, 5},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "unknown type, absurd" {
				bad = le.AppendUint32(bad, 1<<31)
			}
			got, damage, stats := readAll(t, joined(ngSection(le), ngInterfaceBlock(le, linkRaw, 0), good, bad, good, good))
			assert.Len(t, got, 3)
			require.Len(t, damage, 1)
			assert.Equal(t, int64(28+20+len(good)), damage[0].Offset)
			assert.Equal(t, uint64(4), stats.Seen)
		})
	}
}

func TestBlocksOfOtherTypesArePassedOver(t *testing.T) {
	le := binary.LittleEndian
	raw := recorded{frameTime, segment4(t, testPayload), len(segment4(t, testPayload))}
	good := ngEnhancedBlock(le, 0, uint64(frameTime.UnixMicro()), raw)
	got, damage, _ := readAll(t, joined(
		ngSection(le), ngInterfaceBlock(le, linkRaw, 0), good,
		ngBlock(le, ngNames, make([]byte, 100)), ngBlock(le, 0xbad, make([]byte, 4<<20)), good,
	))
	assert.Empty(t, damage)
	assert.Len(t, got, 2)
}
