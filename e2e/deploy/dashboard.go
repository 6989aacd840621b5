package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
)

// mistakes returns nil for a list without any, which is not nil as an error.
func mistakes(err error) error {
	if list, ok := errors.AsType[cog.BuildErrors](err); ok && len(list) == 0 {
		return nil
	}
	return err
}

// checkDashboard reads a dashboard as Grafana's own types have it. Every query must be of Prometheus, of the data
// source that the reader chose, and of the job that the alerts are of, too.
func checkDashboard(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	plugins.RegisterDefaultPlugins()
	var board dashboard.Dashboard
	if err := mistakes(board.UnmarshalJSONStrict(text)); err != nil {
		return err
	}
	// A strict reading leaves the panels empty.
	if err := json.Unmarshal(text, &board); err != nil {
		return err
	}
	var raw struct {
		Panels []struct{ FieldConfig json.RawMessage }
	}
	if err := json.Unmarshal(text, &raw); err != nil {
		return err
	}
	for i, panel := range raw.Panels { // which a panel reads leniently
		var fields dashboard.FieldConfigSource
		if err := mistakes(fields.UnmarshalJSONStrict(panel.FieldConfig)); err != nil {
			return fmt.Errorf("panel %d: %w", i, err)
		}
	}
	type place struct{ x, y uint32 }
	taken, ids := map[place]string{}, map[uint32]bool{}
	for _, either := range board.Panels {
		panel := either.Panel
		if panel == nil {
			continue // the title of a row
		}
		if ids[*panel.Id] {
			return fmt.Errorf("%q has the id of another panel", *panel.Title)
		}
		ids[*panel.Id] = true
		at := panel.GridPos
		for x := at.X; x < at.X+at.W; x++ {
			for y := at.Y; y < at.Y+at.H; y++ {
				if other, found := taken[place{x, y}]; found || x >= 24 {
					return fmt.Errorf("%q lies over %q or beyond the edge", *panel.Title, other)
				}
				taken[place{x, y}] = *panel.Title
			}
		}
		for _, target := range panel.Targets {
			query, ok := target.(*prometheus.Dataquery)
			switch {
			case !ok || query.Datasource == nil || *query.Datasource.Uid != "${datasource}":
				return fmt.Errorf("%q: a query of %T", *panel.Title, target)
			case strings.Count(query.Expr, "{") != strings.Count(query.Expr, `{job="ordergraph"`):
				return fmt.Errorf("%q: not of the job: %s", *panel.Title, query.Expr)
			case strings.Contains(query.Expr, "_total{") && !strings.Contains(query.Expr, "rate(") && !strings.Contains(query.Expr, "increase("):
				return fmt.Errorf("%q: a counter falls at each restart: %s", *panel.Title, query.Expr)
			}
		}
	}
	return nil
}
