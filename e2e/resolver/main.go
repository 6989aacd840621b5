// Command resolver does in a copy of the source what the README says about a field with a resolver of its own,
// and tests the program that comes of it.
package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// carrierTest is what the copy must pass.
//
//go:embed testdata/carrier_test.go.txt
var carrierTest []byte

func main() {
	log.SetFlags(0)
	if err := run(); err != nil {
		log.Fatal(err)
	}
	fmt.Println("ok   a field with a resolver of its own, by the README's steps")
}

func run() error {
	folder, err := os.MkdirTemp("", "resolver")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	if err := copySource(folder); err != nil {
		return err
	}
	readme, err := os.ReadFile("graph/README.md")
	if err != nil {
		return err
	}
	fields, err := block(readme, "graphql", "extend type OrderShipment")
	if err != nil {
		return err
	}
	resolver, err := block(readme, "go", "shipmentResolver")
	if err != nil {
		return err
	}
	schema := filepath.Join(folder, "schema.graphqls")
	text, err := os.ReadFile(schema)
	if err != nil {
		return err
	}
	for path, content := range map[string][]byte{
		schema: bytes.Join([][]byte{text, fields}, []byte("\n")),
		filepath.Join(folder, "graph", "shipment.go"):     resolver,
		filepath.Join(folder, "graph", "carrier_test.go"): carrierTest,
	} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return err
		}
	}
	for _, command := range [][]string{
		{"go", "generate", "./graph"},
		{"go", "build", "./..."},
		{"go", "test", "-count=1", "-run", "TestCarrierStatus", "./graph"},
	} {
		if err := in(folder, command); err != nil {
			return err
		}
	}
	return nil
}

// copySource copies the files that belong to the project.
func copySource(folder string) error {
	list, err := exec.Command("git", "ls-files", "-z").Output()
	if err != nil {
		return fmt.Errorf("git ls-files: %w", err)
	}
	for name := range strings.SplitSeq(strings.TrimRight(string(list), "\x00"), "\x00") {
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// fenced matches a block of code in a list or outside of one.
var fenced = regexp.MustCompile("(?ms)^( *)```([a-z]+)\n(.*?)^ *```$")

// block returns the README's block of code in a language that contains a text, without its indentation.
func block(readme []byte, language, text string) ([]byte, error) {
	for _, found := range fenced.FindAllSubmatch(readme, -1) {
		if string(found[2]) == language && bytes.Contains(found[3], []byte(text)) {
			indented := regexp.MustCompile("(?m)^" + string(found[1]))
			return indented.ReplaceAll(found[3], nil), nil
		}
	}
	return nil, fmt.Errorf("graph/README.md has no block of %s with %q", language, text)
}

func in(folder string, command []string) error {
	process := exec.Command(command[0], command[1:]...)
	process.Dir = folder
	if output, err := process.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(command, " "), err, output)
	}
	return nil
}
