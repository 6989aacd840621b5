package main

import (
	"fmt"
	"io"
	"strconv"
	"time"
)

// result is what came of one scenario.
type result struct {
	name     string
	rows     []row
	figures  []figure
	failures []string
	notes    []string
}

// row is the medians of one server.
type row struct {
	server string
	measurement
}

// figure is one outcome of a scenario, perhaps with a target. It is a ratio if it has no unit.
type figure struct {
	name  string
	value float64
	unit  string
	// decimals are shown of a value with a unit; ratios have two.
	decimals int
	// target is 0 if there is none. The value should be at least as large, or at most if atMost is set.
	target float64
	atMost bool
	// chart is the figure's name in the picture; empty leaves it out. The detail goes below it.
	chart, detail string
}

func (r *result) add(f figure) { r.figures = append(r.figures, f) }

func (f figure) met() bool {
	if f.atMost {
		return f.value <= f.target
	}
	return f.value >= f.target
}

func (f figure) String() string { return f.format(f.value) }

func (f figure) format(value float64) string {
	if f.unit == "" {
		return strconv.FormatFloat(value, 'f', 2, 64)
	}
	return strconv.FormatFloat(value, 'f', f.decimals, 64) + " " + f.unit
}

// goal is the target in words, empty if there is none.
func (f figure) goal() string {
	switch {
	case f.target == 0:
		return ""
	case f.atMost:
		return "≤ " + f.formatTarget()
	default:
		return "≥ " + f.formatTarget()
	}
}

func (f figure) formatTarget() string {
	if f.unit == "" {
		return f.format(f.target)
	}
	return strconv.FormatFloat(f.target, 'f', -1, 64) + " " + f.unit
}

// verdict is the target and whether it is met.
func (f figure) verdict() string {
	switch {
	case f.target == 0:
		return ""
	case f.met():
		return "target " + f.goal() + ": met"
	default:
		return "target " + f.goal() + ": not met"
	}
}

func (r result) print(w io.Writer) {
	fmt.Fprintf(w, "\n%s\n", r.name)
	if len(r.rows) > 0 {
		fmt.Fprintf(w, "  %-28s %11s %11s %11s %13s\n", "", "requests/s", "median", "99 %", "CPU/request")
	}
	for _, row := range r.rows {
		fmt.Fprintf(w, "  %-28s %11s %11s %11s %13s\n", row.server,
			thousands(int(row.throughput)), milliseconds(row.median), milliseconds(row.p99), microseconds(row.processor))
	}
	for _, f := range r.figures {
		fmt.Fprintf(w, "  %-60s %9s  %s\n", f.name, f, f.verdict())
	}
	for _, note := range r.notes {
		fmt.Fprintf(w, "  %s\n", note)
	}
	for _, failure := range r.failures {
		fmt.Fprintf(w, "  WRONG  %s\n", failure)
	}
}

// thousands writes a whole number with commas.
func thousands(number int) string {
	text := strconv.Itoa(number)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

func milliseconds(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds()*1000, 'f', 2, 64) + " ms"
}

func microseconds(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds()*1e6, 'f', 0, 64) + " µs"
}
