package simulate

import (
	"encoding/json"
	"fmt"
	"io"
)

// JSON writes r: indented, the same result always as the same bytes. Its schema is
// [Schema]; a reader must refuse another one and a greater major version, and pass
// over fields that a later minor version added.
func JSON(w io.Writer, r *Result) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(r); err != nil {
		return fmt.Errorf("write simulation: %w", err)
	}
	return nil
}
