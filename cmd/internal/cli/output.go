package cli

import (
	"fmt"
	"io"

	"twinspect.dev/capture"
)

// Column is one column of a [Table]; numbers are set to the right.
type Column struct {
	Title string
	Right bool
}

// Table writes rows under their titles, aligned.
func Table(w io.Writer, columns []Column, rows [][]string) error {
	widths := make([]int, len(columns))
	titles := make([]string, len(columns))
	for i, c := range columns {
		titles[i] = c.Title
	}
	for _, row := range append([][]string{titles}, rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	for _, row := range append([][]string{titles}, rows...) {
		if err := writeRow(w, columns, widths, row); err != nil {
			return err
		}
	}
	return nil
}

func writeRow(w io.Writer, columns []Column, widths []int, row []string) error {
	line := " "
	for i, cell := range row {
		pad := widths[i]
		switch {
		case columns[i].Right:
			line += fmt.Sprintf(" %*s ", pad, cell)
		case i == len(row)-1:
			line += " " + cell
		default:
			line += fmt.Sprintf(" %-*s ", pad, cell)
		}
	}
	_, err := fmt.Fprintln(w, line)
	return err
}

// PrintAccount writes the account, a line a stage.
func PrintAccount(w io.Writer, a capture.Account) error {
	columns := []Column{{Title: "stage"}, {Title: "unit"}, {"seen", true}, {"written", true},
		{"filtered", true}, {"lost", true}, {"open", true}, {Title: "why"}}
	var rows [][]string
	for _, s := range a {
		rows = append(rows, []string{s.Name, s.Unit, fmt.Sprint(s.Seen), fmt.Sprint(s.Written),
			fmt.Sprint(s.Skipped()), fmt.Sprint(s.Lost()), fmt.Sprint(s.Open), why(s.Stats)})
	}
	return Table(w, columns, rows)
}

func why(s capture.Stats) string {
	filtered := capture.Stats{Dropped: s.Filtered}.Losses()
	lost := s.Losses()
	switch {
	case filtered == "":
		return lost
	case lost == "":
		return filtered
	}
	return lost + "; " + filtered
}
