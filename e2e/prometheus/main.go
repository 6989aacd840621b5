// Command prometheus has a real Prometheus scrape the program under a scripted load, and asks it every query of the
// Grafana dashboard and the expression of every alert. All must bring data: a misspelt series or label brings none.
// It needs prometheus, promtool and redis-server.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	log.SetFlags(0)
	var binary, chart string
	flag.StringVar(&binary, "binary", "", "the program under test; built from this module if empty")
	flag.StringVar(&chart, "chart", "", "a file for the dashboard's results as an HTML page of charts: the shape of Grafana's panels is not seen here")
	flag.Parse()
	if err := run(binary, chart); err != nil {
		log.Fatal(err)
	}
}

func run(binary, chart string) (err error) {
	folder, err := os.MkdirTemp("", "prometheus")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	if binary == "" {
		binary = filepath.Join(folder, "ordergraph")
		if output, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
			return fmt.Errorf("go build: %w\n%s", err, output)
		}
	}
	s, err := startServers(binary, folder)
	defer s.stop()
	if err != nil {
		return err
	}
	const lasts = 25 * time.Second
	for started := time.Now(); time.Since(started) < lasts; {
		if err := s.load(); err != nil {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
	queries, err := dashboardQueries("deploy/grafana/ordergraph.json")
	if err != nil {
		return err
	}
	alerts, err := s.alertQueries()
	if err != nil {
		return err
	}
	wrong := 0
	for _, q := range append(slices.Clone(queries), alerts...) {
		samples, err := s.ask(q.expression)
		switch {
		case err != nil:
		case len(samples) == 0:
			err = errors.New("no data")
		case !slices.ContainsFunc(samples, func(s sample) bool { return s.value() != "NaN" }):
			err = errors.New("nothing but NaN")
		}
		if err != nil {
			wrong++
			fmt.Printf("WRONG %s: %v\n      %s\n", q.name, err, q.expression)
			continue
		}
		fmt.Printf("ok    %s: %d series, the first %s\n", q.name, len(samples), samples[0].value())
	}
	if chart != "" {
		if err := s.draw(chart, queries); err != nil {
			return err
		}
	}
	if wrong > 0 {
		return fmt.Errorf("%d of %d queries bring no data", wrong, len(queries)+len(alerts))
	}
	return nil
}

// query is an expression, with the name of the panel or alert that it is of.
type query struct{ name, expression string }

// dashboardQueries returns the queries of a dashboard, with Grafana's variables replaced.
func dashboardQueries(file string) (queries []query, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &dashboard); err != nil {
		return nil, err
	}
	variables := strings.NewReplacer("$__rate_interval", "15s", "$__range", "30s", "$__interval", "5s")
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			queries = append(queries, query{"panel " + panel.Title, variables.Replace(target.Expr)})
		}
	}
	if len(queries) < 40 {
		return nil, fmt.Errorf("%d queries", len(queries))
	}
	return queries, nil
}

var (
	inBraces   = regexp.MustCompile(`\{[^}]*\}`)
	comparison = regexp.MustCompile(`[<>=!]=|[<>]`)
	yesterday  = regexp.MustCompile(`offset \w+`)
)

// alertQueries returns the expressions of the rules that Prometheus has read. Their comparisons answer 0 or 1 in
// place of nothing, and yesterday is a few seconds ago, since this Prometheus is not older.
func (s *servers) alertQueries() (queries []query, err error) {
	var rules struct {
		Groups []struct {
			Rules []struct{ Name, Query string }
		}
	}
	if err := s.get("/api/v1/rules", &rules); err != nil {
		return nil, err
	}
	for _, group := range rules.Groups {
		for _, rule := range group.Rules {
			expression := yesterday.ReplaceAllString(rule.Query, "offset 5s")
			selectors := inBraces.FindAllString(expression, -1)
			expression = inBraces.ReplaceAllString(expression, "{}")
			expression = comparison.ReplaceAllString(expression, "$0 bool")
			for _, selector := range selectors {
				expression = strings.Replace(expression, "{}", selector, 1)
			}
			queries = append(queries, query{"alert " + rule.Name, expression})
		}
	}
	if len(queries) < 9 {
		return nil, fmt.Errorf("prometheus has read %d alerts", len(queries))
	}
	return queries, nil
}

// sample is a series of an answer.
type sample struct {
	Metric map[string]string
	Value  [2]any
	Values [][2]any
}

func (s sample) value() string {
	text, _ := s.Value[1].(string)
	return text
}

func (s *servers) ask(expression string) (samples []sample, err error) {
	var answer struct{ Result []sample }
	err = s.get("/api/v1/query?query="+url.QueryEscape(expression), &answer)
	return answer.Result, err
}

// get asks Prometheus.
func (s *servers) get(path string, data any) error {
	response, err := http.Get("http://" + s.prometheus + path)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer := struct {
		Status, Error string
		Data          json.RawMessage
	}{}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return err
	}
	if answer.Status != "success" {
		return errors.New(answer.Error)
	}
	return json.Unmarshal(answer.Data, data)
}

// draw writes what the queries brought over the time of the load, as lines.
func (s *servers) draw(file string, queries []query) error {
	var page strings.Builder
	page.WriteString("<!doctype html><meta charset=utf-8><style>body{font:13px system-ui;display:grid;grid-template-columns:repeat(3,1fr);gap:1em}svg{width:100%;height:120px;border:1px solid #ccc}</style>")
	end := time.Now().Unix()
	for _, q := range queries {
		var answer struct{ Result []sample }
		path := fmt.Sprintf("/api/v1/query_range?start=%d&end=%d&step=1&query=%s", end-30, end, url.QueryEscape(q.expression))
		if err := s.get(path, &answer); err != nil {
			return err
		}
		most := 0.0
		lines := make([][][2]float64, len(answer.Result))
		for i, series := range answer.Result {
			for _, v := range series.Values {
				at, _ := v[0].(float64)
				text, _ := v[1].(string)
				y, err := strconv.ParseFloat(text, 64)
				if err == nil && y == y {
					lines[i] = append(lines[i], [2]float64{at - float64(end-30), y})
					most = max(most, y)
				}
			}
		}
		fmt.Fprintf(&page, "<figure><figcaption>%s, %d series, at most %.4g</figcaption><svg viewBox='0 0 30 100' preserveAspectRatio=none>", q.name, len(lines), most)
		for i, line := range lines {
			fmt.Fprintf(&page, "<polyline fill=none stroke='hsl(%d 70%% 45%%)' vector-effect=non-scaling-stroke points='", i*57%360)
			for _, p := range line {
				fmt.Fprintf(&page, "%.1f,%.1f ", p[0], 98-96*p[1]/max(most, 1e-9))
			}
			page.WriteString("'/>")
		}
		page.WriteString("</svg></figure>")
	}
	return os.WriteFile(file, []byte(page.String()), 0o600)
}

func freePort() string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "0"
	}
	defer listener.Close()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return port
}
