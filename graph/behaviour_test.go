package graph_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/tools/txtar"

	"ordergraph/upstream/sandbox"
)

var update = flag.Bool("update", false, "rewrite the expectations in testdata/behaviour with what happens")

// TestBehaviour runs the files of testdata/behaviour. Each is a txtar archive of requests to one
// fresh stack. The comment may hold the lines "option pass-through" and "option never-fresh". The
// sections of the first request have plain names, those of the n-th begin with "n/":
//
//	query      the GraphQL document
//	variables  JSON
//	headers    request headers, "Name: value"
//	faults     JSON, the sandbox's faults from this request on
//	status     the expected HTTP status; 200 if absent
//	header     expected response headers, "Name: regular expression"
//	calls      the upstream calls that must happen, sorted, one a line as stack.calls has them
//	response   the expected body, errors sorted
func TestBehaviour(t *testing.T) {
	files, err := filepath.Glob("testdata/behaviour/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			runArchive(t, archive)
			if *update {
				if err := os.WriteFile(file, txtar.Format(archive), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func runArchive(t *testing.T, archive *txtar.Archive) {
	t.Helper()
	s := newStack(t, stackOptions{
		passThrough: hasLine(archive.Comment, "option pass-through"),
		neverFresh:  hasLine(archive.Comment, "option never-fresh"),
	})
	requests := 0
	for step := 1; ; step++ {
		sections := stepSections{archive: archive}
		if step > 1 {
			sections.prefix = strconv.Itoa(step) + "/"
		}
		if sections.find("query") == nil {
			break
		}
		requests++
		runStep(t, s, sections)
	}
	if requests == 0 {
		t.Fatal("no query")
	}
}

func runStep(t *testing.T, s *stack, sections stepSections) {
	t.Helper()
	if faults := sections.find("faults"); faults != nil {
		var list []sandbox.Fault
		if err := json.Unmarshal(faults, &list); err != nil {
			t.Fatal(err)
		}
		if err := s.sandbox.SetFaults(list...); err != nil {
			t.Fatal(err)
		}
	}
	answer := s.ask(t, string(sections.find("query")), string(sections.find("variables")), headers(t, sections.find("headers")))
	status := []byte("200\n")
	if expected := sections.find("status"); expected != nil {
		status = expected
	}
	if got := strconv.Itoa(answer.status); got != strings.TrimSpace(string(status)) {
		t.Errorf("%sstatus: %s, want %s", sections.prefix, got, status)
	}
	for name, patterns := range headers(t, sections.find("header")) {
		if got := strings.Join(answer.header.Values(name), ", "); !regexp.MustCompile("^(" + patterns[0] + ")$").MatchString(got) {
			t.Errorf("%sheader: %s is %q, want %s", sections.prefix, name, got, patterns[0])
		}
	}
	checkNoLongNumber(t, answer.body)
	calls := strings.Join(s.calls(), "\n")
	if calls != "" {
		calls += "\n"
	}
	sections.compare(t, "calls", []byte(calls))
	sections.compare(t, "response", readable(t, answer.body))
}

// stepSections are the sections of one request.
type stepSections struct {
	archive *txtar.Archive
	prefix  string
}

func (s stepSections) index(name string) int {
	return slices.IndexFunc(s.archive.Files, func(f txtar.File) bool { return f.Name == s.prefix+name })
}

func (s stepSections) find(name string) []byte {
	if i := s.index(name); i >= 0 {
		return s.archive.Files[i].Data
	}
	return nil
}

func (s stepSections) compare(t *testing.T, name string, got []byte) {
	t.Helper()
	i := s.index(name)
	switch {
	case *update && i < 0:
		s.insert(name, got)
	case *update:
		s.archive.Files[i].Data = got
	case i < 0:
		t.Errorf("section %s%s is missing", s.prefix, name)
	case !bytes.Equal(s.archive.Files[i].Data, got):
		t.Errorf("%s%s:\n%s\nwant:\n%s", s.prefix, name, got, s.archive.Files[i].Data)
	}
}

// insert adds a section behind the last one of the same request.
func (s stepSections) insert(name string, data []byte) {
	last := 0
	for i, file := range s.archive.Files {
		if prefix, _, found := strings.Cut(file.Name, "/"); (found && prefix+"/" == s.prefix) || (!found && s.prefix == "") {
			last = i
		}
	}
	s.archive.Files = slices.Insert(s.archive.Files, last+1, txtar.File{Name: s.prefix + name, Data: data})
}

func hasLine(text []byte, line string) bool {
	return slices.Contains(strings.Split(string(text), "\n"), line)
}

func headers(t *testing.T, text []byte) http.Header {
	t.Helper()
	header := http.Header{}
	for line := range strings.Lines(string(text)) {
		name, value, found := strings.Cut(strings.TrimSpace(line), ": ")
		if !found {
			t.Fatalf("%q is no header", line)
		}
		header.Add(name, value)
	}
	return header
}

// The forms of the values that differ each time: others would show.
var (
	requestIDs = regexp.MustCompile(`"requestId":"[A-Za-z0-9._-]{1,128}"`)
	waits      = regexp.MustCompile(`"retryAfterSeconds":[1-9][0-9]*`)
	fetchTimes = regexp.MustCompile(`"(fetchedAt|freshUntil)":"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"`)
)

// readable returns a response with one value a line, its errors sorted and what differs each time
// masked.
func readable(t *testing.T, body []byte) []byte {
	t.Helper()
	var response struct {
		Data       json.RawMessage   `json:"data,omitempty"`
		Errors     []json.RawMessage `json:"errors,omitempty"`
		Extensions json.RawMessage   `json:"extensions,omitempty"`
	}
	body = requestIDs.ReplaceAll(body, []byte(`"requestId":"masked"`))
	body = waits.ReplaceAll(body, []byte(`"retryAfterSeconds":"masked"`))
	body = fetchTimes.ReplaceAll(body, []byte(`"$1":"masked"`))
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&response); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	slices.SortFunc(response.Errors, func(a, b json.RawMessage) int { return bytes.Compare(a, b) })
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(response); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

// checkNoLongNumber finds numbers that JavaScript would round.
func checkNoLongNumber(t *testing.T, body []byte) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	for {
		token, err := decoder.Token()
		if err != nil {
			return
		}
		if number, ok := token.(json.Number); ok && len(strings.Trim(number.String(), "-")) >= 16 {
			t.Errorf("the response has the bare number %s", number)
		}
	}
}

func TestSimultaneousRequestsShareOneCall(t *testing.T) {
	const clients = 50
	section := &gate{}
	s := newStack(t, stackOptions{transport: section})
	section.open = func() bool { return s.arrivals.Load() == clients }
	t.Cleanup(section.transport.CloseIdleConnections)
	var running sync.WaitGroup
	for range clients {
		running.Go(func() {
			answer := s.ask(t, `{order(id:"58218860983545941"){id status domesticShipping{city}}}`, "", nil)
			if !bytes.Contains(answer.body, []byte(`{"order":{"id":"58218860983545941","status":"WAIT_BUYER_RECEIVE","domesticShipping":{"city":"杭州市"}}}`)) {
				t.Errorf("answer %s", answer.body)
			}
		})
	}
	running.Wait()
	if calls := s.calls(); !slices.Equal(calls, []string{"CN_1688 58218860983545941 NativeLogistics []"}) {
		t.Errorf("calls %q", calls)
	}
}

// The gate opens once all calls wait at it: calls one after the other never open it.
func TestOrdersOfAListAreCalledConcurrently(t *testing.T) {
	const distinct = 30
	section := &gate{}
	section.open = func() bool { return section.waiting.Load() == distinct }
	t.Cleanup(section.transport.CloseIdleConnections)
	s := newStack(t, stackOptions{transport: section})
	ids := make([]string, 0, 2*distinct)
	for i := range distinct {
		id := strconv.Itoa(70_000 + i)
		ids = append(ids, id, id)
	}
	variables, err := json.Marshal(map[string]any{"ids": ids})
	if err != nil {
		t.Fatal(err)
	}
	answer := s.ask(t, `query($ids:[ID!]!){orders(ids:$ids){id}}`, string(variables), nil)
	var response struct {
		Data   struct{ Orders []struct{ ID string } }
		Errors []any
	}
	if err := json.Unmarshal(answer.body, &response); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, order := range response.Data.Orders {
		got = append(got, order.ID)
	}
	if !slices.Equal(got, ids) || len(response.Errors) > 0 {
		t.Errorf("orders %v, errors %v; want %v", got, response.Errors, ids)
	}
	if calls := s.sandbox.Totals().Calls; calls != distinct {
		t.Errorf("%d calls, want %d", calls, distinct)
	}
}
