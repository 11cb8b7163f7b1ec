package packet

import (
	"strconv"

	"twinspect.dev/capture"
)

// fate is what becomes of a frame.
type fate uint8

const (
	written  fate = iota
	filtered      // left out because only TCP over IP is asked for
	dropped       // lost although it may have been wanted
	held          // a fragment that waits for the others
)

// outcome is the fate of a frame and the reason for it.
type outcome struct {
	fate   fate
	reason capture.Reason
}

// The reasons of the account. A frame is filtered where its headers show that
// it carries no TCP, and dropped where they could not be followed that far.
var (
	isSegment = outcome{fate: written}
	isHeld    = outcome{fate: held}

	notIP     = outcome{filtered, "not-ip"}
	notTCP    = outcome{filtered, "not-tcp"}
	otherPort = outcome{filtered, "other-port"}
	otherHost = outcome{filtered, "other-host"}
	unwanted  = outcome{filtered, "filter"}

	// truncatedHeader: the capture cut the frame inside of the headers.
	truncatedHeader = outcome{dropped, "truncated-header"}
	malformedLink   = outcome{dropped, "malformed-link"}
	malformedIP     = outcome{dropped, "malformed-ip"}
	malformedTCP    = outcome{dropped, "malformed-tcp"}
	malformedTunnel = outcome{dropped, "malformed-tunnel"}
	nestedTooDeep   = outcome{dropped, "nested-too-deep"}

	duplicateFragment = outcome{filtered, "duplicate-fragment"}
	malformedFragment = outcome{dropped, "malformed-fragment"}
	overlapFragment   = outcome{dropped, "overlapping-fragment"}
)

const (
	// joinedFragment: its bytes were handed on with those of the frame that
	// completed the datagram.
	joinedFragment capture.Reason = "joined-fragment"
	// incompleteFragment: the other fragments did not come in time.
	incompleteFragment capture.Reason = "incomplete-fragment"
	// evictedFragment: the memory for fragments was full.
	evictedFragment capture.Reason = "evicted-fragment"

	// The reasons of [capture.RecordError].
	truncatedFile      capture.Reason = "truncated-file"
	damagedRecord      capture.Reason = "damaged-record"
	damagedCompression capture.Reason = "damaged-compression"
	unknownInterface   capture.Reason = "unknown-interface"

	// The losses that the recorder of a pcapng file noted in it.
	recorderInterfaceDrop capture.Reason = "recorder-interface-drop"
	recorderKernelDrop    capture.Reason = "recorder-kernel-drop"

	// The losses of a live capture.
	kernelDrop capture.Reason = "kernel-drop"
	// unreadDrop: the capture was closed, or its end took too long, before
	// the frames in the ring were read.
	unreadDrop capture.Reason = "unread"
)

func unsupportedLink(t linkType) outcome {
	return outcome{dropped, capture.Reason("unsupported-link-type-" + strconv.Itoa(int(t)))}
}
