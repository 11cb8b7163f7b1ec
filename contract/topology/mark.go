package topology

// Tone says how a mark is meant.
type Tone string

// The tones.
const (
	Breaks Tone = "breaks"
	AtRisk Tone = "at risk"
	Safe   Tone = "safe"
)

// Mark is what a drawing says of a service beside its traffic. The zero value says
// nothing.
type Mark struct {
	// Tone colours the service, and is written in its box unless Text is there.
	Tone Tone
	Text string
	// Calls colours its calls, by the name of the provider.
	Calls map[string]Tone
}

func (m *Mark) label() string {
	if m.Text != "" {
		return m.Text
	}
	return string(m.Tone)
}

// class is the suffix of the class of a tone in the styles; "" for none.
func (t Tone) class() string {
	switch t {
	case Breaks:
		return " breaks"
	case AtRisk:
		return " at-risk"
	case Safe:
		return " safe"
	}
	return ""
}
