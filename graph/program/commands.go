package program

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/alecthomas/kong"

	"ordergraph/graph"
	"ordergraph/graph/restfields"
	"ordergraph/upstream/sandbox"
)

// versionCommand prints which build this is.
type versionCommand struct {
	JSON bool `help:"Print a JSON object."`
}

// build is what is known of the program itself.
type build struct {
	Version   string `json:"version"`
	Revision  string `json:"revision,omitempty"`
	Modified  bool   `json:"modified,omitempty"`
	GoVersion string `json:"goVersion"`
}

func readBuild() build {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return build{Version: version()}
	}
	b := build{Version: version(), GoVersion: info.GoVersion}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			b.Revision = setting.Value
		case "vcs.modified":
			b.Modified = setting.Value == "true"
		}
	}
	return b
}

// Run does it.
func (v versionCommand) Run(program *kong.Kong) error {
	b := readBuild()
	if v.JSON {
		return json.NewEncoder(program.Stdout).Encode(b)
	}
	revision := cmp.Or(b.Revision, "of an unknown revision")
	if b.Modified {
		revision += ", modified"
	}
	_, err := fmt.Fprintf(program.Stdout, "ordergraph %s (%s), %s\n", b.Version, revision, b.GoVersion)
	return err
}

// sandboxCommand serves the emulated upstream alone.
type sandboxCommand struct{}

// Run does it.
func (sandboxCommand) Run(ctx context.Context, c *config, program *kong.Kong) error {
	own, err := c.sandboxOrders()
	if err != nil {
		return err
	}
	emulated, err := sandbox.Start(context.WithoutCancel(ctx), sandbox.Options{Address: c.Serving.Listen, Orders: own})
	if err != nil {
		return fmt.Errorf("--listen: %q can't be listened at: %w", c.Serving.Listen, err)
	}
	_, err = fmt.Fprintf(program.Stdout, "The emulated upstream: its orders are invented and free of charge. Ask it with\n\n"+
		"  curl -s %[1]s -H 'content-type: application/json' -d '{\"web_site\":\"1688\",\"order_id\":58218860983545941,\"edition\":\"1\",\"include_fields\":\"GuaranteesTerms\"}'\n\n"+
		"or with ordergraph --upstream-url=%[1]s\n", emulated.URL)
	if err == nil {
		<-ctx.Done()
	}
	return errors.Join(err, emulated.Close())
}

// restFieldsCommand prints where the fields of the REST interface are in the schema.
type restFieldsCommand struct {
	Term   string `arg:"" optional:"" help:"Only rows in which it occurs: a REST name such as pay_time, a Chinese term, a path or an English word."`
	Format string `default:"tsv" enum:"tsv,json" help:"tsv or json."`
}

// Run does it.
func (f restFieldsCommand) Run(program *kong.Kong) error {
	rows, err := graph.RestFields(schema)
	if err != nil {
		return err
	}
	found := restfields.Search(rows, f.Term)
	if len(found) == 0 {
		return fmt.Errorf("rest-fields: no row has %.100q", f.Term)
	}
	if f.Format == "json" {
		encoder := json.NewEncoder(program.Stdout)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(found)
	}
	_, err = io.WriteString(program.Stdout, restfields.TSV(found))
	return err
}

// healthcheckCommand asks a running server whether it is ready. An image without a shell has nothing else to
// do it with.
type healthcheckCommand struct {
	URL string `placeholder:"URL" help:"What to ask, if not /readyz of the configured admin address, or of the public one where that is off."`
}

// healthPatience is how long the answer may take.
const healthPatience = 2 * time.Second

// Run does it. No redirect is followed and no proxy asked: only the server itself knows.
func (h healthcheckCommand) Run(ctx context.Context, c *config) error {
	ctx, cancel := context.WithTimeout(ctx, healthPatience)
	defer cancel()
	url := cmp.Or(h.URL, readinessURL(c))
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("--url: %w", err)
	}
	connections := new(http.Transport)
	defer connections.CloseIdleConnections()
	got, err := connections.RoundTrip(r)
	if err != nil {
		return fmt.Errorf("healthcheck: GET %s: %w", url, err)
	}
	defer got.Body.Close()
	if got.StatusCode != http.StatusOK {
		return fmt.Errorf("healthcheck: GET %s: %s", url, got.Status)
	}
	return nil
}

// readinessURL returns where a server with these settings answers whether it is ready.
func readinessURL(c *config) string {
	address := c.Serving.AdminListen
	if address == off {
		address = c.Serving.Listen
	}
	// check has seen that it has both parts.
	host, port, _ := net.SplitHostPort(address)
	if ip := net.ParseIP(host); host == "" || ip.Equal(net.IPv4zero) {
		host = "127.0.0.1" // not localhost, whose name an image without /etc/hosts does not know
	} else if ip.IsUnspecified() {
		host = "::1"
	}
	return "http://" + net.JoinHostPort(host, port) + "/readyz"
}
