package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// maxReadmeLines keeps README.md a text that people read to its end. What is longer belongs beside what it describes.
const maxReadmeLines = 240

func TestReadmeIsShort(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(string(text), "\n"); lines > maxReadmeLines {
		t.Errorf("README.md has %d lines, at most %d are allowed", lines, maxReadmeLines)
	}
}

var (
	fencedBlock = regexp.MustCompile("(?ms)^[ \t]*```.*?^[ \t]*```")
	link        = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading     = regexp.MustCompile(`(?m)^#{1,6} (.+)$`)
	notInAnchor = regexp.MustCompile(`[^\p{L}\p{N}_\- ]`)
)

// anchorsOf returns the anchors that GitHub gives the headings of a document.
func anchorsOf(text string) map[string]bool {
	anchors := map[string]bool{}
	for _, match := range heading.FindAllStringSubmatch(text, -1) {
		anchors[strings.ReplaceAll(notInAnchor.ReplaceAllString(strings.ToLower(match[1]), ""), " ", "-")] = true
	}
	return anchors
}

// TestLinksOfDocumentsLead wants each link to a file or heading of this repository to be one, those of alerts to their
// runbooks among them.
func TestLinksOfDocumentsLead(t *testing.T) {
	listed, err := exec.Command("git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md", "deploy/prometheus/*.rules.yml").Output()
	if err != nil {
		t.Fatal(err)
	}
	read := func(file string) string {
		text, err := os.ReadFile(file)
		if err != nil {
			return ""
		}
		return fencedBlock.ReplaceAllString(string(text), "")
	}
	checked := 0
	for file := range strings.FieldsSeq(string(listed)) {
		text, folder := read(file), filepath.Dir(file)
		links := link.FindAllStringSubmatch(text, -1)
		if filepath.Ext(file) == ".yml" {
			links, folder = regexp.MustCompile(`runbook: (\S+)`).FindAllStringSubmatch(text, -1), "."
		}
		for _, match := range links {
			target := match[1]
			if strings.Contains(target, "://") {
				continue
			}
			checked++
			path, anchor, hasAnchor := strings.Cut(target, "#")
			if path == "" {
				path = filepath.Base(file)
			}
			path = filepath.Join(folder, path)
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s: %s leads nowhere", file, target)
			} else if hasAnchor && !anchorsOf(read(path))[anchor] {
				t.Errorf("%s: %s has no such heading", file, target)
			}
		}
	}
	if checked < 40 {
		t.Errorf("%d links", checked)
	}
}
