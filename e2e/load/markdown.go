package main

import (
	"fmt"
	"io"
)

// printMarkdown prints the results as two tables: the medians of every server, and the outcomes beside
// their targets.
func printMarkdown(w io.Writer, where string, results []result) {
	fmt.Fprintf(w, "\n%s.\n\n| scenario | server | requests/s | median | 99 %% | server CPU a request |\n|---|---|--:|--:|--:|--:|\n", where)
	for _, r := range results {
		name := r.name
		for _, row := range r.rows {
			fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s |\n", name, row.server, thousands(int(row.throughput)),
				milliseconds(row.median), milliseconds(row.p99), microseconds(row.processor))
			name = "" // once for all servers
		}
	}
	fmt.Fprint(w, "\n| scenario | outcome | measured | target |\n|---|---|--:|--:|\n")
	for _, r := range results {
		name := r.name
		for _, f := range r.figures {
			fmt.Fprintf(w, "| %s | %s | %s | %s |\n", name, f.name, f, f.goal())
			name = ""
		}
	}
}
