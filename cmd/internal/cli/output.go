package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"twinspect.dev/capture"
)

// Column is one column of a [Table]; numbers are set to the right.
type Column struct {
	Title string
	Right bool
}

// Table writes rows under their titles, aligned by what a terminal shows. A row
// has as many cells as there are columns, or fewer.
func Table(w io.Writer, columns []Column, rows [][]string) error {
	titles := make([]string, len(columns))
	for i, c := range columns {
		titles[i] = c.Title
	}
	lines := [][]string{titles}
	for _, row := range rows {
		lines = append(lines, visibleCells(row))
	}
	widths := widthsOf(lines)
	for _, line := range lines {
		if err := writeRow(w, columns, widths, line); err != nil {
			return err
		}
	}
	return nil
}

func visibleCells(row []string) []string {
	cells := make([]string, len(row))
	for i, cell := range row {
		cells[i] = Visible(cell)
	}
	return cells
}

// widthsOf returns the width of each column, of which the first row has all.
func widthsOf(rows [][]string) []int {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], layout.StringWidth(cell))
		}
	}
	return widths
}

func writeRow(w io.Writer, columns []Column, widths []int, row []string) error {
	line := " "
	for i, cell := range row {
		if columns[i].Right {
			line += " " + padding(cell, widths[i]) + cell + " "
		} else {
			line += " " + cell + padding(cell, widths[i]) + " "
		}
	}
	_, err := fmt.Fprintln(w, strings.TrimRight(line, " "))
	return err
}

// PrintAccount writes the account, a line a stage; nothing where there is none.
func PrintAccount(w io.Writer, a capture.Account) error {
	if len(a) == 0 {
		return nil
	}
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

// PrintJSON writes v, indented.
func PrintJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
