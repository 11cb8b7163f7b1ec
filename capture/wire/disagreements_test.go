package wire

// disagreement is what we find otherwise than a truth, and why. "-" is only in
// the truth, "+" only in ours. Keys ending in ".second" are of the second truth.
type disagreement struct {
	reason      string
	differences []string
}

// disagreements holds every difference from the truths of the corpus.
var disagreements = map[string]disagreement{
	"sv__bug-5929-02__http2_multiple_headers.pcap": {
		reason: "tshark gives the body of HTTP/2 decompressed; we keep what was on the wire, as the second parser does",
		differences: []string{
			`- response 104.21.31.102:80 404 219 3c2fb057`,
			`+ response 104.21.31.102:80 404 185 b52a043b`,
		},
	},
	"sv__http2-bugfixes__input.pcap": {
		reason: "tshark gives the bodies of HTTP/2 decompressed; we keep what was on the wire, as the second parser does",
		differences: []string{
			`- response 172.217.4.78:443 200 639 5f07910c`,
			`- response 172.217.4.78:443 200 28 d7d5e54a`,
			`- response 172.217.4.78:443 200 1150 8bb1d0fa`,
			`- response 172.217.4.78:443 200 880 064ff6f9`,
			`+ response 172.217.4.78:443 200 331 7b43ff48`,
			`+ response 172.217.4.78:443 200 31 fcdc4863`,
			`+ response 172.217.4.78:443 200 180 a46a9c60`,
			`+ response 172.217.4.78:443 200 461 ca712000`,
		},
	},
	"sv__http2-errorcode__input.pcap": {
		reason: "RFC 9110 9.3.6: what follows CONNECT is a tunnel, opaque although it is HTTP/2 inside; the second parser agrees",
		differences: []string{
			`- request 127.0.0.1:63577 POST "/helloworld.GreeterService/SayHello" 12 c4de621f`,
			`- response 127.0.0.1:8888 200 19 7824bb4b`,
			`- trailers 127.0.0.1:8888 0`,
		},
	},
	"ws__grpc_stream_reassembly_sample.pcapng": {
		reason: "the capture ends inside a frame of DATA: we keep the 96 bytes of it that were captured, the truth whole frames alone",
		differences: []string{
			`- request 192.168.65.1:63646 POST "/streamtest.StreamTest/StreamCall" 130775 8f7c894f`,
			`+ request 192.168.65.1:63646 POST "/streamtest.StreamTest/StreamCall" 130871 dd9314d5`,
		},
	},
	"ws__grpc_stream_reassembly_sample.pcapng.second": {
		reason: "the capture ends inside a frame of DATA: we keep the 96 bytes of it that were captured, the truth whole frames alone",
		differences: []string{
			`- request 192.168.65.1:63646 POST "/streamtest.StreamTest/StreamCall" 130775 8f7c894f`,
			`+ request 192.168.65.1:63646 POST "/streamtest.StreamTest/StreamCall" 130871 dd9314d5`,
		},
	},
	"sv__http-evader__http-evader-061__input.pcap": {
		reason: "RFC 9112 5.2: a folded value is one value, so chunked it is; the second parser agrees",
		differences: []string{
			`- response 8.8.8.8:80 200 181 b943b455`,
			`+ response 8.8.8.8:80 200 68 275a021b`,
		},
	},
	"sv__http-evader__http-evader-064__input.pcap": {
		reason: "RFC 9112 6.3 rule 4: the last coding of the response is not chunked, so it ends with the connection; the second parser agrees",
		differences: []string{
			`- response 8.8.8.8:80 200 68 275a021b`,
			`+ response 8.8.8.8:80 200 143 36c57ff3`,
		},
	},
	"sv__http-evader__http-evader-080__input.pcap": {
		reason: "RFC 9112 6.3 rule 4: the last coding of the response is not chunked, so it ends with the connection; the second parser agrees",
		differences: []string{
			`- response 8.8.8.8:80 200 68 275a021b`,
			`+ response 8.8.8.8:80 200 143 36c57ff3`,
		},
	},
	"sv__http-evader__http-evader-091__input.pcap": {
		reason: "RFC 9112 2.2: a bare CR makes the name of the framing field invalid; kept to the close and marked ambiguous",
		differences: []string{
			`- response 8.8.8.8:80 200 99 b961b867`,
			`+ response 8.8.8.8:80 200 68 275a021b`,
		},
	},
	"sv__http-evader__http-evader-091__input.pcap.second": {
		reason: "RFC 9112 2.2: a bare CR makes the name of the framing field invalid; kept to the close and marked ambiguous",
		differences: []string{
			`- response 8.8.8.8:80 200 0 e3b0c442`,
			`+ response 8.8.8.8:80 200 68 275a021b`,
		},
	},
	"sv__http-evader__http-evader-307__input.pcap": {
		reason: "RFC 9112 6.3: the framing field is no valid one, so the response ends with the connection; the second parser agrees",
		differences: []string{
			`- response 8.8.8.8:80 200 195 ccf6cbe3`,
			`+ response 8.8.8.8:80 200 158 b82e6a66`,
		},
	},
	"sv__http-evader__http-evader-357__input.pcap": {
		reason: "RFC 9112 6.3 rule 6: Content-Length is 68, a damaged field line before it does not end the head; the second parser agrees",
		differences: []string{
			`- response 8.8.8.8:80 200 118 adf57abb`,
			`+ response 8.8.8.8:80 200 68 275a021b`,
		},
	},
	"sv__http-evader__http-evader-397__input.pcap.second": {
		reason: "RFC 9112 4: the status line is malformed; recorded as such with its framing, as tshark does",
		differences: []string{
			`+ response 8.8.8.8:80 0 68 275a021b`,
		},
	},
	"sv__http-evader__http-evader-403__input.pcap": {
		reason: "RFC 9112 6.3 rule 4: the last coding of the response is not chunked, so it ends with the connection; the second parser agrees",
		differences: []string{
			`- response 8.8.8.8:80 200 68 275a021b`,
			`+ response 8.8.8.8:80 200 158 b82e6a66`,
		},
	},
	"sv__http-evader__http-evader-435__input.pcap": {
		reason: "RFC 9112 2.1: a line of one control character does not end the head; the second parser agrees",
		differences: []string{
			`- response 8.8.8.8:80 200 68 2fd43f49`,
			`+ response 8.8.8.8:80 200 68 275a021b`,
		},
	},
	"sv__http-gap-simple__input.pcap": {
		reason: "a response with a gap in its body, which tshark leaves out; the second parser agrees",
		differences: []string{
			`+ response 127.0.0.1:8080 200 14 14f99c4b`,
		},
	},
	"sv__http-not09__input.pcap": {
		reason: "HTTP/0.9, which tshark does not see; the second parser agrees",
		differences: []string{
			`+ request 127.0.0.1:53721 GET "/" 0 e3b0c442`,
			`+ response 127.0.0.1:8000 0 12879 3f69b4b3`,
		},
	},
	"sv__http-uri-spaces__input.pcap": {
		reason: "RFC 9112 3: the target is invalid for its space; kept undecoded and whole, as the second parser does",
		differences: []string{
			`- request 127.0.0.1:55771 GET "/uri" 0 e3b0c442`,
			`+ request 127.0.0.1:55771 GET "/uri afterspace" 0 e3b0c442`,
		},
	},
	"sv__http1-noint-status__input.pcap": {
		reason: "RFC 9112 4: the status has three digits; a status that is none is 0 and the text stays in the reason",
		differences: []string{
			`- response 127.0.0.1:8001 2 4 31f7a65e`,
			`+ response 127.0.0.1:8001 0 4 31f7a65e`,
		},
	},
	"sv__http1-noint-status__input.pcap.second": {
		reason: "RFC 9112 4: the status is no number; recorded as malformed instead of left out",
		differences: []string{
			`+ response 127.0.0.1:8001 0 4 31f7a65e`,
		},
	},
	"sv__tcp-rst-unacked-stream-09__TLPW1-tcp-110.37.219.134-10.12.14.101-tcp-990-49230.pcap.second": {
		reason: "the body has gaps and the connection was reset: we keep the bytes before the first gap, the truth counts all",
		differences: []string{
			`- response 110.37.219.134:990 200 41521 `,
			`+ response 110.37.219.134:990 200 3705 1d2a25b9`,
		},
	},
	"sv__uricontent__detect-uricontent-05__input.pcap": {
		reason: "HTTP on port 53, which tshark reads as DNS; the second parser agrees",
		differences: []string{
			`+ request 192.168.1.5:53 GET "/%2e%2e/images.gif" 0 e3b0c442`,
		},
	},
	"ws__communityid.pcap.second": {
		reason: "the snap length cut the heads: method and target, status and version are there and kept as incomplete",
		differences: []string{
			`+ request 128.232.110.120:34855 GET "/images/sf.net_box.gif" 0 e3b0c442`,
			`+ response 66.35.250.204:80 200 0 e3b0c442`,
		},
	},
	"zeek__http__261__variant-02-cl_uint64max.pcap": {
		reason: "RFC 9110 8.6: recipients wrap a Content-Length beyond 63 bits or go by it, as the two parsers do; where the next message begins is not guessed",
		differences: []string{
			`- request 192.168.1.100:40002 GET "/smuggled-cl-uint64max" 0 e3b0c442`,
		},
	},
	"zeek__http__261__variant-02-cl_uint64max.pcap.second": {
		reason: "the same",
		differences: []string{
			`- request 192.168.1.100:40002 POST "/" 53 3a15e360`,
			`+ request 192.168.1.100:40002 POST "/" 0 e3b0c442`,
		},
	},
	"zeek__http__261__variant-03-cl_negative.pcap": {
		reason: "RFC 9112 6.3 rule 5: an invalid Content-Length is an unrecoverable error; where the next message begins is not guessed",
		differences: []string{
			`- request 192.168.1.100:40003 GET "/smuggled-cl-negative" 0 e3b0c442`,
		},
	},
	"zeek__http__261__variant-03-cl_negative.pcap.second": {
		reason: "RFC 9112 6.3 rule 5: an invalid Content-Length is an unrecoverable error; where the next message begins is not guessed",
		differences: []string{
			`- request 192.168.1.100:40003 GET "/smuggled-cl-negative" 0 e3b0c442`,
		},
	},
	"zeek__http__261__variant-10-multi_value_te.pcap": {
		reason: "RFC 9112 6.3 rule 4: chunked is not the last coding of a request; where the next message begins is not guessed",
		differences: []string{
			`- request 192.168.1.100:40010 GET "/smuggled-multi-te" 0 e3b0c442`,
		},
	},
	"zeek__http__http-inner-transfer-encoding-ossfuzz.pcap": {
		reason: "fuzzed, but the first line has method, target and version and its head was not ended: recorded as incomplete",
		differences: []string{
			`+ request 10.0.0.1:51650 ETA "unknown_HTTP_metm/suppozt/\xd9ccIOST /" 0 e3b0c442`,
		},
	},
	"zeek__http__http-inner-transfer-encoding-ossfuzz.pcap.second": {
		reason: "fuzzed, but the first line has method, target and version and its head was not ended: recorded as incomplete",
		differences: []string{
			`+ request 10.0.0.1:51650 ETA "unknown_HTTP_metm/suppozt/\xd9ccIOST /" 0 e3b0c442`,
		},
	},
	"zeek__http__methods.pcap": {
		reason: "a request line without target: RFC 9112 3 knows none, what stands there is the version",
		differences: []string{
			`- request 128.2.6.136:46563 OPTIONS "HTTP/1.1" 0 e3b0c442`,
			`+ request 128.2.6.136:46563 OPTIONS "" 0 e3b0c442`,
		},
	},
	"zeek__http__methods.pcap.second": {
		reason: "request lines with other versions or none, answered with 400: recorded, as tshark does",
		differences: []string{
			`- request 128.2.6.136:46563 OPTIONS "HTTP/1.1" 0 `,
			`+ request 128.2.6.136:46563 OPTIONS "" 0 e3b0c442`,
			`+ request 128.2.6.136:46565 OPTIONS "" 0 e3b0c442`,
			`+ request 128.2.6.136:46567 GET "/" 0 e3b0c442`,
			`+ request 128.2.6.136:46577 CCM_POST "/" 0 e3b0c442`,
			`+ request 128.2.6.136:46578 CCM_POST "/HTTP/1.1" 0 e3b0c442`,
			`+ request 128.2.6.136:46582 CONNECT "/" 0 e3b0c442`,
			`+ request 128.2.6.136:46587 TRACE "/" 0 e3b0c442`,
			`+ request 128.2.6.136:46592 DELETE "/" 0 e3b0c442`,
			`+ request 128.2.6.136:46597 PUT "/" 0 e3b0c442`,
			`+ request 128.2.6.136:46602 POST "/" 0 e3b0c442`,
			`+ request 128.2.6.136:46607 HEAD "/" 0 e3b0c442`,
		},
	},
	"zeek__http__no-uri.pcap": {
		reason: "a request line without target: RFC 9112 3 knows none, what stands there is the version",
		differences: []string{
			`- request 141.142.228.5:59856 GET "HTTP/1.1" 0 e3b0c442`,
			`+ request 141.142.228.5:59856 GET "" 0 e3b0c442`,
		},
	},
	"zeek__http__no-uri.pcap.second": {
		reason: "a request line without target: RFC 9112 3 knows none, what stands there is the version",
		differences: []string{
			`- request 141.142.228.5:59856 GET "HTTP/1.1" 0 `,
			`+ request 141.142.228.5:59856 GET "" 0 e3b0c442`,
		},
	},
	"zeek__http__zero-length-bodies-with-drops.pcap.second": {
		reason: "the second parser stops at the first gap; tshark agrees with us",
		differences: []string{
			`+ response 75.98.70.31:80 200 0 e3b0c442`,
			`+ request 10.0.0.118:51534 GET "/ad/l/1?kv=&ct=300&init=0&s=b019&t=1300988780203466&cn=video" 0 e3b0c442`,
			`+ request 10.0.0.118:51534 GET "/ad/l/1?kv=additional%3DvastURL%253Dhttp%253A%252F%252Fapp.S" 0 e3b0c442`,
			`+ response 75.98.70.31:80 200 0 e3b0c442`,
			`+ request 10.0.0.118:51534 GET "/ad/l/1?kv=&ct=0&init=1&s=c002&t=1300991986412134&cn=videoVi" 0 e3b0c442`,
			`+ response 75.98.70.31:80 200 0 e3b0c442`,
			`+ response 75.98.70.31:80 200 0 e3b0c442`,
			`+ request 10.0.0.118:51534 GET "/ad/l/1?kv=&ct=60&init=0&s=c002&t=1300991986412134&cn=videoV" 0 e3b0c442`,
			`+ response 75.98.70.31:80 200 0 e3b0c442`,
		},
	},
	"zeek__ipv6-http-atomic-frag.pcap": {
		reason: "HTTP/0.9, which tshark does not see; the second parser agrees",
		differences: []string{
			`+ request 2001:db8:1::2:36951 GET "/bad.html" 0 e3b0c442`,
			`+ response 2001:db8:1::1:80 0 88 0b1a593f`,
			`+ request 2001:db8:1::2:59694 GET "/bad.html" 0 e3b0c442`,
			`+ response 2001:db8:1::1:80 0 88 0b1a593f`,
			`+ request 2001:db8:1::2:27393 GET "/bad.html" 0 e3b0c442`,
			`+ response 2001:db8:1::1:80 0 88 0b1a593f`,
			`+ request 2001:db8:1::2:45805 GET "/bad.html" 0 e3b0c442`,
			`+ response 2001:db8:1::1:80 0 88 0b1a593f`,
		},
	},
	"zeek__mixed-vlan-mpls.pcap": {
		reason: "a response of HTTP/0.9, which tshark does not see; the second parser agrees",
		differences: []string{
			`+ response 10.0.0.15:80 0 3429 6dba786e`,
		},
	},
	"zeek__redis__oss-fuzz-473580107.pcap": {
		reason: "fuzzed: HTTP/5.?2 is no version and the head never ends; recorded as incomplete",
		differences: []string{
			`- response 10.0.0.2:80 200 993 febb7244`,
			`+ response 10.0.0.2:80 200 0 e3b0c442`,
		},
	},
	"zeek__redis__oss-fuzz-473580107.pcap.second": {
		reason: "fuzzed: HTTP/5.?2 is no version and the head never ends; recorded as incomplete",
		differences: []string{
			`+ response 10.0.0.2:80 200 0 e3b0c442`,
		},
	},
	"zeek__socks.pcap.second": {
		reason: "HTTP behind a SOCKS handshake, where the second parser stops; tshark agrees with us",
		differences: []string{
			`+ request 10.0.0.55:53994 GET "/images/printer2.gif" 0 e3b0c442`,
			`+ response 60.190.189.214:8124 304 0 e3b0c442`,
			`+ request 10.0.0.55:53994 GET "/img2/shorturl.jpg" 0 e3b0c442`,
			`+ response 60.190.189.214:8124 304 0 e3b0c442`,
			`+ request 10.0.0.55:53994 GET "/images/icons/9.gif" 0 e3b0c442`,
			`+ response 60.190.189.214:8124 304 0 e3b0c442`,
			`+ request 10.0.0.55:53994 GET "/images/icons/26.gif" 0 e3b0c442`,
			`+ response 60.190.189.214:8124 200 1368 6d065372`,
			`+ request 10.0.0.55:53994 GET "/images/icons/17.gif" 0 e3b0c442`,
			`+ response 60.190.189.214:8124 304 0 e3b0c442`,
			`+ request 10.0.0.55:53994 GET "/images/left.gif" 0 e3b0c442`,
			`+ response 60.190.189.214:8124 304 0 e3b0c442`,
			`+ request 10.0.0.55:53994 GET "/images/icons/32.gif" 0 e3b0c442`,
			`+ response 60.190.189.214:8124 304 0 e3b0c442`,
		},
	},
	"zeek__tunnels__socks.pcap.second": {
		reason: "HTTP behind a SOCKS handshake, where the second parser stops; tshark agrees with us",
		differences: []string{
			`+ request 127.0.0.1:62270 GET "/" 0 e3b0c442`,
			`+ response 127.0.0.1:1080 200 3677 702f32d7`,
		},
	},
}
