package program

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/rs/zerolog"

	"ordergraph/upstream"
)

// tokenVariable holds what query sends as Authorization. It is no setting: a server has no use for it.
const tokenVariable = "ORDERGRAPH_TOKEN"

// queryCommand answers one query and shows what it cost.
type queryCommand struct {
	Text      string `arg:"" optional:"" help:"The query."`
	File      string `short:"f" placeholder:"FILE" help:"A file with the query, in place of its text."`
	Variables string `placeholder:"JSON" help:"Its variables: a JSON object, or @FILE."`
	Operation string `placeholder:"NAME" help:"The operation to run, where there are several."`
	DryRun    bool   `help:"Show what the query would cost, and make no call. All orders are null."`
	Server    string `placeholder:"URL" help:"A running server to ask. Without it the query is answered here, from the configured upstream, and costs what it costs with nothing cached."`
}

// Help tells the rest.
func (queryCommand) Help() string {
	return "The value of $" + tokenVariable + ", or of the file that $" + tokenVariable + fileSuffix + " names, is sent as Authorization, as it is. " +
		"The data are written to standard output, errors and costs to standard error. " +
		"Exit code: 0 if the answer is complete, 2 if it has errors, 3 if the query was refused, 1 for anything else."
}

// The exit codes of query that are not 1.
const (
	exitIncomplete = 2
	exitRefused    = 3
)

// exitError is an error with an exit code of its own.
type exitError struct {
	error
	code int
}

// Run does it.
func (q queryCommand) Run(ctx context.Context, c *config, program *kong.Kong) error {
	r, err := q.request(ctx)
	if err != nil {
		return err
	}
	if q.Server != "" {
		connections := http.DefaultTransport.(*http.Transport).Clone()
		defer connections.CloseIdleConnections()
		return ask(r, connections, program)
	}
	// Whoever can read the settings has what callers authenticate for.
	c.Access.ClientTokens = nil
	log.SetOutput(io.Discard) // as openLog
	logger := newLogger(c, program.Stderr)
	logger = logger.Level(max(logger.GetLevel(), zerolog.WarnLevel))
	return withService(ctx, c, logger, func(s *service) error {
		return ask(r, inProcess{s.handler}, program)
	})
}

// request returns the request that the flags describe.
func (q queryCommand) request(ctx context.Context) (*http.Request, error) {
	text := q.Text
	switch {
	case (q.Text == "") == (q.File == ""):
		return nil, errors.New("query: want the text of a query, or --file, and not both")
	case q.File != "":
		raw, err := os.ReadFile(q.File)
		if err != nil {
			return nil, fmt.Errorf("--file: %w", err)
		}
		text = string(raw)
	}
	parameters := map[string]any{"query": text}
	if q.Operation != "" {
		parameters["operationName"] = q.Operation
	}
	if q.Variables != "" {
		variables := []byte(q.Variables)
		if path, named := strings.CutPrefix(q.Variables, "@"); named {
			var err error
			if variables, err = os.ReadFile(path); err != nil {
				return nil, fmt.Errorf("--variables: %w", err)
			}
		}
		var object map[string]json.RawMessage
		if json.Unmarshal(variables, &object) != nil || object == nil {
			return nil, fmt.Errorf("--variables: %.100q is not allowed, want a JSON object, or @ and the name of a file with one", q.Variables)
		}
		parameters["variables"] = json.RawMessage(variables)
	}
	body, err := json.Marshal(parameters)
	if err != nil {
		return nil, err
	}
	address, err := q.address()
	if err != nil {
		return nil, err
	}
	token, err := callerToken()
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/graphql-response+json, application/json;q=0.9")
	if token != "" {
		r.Header.Set("Authorization", token.Reveal())
	}
	if q.DryRun {
		r.Header.Set("X-Dry-Run", "true")
	}
	return r, nil
}

// address returns where the server answers queries. In the process itself any host will do.
func (q queryCommand) address() (string, error) {
	address, err := url.Parse(cmp.Or(q.Server, "http://localhost"))
	if err != nil || address.Scheme != "http" && address.Scheme != "https" || address.Hostname() == "" || address.User != nil {
		return "", fmt.Errorf("--server: %.100q is not allowed, want an absolute http or https URL without user name and password", withoutCredentials(q.Server))
	}
	if address.Path == "" || address.Path == "/" {
		address.Path = "/graphql"
	}
	return address.String(), nil
}

// callerToken returns what query sends as Authorization, empty for nothing.
func callerToken() (upstream.Secret, error) {
	text, given := os.LookupEnv(tokenVariable)
	read, fromFile, err := readSecretFile(tokenVariable)
	if err != nil {
		return "", err
	}
	if given && fromFile {
		return "", fmt.Errorf("both %s and %s%s are set, want one of them", tokenVariable, tokenVariable, fileSuffix)
	}
	token := upstream.Secret(strings.TrimSpace(text + read))
	if err := fitsHeader(token); err != nil {
		return "", fmt.Errorf("%s: [redacted] is not allowed, %w", tokenVariable, err)
	}
	return token, nil
}

// graphQLAnswer is what query shows of an answer.
type graphQLAnswer struct {
	Data   json.RawMessage
	Errors []struct {
		Message    string
		Path       []any
		Extensions struct{ Code string }
	}
	Extensions struct {
		Upstream *struct {
			Calls, Points, Hits, Stale json.Number
			DryRun                     *struct{ Orders, Hits, Shared, Calls, Points json.Number }
		}
	}
}

// ask sends a request, follows no redirect with its token, and shows the answer.
func ask(r *http.Request, connections http.RoundTripper, program *kong.Kong) error {
	got, err := connections.RoundTrip(r)
	if err != nil {
		return fmt.Errorf("query: %w", err)
	}
	defer got.Body.Close()
	raw, err := io.ReadAll(got.Body)
	if err != nil {
		return fmt.Errorf("query: %w", err)
	}
	var answer graphQLAnswer
	if json.Unmarshal(raw, &answer) != nil || answer.Data == nil && answer.Errors == nil {
		return fmt.Errorf("query: %s is no GraphQL answer (HTTP status %d)", r.URL.Redacted(), got.StatusCode)
	}
	return answer.show(program)
}

// show writes an answer, and returns how complete it is.
func (a *graphQLAnswer) show(program *kong.Kong) error {
	if a.Data != nil {
		var data bytes.Buffer
		if err := json.Indent(&data, a.Data, "", "  "); err != nil {
			return err
		}
		data.WriteByte('\n')
		if _, err := data.WriteTo(program.Stdout); err != nil {
			return err
		}
	}
	var text strings.Builder
	for _, e := range a.Errors {
		var place []string
		for _, element := range e.Path {
			place = append(place, fmt.Sprint(element))
		}
		line := fmt.Sprintf("error: %s: %s (%s)", cmp.Or(strings.Join(place, "."), "request"), e.Message, e.Extensions.Code)
		text.WriteString(strings.Map(blankControl, line) + "\n")
	}
	switch u := a.Extensions.Upstream; {
	case u == nil:
	case u.DryRun != nil:
		fmt.Fprintf(&text, "dry run, orders: %s, at hand: %s, of calls under way: %s; would make calls: %s, for points: %s\n",
			u.DryRun.Orders, u.DryRun.Hits, u.DryRun.Shared, u.DryRun.Calls, u.DryRun.Points)
	default:
		fmt.Fprintf(&text, "calls: %s, points: %s, hits: %s, stale: %s\n", u.Calls, u.Points, u.Hits, u.Stale)
	}
	if _, err := io.WriteString(program.Stderr, text.String()); err != nil {
		return err
	}
	switch {
	case a.Data == nil:
		return exitError{errors.New("the query was refused"), exitRefused}
	case len(a.Errors) > 0:
		return exitError{fmt.Errorf("the answer has errors: %d", len(a.Errors)), exitIncomplete}
	default:
		return nil
	}
}

// inProcess carries requests to a handler in the same process.
type inProcess struct{ handler http.Handler }

// RoundTrip returns what the handler answers.
func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	w := &memoryResponse{header: http.Header{}, status: http.StatusOK}
	p.handler.ServeHTTP(w, r)
	return &http.Response{StatusCode: w.status, Header: w.header, Body: io.NopCloser(&w.body), Request: r}, nil
}

// memoryResponse is an answer that is kept in memory.
type memoryResponse struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *memoryResponse) Header() http.Header            { return w.header }
func (w *memoryResponse) WriteHeader(status int)         { w.status = status }
func (w *memoryResponse) Write(text []byte) (int, error) { return w.body.Write(text) }
