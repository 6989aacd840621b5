package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/ast"

	"ordergraph/graph/internal/generated"
	"ordergraph/graph/projection"
	"ordergraph/upstream"
)

// twice resolves one order as what writes itself, and as an entity that gqlgen executes field by field.
type twice struct {
	plan  *projection.Plan
	order *upstream.Order
}

func (r *twice) Query() generated.QueryResolver { return r }

func (r *twice) Order(ctx context.Context, _ string, _ upstream.WebSite, _ upstream.Edition) (*projection.Order, error) {
	return r.plan.Select(graphql.GetOperationContext(ctx), graphql.GetFieldContext(ctx).Field).Of(upstream.Result{Order: r.order}), nil
}

func (r *twice) Orders(ctx context.Context, _ []string, _ upstream.WebSite, _ upstream.Edition) ([]*projection.Order, error) {
	order, err := r.Order(ctx, "", 0, 0)
	return []*projection.Order{order}, err
}

func (r *twice) Entities(ctx context.Context, _ []any) []generated.Entity {
	order, _ := r.Order(ctx, "", 0, 0) // has no error
	return []generated.Entity{order}
}

func (*twice) Service(context.Context) (generated.Service, error) { return generated.Service{}, nil }

// idOfOrder finds the id that a fixture's order has.
var idOfOrder = regexp.MustCompile(`"id_of_str":\s*"(\d+)"`)

// TestProjectionEqualsExecution wants of many selections the same bytes from the projection as from
// the general execution.
func TestProjectionEqualsExecution(t *testing.T) {
	schema := servedSchema()
	plan, err := projection.Compile(schema)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../upstream/testdata/fixtures/0*.json")
	if err != nil || len(files) < 4 {
		t.Fatalf("%d fixtures, %v", len(files), err)
	}
	longest := 0
	for _, file := range files {
		body := readText(t, file)
		id, err := upstream.ParseOrderID(idOfOrder.FindStringSubmatch(body)[1])
		if err != nil {
			t.Fatal(err)
		}
		resolver := &twice{plan: plan, order: decodedOrder(t, id, body)}
		exec := executor.New(generated.NewExecutableSchema(generated.Config{Schema: schema, Resolvers: resolver}))
		random := rand.New(rand.NewPCG(1, 2))
		for i := range 200 {
			s := &selections{schema: schema, random: random, conditional: i%2 == 0}
			selected := s.of(schema.Types["Order"], 7)
			projected, executed := s.answers(t, exec, selected)
			if !bytes.Equal(projected, executed) {
				t.Fatalf("%s:\n%s\n\nprojected\n%s\n\nexecuted\n%s", filepath.Base(file), selected, projected, executed)
			}
			longest = max(longest, len(projected))
		}
	}
	if longest < 2000 {
		t.Errorf("the longest answer has %d bytes: nothing was compared", longest)
	}
}

// selections makes up selections.
type selections struct {
	schema *ast.Schema
	random *rand.Rand
	// conditional says that there are conditions.
	conditional bool
	fragments   strings.Builder
	named       int
}

// chance is true once in so many times.
func (s *selections) chance(of int) bool { return s.random.IntN(of) == 0 }

// of makes up a selection of a type, with aliases, fields that come twice, fragments and conditions.
func (s *selections) of(definition *ast.Definition, depth int) string {
	text := "{__typename" + s.condition()
	for _, field := range definition.Fields {
		if !s.chance(3) {
			continue
		}
		selected := s.field(field, depth)
		switch {
		case selected == "":
		case s.chance(10):
			text += fmt.Sprintf(" ...%s{%s}", s.condition(), selected)
		case s.chance(10):
			text += fmt.Sprintf(" ... on %s%s{%s %s}", definition.Name, s.condition(), selected, s.field(field, depth))
		case s.chance(10):
			s.named++
			fmt.Fprintf(&s.fragments, " fragment f%d on %s{%s}", s.named, definition.Name, selected)
			text += fmt.Sprintf(" ...f%d ...f%d%s", s.named, s.named, s.condition())
		default:
			text += " " + selected
		}
	}
	return text + "}"
}

func (s *selections) field(field *ast.FieldDefinition, depth int) string {
	text := field.Name
	if s.chance(5) {
		text = strings.ToUpper(field.Name) + ":" + field.Name
	}
	text += s.condition()
	if below := s.schema.Types[field.Type.Name()]; below.Kind == ast.Object {
		if depth == 0 {
			return ""
		}
		return text + s.of(below, depth-1)
	}
	return text
}

func (s *selections) condition() string {
	conditions := [...]string{" @include(if:$yes)", " @skip(if:$no)", " @include(if:$no)", " @skip(if:true)"}
	if !s.conditional {
		return ""
	}
	if choice := s.random.IntN(8 * len(conditions)); choice < len(conditions) {
		return conditions[choice]
	}
	return ""
}

// answers returns what the projection and what the execution shows.
func (s *selections) answers(t *testing.T, exec *executor.Executor, selected string) (projected, executed []byte) {
	t.Helper()
	query := "{order(id:1)" + selected + " _entities(representations:[]){...on Order" + selected + "}"
	if s.conditional {
		query = "query($yes:Boolean=true,$no:Boolean=false)" + query + "never:__typename @include(if:$no) @skip(if:$yes)"
	}
	query += "}" + s.fragments.String()
	response := (&server{executor: exec}).run(t, t.Context(), query, "")
	if len(response.Errors) > 0 {
		t.Fatalf("%s\n%v", query, response.Errors)
	}
	var data struct {
		Order    json.RawMessage
		Entities []json.RawMessage `json:"_entities"`
	}
	if err := json.Unmarshal(response.Data, &data); err != nil || len(data.Entities) != 1 {
		t.Fatalf("%s\n%s\n%v", query, response.Data, err)
	}
	return data.Order, data.Entities[0]
}
