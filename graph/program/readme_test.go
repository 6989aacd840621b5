package program

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"ordergraph/upstream/sandbox"
)

// The documents that tests hold to the program.
const (
	readmeFile   = "../../README.md"
	operatorFile = "../../deploy/README.md"
	sandboxFile  = "../../upstream/sandbox/README.md"
)

func readDocument(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// readmeBlocks returns the fenced blocks of one language.
func readmeBlocks(readme, language string) []string {
	fence := regexp.MustCompile("(?ms)^```" + language + "\n(.*?)^```$")
	var blocks []string
	for _, match := range fence.FindAllStringSubmatch(readme, -1) {
		blocks = append(blocks, match[1])
	}
	return blocks
}

func TestSandboxReadmeListsEveryTestID(t *testing.T) {
	readme := readDocument(t, sandboxFile)
	for _, test := range sandbox.TestIDs() {
		outcome := test.Outcome
		switch {
		case test.Code != "" && test.Outcome == "order":
			outcome = "order, `" + test.Code + "`"
		case test.Code != "":
			outcome = "`" + test.Code + "`"
		}
		row := fmt.Sprintf("| `%s` | %s | %s |\n", test.ID, test.What, outcome)
		if !strings.Contains(readme, row) {
			t.Errorf("%s lacks the row\n%s", sandboxFile, row)
		}
	}
}

func TestOperatorsReadmeListsEverySetting(t *testing.T) {
	var line commandLine
	commands, err := newParser(&line, io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	readme := readDocument(t, operatorFile)
	known := map[string]bool{}
	for _, flag := range commands.Model.Flags {
		known[flag.Name] = true
		if len(flag.Envs) == 0 {
			continue // --help and --version
		}
		standard := "empty"
		if flag.HasDefault {
			standard = "`" + flag.Default + "`"
		}
		row := fmt.Sprintf("\n| `--%s` | `%s` | %s |", flag.Name, flag.Envs[0], standard)
		if !strings.Contains(readme, row) {
			t.Errorf("%s lacks the row%s …", operatorFile, row)
		}
	}
	for _, match := range regexp.MustCompile("(?m)^\\| `--([a-z-]+)` \\|").FindAllStringSubmatch(readme, -1) {
		if !known[match[1]] {
			t.Errorf("%s describes the setting --%s, which isn't there", operatorFile, match[1])
		}
	}
}

// TestReadmeQueriesAreValid takes each graphql block for an operation or, where it is the schema of
// another subgraph, for definitions.
func TestReadmeQueriesAreValid(t *testing.T) {
	federation, err := os.ReadFile("../federation.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := gqlparser.LoadSchema(
		&ast.Source{Name: "schema.graphqls", Input: schema},
		&ast.Source{Name: "federation.graphqls", Input: string(federation)},
	)
	if err != nil {
		t.Fatal(err)
	}
	blocks := readmeBlocks(readDocument(t, readmeFile)+readDocument(t, "../../e2e/federation/README.md"), "graphql")
	if len(blocks) == 0 {
		t.Fatal("README.md has no graphql block")
	}
	for _, block := range blocks {
		if _, err := parser.ParseSchema(&ast.Source{Input: block}); err == nil {
			continue
		}
		if _, errs := gqlparser.LoadQueryWithRules(loaded, block, nil); errs != nil {
			t.Errorf("%v in\n%s", errs, block)
		}
	}
}

// TestReadmeExamplesAnswerAsShown runs the first curl, and the first query, against the sandbox.
func TestReadmeExamplesAnswerAsShown(t *testing.T) {
	readme := readDocument(t, readmeFile)
	answers := readmeBlocks(readme, "json")
	curl := regexp.MustCompile(`(?m)^curl -s localhost:8080/graphql .* -d '(\{"query":.*\})'$`).FindStringSubmatch(readme)
	if curl == nil || len(answers) < 2 {
		t.Fatal("README.md lacks the first curl, its answer, or the one of the first query")
	}
	p := start(t)
	_, got := p.request(t, "POST", p.public+"/graphql", curl[1], "Content-Type", "application/json")
	expectSameJSON(t, got, answers[0])
	_, got = p.query(t, readmeBlocks(readme, "graphql")[0])
	var answer struct{ Extensions json.RawMessage }
	if err := json.Unmarshal([]byte(got), &answer); err != nil {
		t.Fatal(err)
	}
	expectSameJSON(t, string(answer.Extensions), answers[1])
}

func expectSameJSON(t *testing.T, got, want string) {
	t.Helper()
	var values [2]any
	for i, text := range []string{got, want} {
		decoder := json.NewDecoder(bytes.NewBufferString(text))
		decoder.UseNumber()
		if err := decoder.Decode(&values[i]); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
	}
	if !reflect.DeepEqual(values[0], values[1]) {
		t.Errorf("got\n%s\nREADME.md says\n%s", got, want)
	}
}

// TestDocumentedCommandsDoWhatIsShown runs the commands that need nothing but the program: those that look for REST
// fields, with what a comment says that they find, and the ones that are shown with their output.
func TestDocumentedCommandsDoWhatIsShown(t *testing.T) {
	run := 0
	for _, match := range regexp.MustCompile(`(?m)^\./ordergraph rest-fields (\S+)(?: +# (\S+))?$`).FindAllStringSubmatch(readDocument(t, readmeFile), -1) {
		code, stdout, stderr := exitOf(t, nil, "rest-fields", match[1])
		if run++; code != 0 || !strings.Contains(stdout, match[2]) {
			t.Errorf("%s: exit code %d: %s%s", match[0], code, stdout, stderr)
		}
	}
	for _, match := range regexp.MustCompile(`(?ms)^\$ ordergraph (query) '([^']*)'\n(.*?)^`+"```").FindAllStringSubmatch(readDocument(t, operatorFile), -1) {
		_, stdout, stderr := exitOf(t, nil, match[1], match[2])
		if run++; stdout+stderr != match[3] {
			t.Errorf("%s shows\n%s\nnot\n%s", match[2], stdout+stderr, match[3])
		}
	}
	if run < 3 {
		t.Errorf("%d commands", run)
	}
	for _, match := range regexp.MustCompile(`(?m)^curl -s localhost:8080/graphql .* -d '(\{"query":.*\})'$`).FindAllStringSubmatch(readDocument(t, readmeFile), -1) {
		p := start(t)
		if response, text := p.request(t, "POST", p.public+"/graphql", match[1], "Content-Type", "application/json"); response.StatusCode != 200 || strings.Contains(text, "errors") {
			t.Errorf("%s: %d %s", match[1], response.StatusCode, text)
		}
	}
}
