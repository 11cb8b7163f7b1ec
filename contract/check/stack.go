package check

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// maxFrames is how many frames tell where an error comes from: the function that
// failed and its callers, which tell apart what goes through one helper.
const maxFrames = 3

// maxLines is how many lines of a stack are read, maxLine how long a frame is at
// most: names with generics have some hundred bytes.
const (
	maxLines = 2000
	maxLine  = 2000
)

// A form of frames in stack traces. file and function are the indexes of the
// expression's groups, 0 for none.
type form struct {
	// mark stands in every such frame: it is looked for before the expression.
	mark           string
	expr           *regexp.Regexp
	file, function int
	// last says that the frame that failed comes last.
	last bool
}

var forms = []form{
	// Java, Kotlin, Scala: at com.shop.Orders.place(Orders.java:12)
	{mark: `at `, expr: regexp.MustCompile(`^\s*at\s+([\w$.<>/@-]+)\(([\w$.-]+(?::\d+)?|Native Method|Unknown Source)\)`), file: 2, function: 1},
	// .NET: at Shop.Orders.Place(Int32 id) in /src/Orders.cs:line 12
	{mark: `at `, expr: regexp.MustCompile(`^\s*at\s+([\w.<>\x60+\[\],]+)\([^)]*\)(?:\s+in\s+(.+?):line\s+\d+)?\s*$`), file: 2, function: 1},
	// JavaScript: at place (/srv/orders.js:1:2), at /srv/orders.js:1:2
	{mark: `at `, expr: regexp.MustCompile(`^\s*at\s+(?:(.+?)\s+\()?([^()\s]+?):\d+:\d+\)?\s*$`), file: 2, function: 1},
	// Python: File "/srv/orders.py", line 12, in place
	{mark: `File "`, expr: regexp.MustCompile(`^\s*File "([^"]+)", line \d+(?:, in (.+?))?\s*$`), file: 1, function: 2, last: true},
	// PHP: #0 /srv/orders.php(12): place()
	{mark: `#`, expr: regexp.MustCompile(`^\s*#\d+\s+([^\s(]+)\(\d+\):\s+([\w\\:>-]+)`), file: 1, function: 2},
	// Ruby: orders.rb:12:in 'place'
	{mark: `.rb:`, expr: regexp.MustCompile("^\\s*(?:from\\s+)?(\\S+\\.rb):\\d+:in\\s+[`'](.+?)'"), file: 1, function: 2},
	// Go: /srv/orders.go:12 +0x1d, below the function
	{mark: `.go:`, expr: regexp.MustCompile(`^\s*(\S+\.go):\d+(?:\s+\+0x[0-9a-f]+)?\s*$`), file: 1},
	// Rust: at src/orders.rs:12:5 is JavaScript's; 3: shop::orders::place
	{mark: `::`, expr: regexp.MustCompile(`^\s*\d+:\s+(?:0x[0-9a-f]+ - )?((?:\w+::)+\w+)`), function: 1},
}

// goFunction is the line above a Go frame's file: shop.(*Orders).Place(0xc000...)
var goFunction = regexp.MustCompile(`^(?:created by )?([\w./*()\[\]-]+(?:\.func\d+(?:\.\d+)*)?)\([^)]*\)\s*$`)

func isFrame(line string) bool {
	if len(line) > maxLine {
		return false
	}
	if goFunction.MatchString(line) && strings.Contains(line, ".") || strings.HasPrefix(line, "goroutine ") {
		return true
	}
	return slices.ContainsFunc(forms, func(f form) bool { return strings.Contains(line, f.mark) && f.expr.MatchString(line) })
}

// framesOf returns the frames nearest to what failed, as "file:function" without
// lines and addresses, "" where the text has none.
func framesOf(text string) string {
	lines := strings.SplitN(text, "\n", maxLines+1)
	lines = lines[:min(len(lines), maxLines)]
	if root := lastCause(lines); root > 0 {
		lines = lines[root:]
	} else if after := afterPanic(lines); after > 0 {
		lines = lines[after:]
	}
	var frames []string
	last := false
	for i, line := range lines {
		for _, f := range forms {
			if len(line) > maxLine || !strings.Contains(line, f.mark) {
				continue
			}
			m := f.expr.FindStringSubmatch(line)
			if m == nil {
				continue
			}
			frames, last = append(frames, f.frame(m, lines, i)), f.last
			break
		}
		if len(frames) == maxFrames && !last {
			break
		}
	}
	frames = frames[max(0, len(frames)-maxFrames):]
	return strings.Join(frames, " ")
}

// frame tells a frame. Where the form has no function, it is in the line above.
func (f form) frame(m []string, lines []string, i int) string {
	file, function := "", ""
	if f.file > 0 {
		file = path.Base(strings.ReplaceAll(m[f.file], `\`, "/"))
		file, _, _ = strings.Cut(file, ":")
	}
	if f.function > 0 {
		function = m[f.function]
	} else if i > 0 {
		if above := goFunction.FindStringSubmatch(strings.TrimSpace(lines[i-1])); above != nil {
			function = path.Base(above[1])
		}
	}
	return cut(file+":"+function, 120)
}

// lastCause returns the line of the root of a chain of exceptions, 0 for none.
func lastCause(lines []string) int {
	root := 0
	for i, line := range lines {
		if strings.HasPrefix(strings.TrimSpace(line), "Caused by:") {
			root = i
		}
	}
	return root
}

// afterPanic returns the line of the frame that panicked in a trace of Go, which
// comes after those of the recovery and of the runtime; 0 for none.
func afterPanic(lines []string) int {
	at := 0
	for i, line := range lines {
		if strings.HasPrefix(line, "panic(") {
			at = i + 2 // its file is in the line below
		}
	}
	for at > 0 && at < len(lines) && strings.HasPrefix(lines[at], "runtime.") {
		at += 2
	}
	return min(at, len(lines))
}
