package noise

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"unicode/utf8"
)

// Text is a string that keeps all of its bytes in JSON, where a string holds
// Unicode alone: what is no UTF-8 is written as {"base64": "…"}.
type Text string

type bytesForm struct {
	Base64 *string `json:"base64"`
}

// MarshalJSON implements [json.Marshaler].
func (t Text) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(t)) {
		return json.Marshal(string(t))
	}
	text := base64.StdEncoding.EncodeToString([]byte(t))
	return json.Marshal(bytesForm{&text})
}

// UnmarshalJSON implements [json.Unmarshaler].
func (t *Text) UnmarshalJSON(data []byte) error {
	if len(data) == 0 || data[0] != '{' {
		return json.Unmarshal(data, (*string)(t))
	}
	var form bytesForm
	if err := json.Unmarshal(data, &form); err != nil {
		return err
	}
	if form.Base64 == nil {
		return errors.New("text: neither a string nor base64")
	}
	text, err := base64.StdEncoding.DecodeString(*form.Base64)
	*t = Text(text)
	return err
}
