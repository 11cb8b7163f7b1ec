package har

import (
	"encoding/json"

	"twinspect.dev/capture/internal/jsonform"
)

// entry is one entry of a HAR file (HAR 1.2, entries). Numbers are floating
// point since browsers write them so.
type entry struct {
	Pageref    string   `json:"pageref,omitempty"`
	Started    string   `json:"startedDateTime"`
	Time       float64  `json:"time"`
	Request    request  `json:"request"`
	Response   response `json:"response"`
	Cache      struct{} `json:"cache"`
	Timings    timings  `json:"timings"`
	ServerIP   string   `json:"serverIPAddress,omitempty"`
	Connection string   `json:"connection,omitempty"`
	Comment    string   `json:"comment,omitempty"`
	// WebSocket holds the messages that followed an upgrade, as Chrome writes
	// them.
	WebSocket []json.RawMessage `json:"_webSocketMessages,omitempty"`
	Extra     *extra            `json:"_twinspect,omitempty"`
}

type request struct {
	Method      string     `json:"method"`
	URL         string     `json:"url"`
	HTTPVersion string     `json:"httpVersion"`
	Cookies     []struct{} `json:"cookies"`
	Headers     []field    `json:"headers"`
	QueryString []field    `json:"queryString"`
	PostData    *postData  `json:"postData,omitempty"`
	HeadersSize float64    `json:"headersSize"`
	BodySize    float64    `json:"bodySize"`
}

type response struct {
	Status      float64    `json:"status"`
	StatusText  string     `json:"statusText"`
	HTTPVersion string     `json:"httpVersion"`
	Cookies     []struct{} `json:"cookies"`
	Headers     []field    `json:"headers"`
	Content     content    `json:"content"`
	RedirectURL string     `json:"redirectURL"`
	HeadersSize float64    `json:"headersSize"`
	BodySize    float64    `json:"bodySize"`
}

type field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type postData struct {
	MimeType string  `json:"mimeType"`
	Params   []field `json:"params,omitempty"`
	Text     string  `json:"text"`
	// Encoding is not in the specification, but some proxies write "base64".
	Encoding string `json:"encoding,omitempty"`
}

type content struct {
	Size     float64 `json:"size"`
	MimeType string  `json:"mimeType"`
	Text     *string `json:"text,omitempty"`
	Encoding string  `json:"encoding,omitempty"`
}

// timings are in milliseconds, -1 where a phase does not apply.
type timings struct {
	Blocked float64 `json:"blocked,omitempty"`
	DNS     float64 `json:"dns,omitempty"`
	Connect float64 `json:"connect,omitempty"`
	Send    float64 `json:"send"`
	Wait    float64 `json:"wait"`
	Receive float64 `json:"receive"`
}

// extra is what the standard fields do not give. A pointer overrides the
// standard field; what is not a pointer has none.
type extra struct {
	jsonform.Exchange
	Override override `json:"override,omitzero"`
}

// override says what a standard field should have said, but could not.
type override struct {
	Method         *jsonform.Text   `json:"method,omitempty"`
	Target         *jsonform.Text   `json:"target,omitempty"`
	RequestProto   *jsonform.Text   `json:"request_proto,omitempty"`
	RequestHeader  *jsonform.Header `json:"request_header,omitempty"`
	RequestBody    *[]byte          `json:"request_body_base64,omitempty"`
	Status         *int             `json:"status,omitempty"`
	Reason         *jsonform.Text   `json:"reason,omitempty"`
	ResponseProto  *jsonform.Text   `json:"response_proto,omitempty"`
	ResponseHeader *jsonform.Header `json:"response_header,omitempty"`
	ResponseBody   *[]byte          `json:"response_body_base64,omitempty"`
}
