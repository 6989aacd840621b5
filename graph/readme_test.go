package graph

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestTheWayOfAQuery wants each function that README.md leads through to be in the file that it names.
func TestTheWayOfAQuery(t *testing.T) {
	rows := regexp.MustCompile("(?m)^\\| `([a-z_/]+\\.go)` \\| ([^|]+) \\|").FindAllStringSubmatch(readText(t, "README.md"), -1)
	if len(rows) < 20 {
		t.Fatalf("%d rows", len(rows))
	}
	for _, row := range rows {
		source, err := os.ReadFile("../" + row[1])
		if err != nil {
			t.Error(err)
			continue
		}
		for name := range strings.SplitSeq(row[2], ", ") {
			declared := regexp.MustCompile(`(?m)^func (\([^)]+\) )?` + strings.Trim(name, "`") + `[(\[]`)
			if !declared.Match(source) {
				t.Errorf("%s has no function %s", row[1], name)
			}
		}
	}
}
