// Package introspection answers __schema and __type.
//
// What they answer never changes while the program runs, so gqlgen's introspection executes once, for
// everything there is, and each request is a selection from that: gqlgen spends microseconds on each field
// that it shows, of which a query of a few kilobytes can select a hundred thousand. Here a type that was
// shown once is copied wherever the same is selected of it again, and an operation whose introspection
// takes more than MaxBytes is refused.
package introspection

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// MaxBytes is how much JSON the introspection of one operation may take, several times what clients'
// tools ask for.
const MaxBytes = 1 << 20

// TooLargeError says that the introspection of an operation takes more than MaxBytes.
type TooLargeError struct{}

func (TooLargeError) Error() string {
	return fmt.Sprintf("introspection takes more than %d bytes", MaxBytes)
}

// Extension answers __schema and __type of the operations of an executor that it is added to. New makes
// one. Safe for concurrent use.
type Extension struct {
	// described is what gqlgen says about the schema. It is asked by the first operation that introspects.
	described func() (*described, error)
}

// described is the schema as introspection shows it.
type described struct {
	schema *object
	types  map[string]*object
}

var (
	_ graphql.HandlerExtension     = (*Extension)(nil)
	_ graphql.RootFieldInterceptor = (*Extension)(nil)
)

// New returns an extension that shows the given schema. That may be a part of the one that is executed.
func New(schema graphql.ExecutableSchema) *Extension {
	return &Extension{described: sync.OnceValues(func() (*described, error) { return describe(schema) })}
}

// ExtensionName names the extension, and its data among those of an operation.
func (e *Extension) ExtensionName() string { return "Introspection" }

// Validate has nothing to check.
func (e *Extension) Validate(graphql.ExecutableSchema) error { return nil }

// Admit makes room for the count of bytes.
func (e *Extension) Admit(operation *graphql.OperationContext) {
	operation.Stats.SetExtension(e.ExtensionName(), new(atomic.Int64))
}

// InterceptRootField answers the fields of introspection, and leaves all others alone.
func (e *Extension) InterceptRootField(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	field := graphql.GetRootFieldContext(ctx).Field
	if field.Name != "__schema" && field.Name != "__type" {
		return next(ctx)
	}
	answer, err := e.answer(graphql.GetOperationContext(ctx), field)
	if err != nil {
		graphql.AddError(ctx, gqlerror.WrapPath(graphql.NewPathWithField(field.Alias).Path(), err))
		return graphql.Null
	}
	return graphql.WriterFunc(func(w io.Writer) { _, _ = w.Write(answer) })
}

func (e *Extension) answer(operation *graphql.OperationContext, field graphql.CollectedField) ([]byte, error) {
	if operation.DisableIntrospection {
		return nil, errors.New("introspection is turned off")
	}
	described, err := e.described()
	if err != nil {
		return nil, err
	}
	shown := described.schema
	if field.Name == "__type" {
		name, _ := field.ArgumentMap(operation.Variables)["name"].(string)
		shown = described.types[name]
	}
	if shown == nil {
		return []byte("null"), nil
	}
	written, _ := operation.Stats.GetExtension(e.ExtensionName()).(*atomic.Int64)
	writer := writer{room: MaxBytes - int(written.Load()), types: map[shownType]span{}}
	err = writer.object(shown, selectFields(operation, field.Definition.Type.Name(), field.Selections))
	written.Add(int64(len(writer.text)))
	return writer.text, err
}

// describe asks gqlgen for everything about a schema.
func describe(schema graphql.ExecutableSchema) (*described, error) {
	exec := executor.New(schema)
	exec.AroundOperations(func(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
		graphql.GetOperationContext(ctx).DisableIntrospection = false
		return next(ctx)
	})
	ctx := graphql.StartOperationTrace(context.Background())
	operation, mistakes := exec.CreateOperationContext(ctx, &graphql.RawParams{Query: everything})
	if len(mistakes) > 0 {
		return nil, mistakes
	}
	next, ctx := exec.DispatchOperation(ctx, operation)
	response := next(ctx)
	if len(response.Errors) > 0 {
		return nil, response.Errors
	}
	var data struct {
		Schema json.RawMessage `json:"__schema"`
	}
	if err := json.Unmarshal(response.Data, &data); err != nil {
		return nil, err
	}
	root, err := readObject(data.Schema)
	if err != nil {
		return nil, err
	}
	result := &described{schema: root, types: map[string]*object{}}
	for _, each := range root.lists["types"] {
		result.types[each.name] = each
	}
	result.link(root)
	return result, nil
}

// link replaces the names of types by the types.
func (d *described) link(object *object) {
	for name, below := range object.objects {
		if known := d.types[below.name]; known != nil {
			object.objects[name] = known
			continue
		}
		d.link(below)
	}
	for name, list := range object.lists {
		for i, below := range list {
			if known := d.types[below.name]; known != nil && name != "types" && below.isType {
				list[i] = known
				continue
			}
			d.link(below)
		}
	}
}

// everything is all that introspection can tell. A type within another one is told by its name, and by
// what is wrapped around it.
const everything = `{ __schema {
  description
  types { ...Type }
  queryType { kind name } mutationType { kind name } subscriptionType { kind name }
  directives { name description isRepeatable locations args(includeDeprecated: true) { ...Value } }
} }
fragment Type on __Type {
  kind name description specifiedByURL isOneOf
  fields(includeDeprecated: true) {
    name description isDeprecated deprecationReason args(includeDeprecated: true) { ...Value } type { ...Reference }
  }
  interfaces { kind name } possibleTypes { kind name }
  enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
  inputFields(includeDeprecated: true) { ...Value }
}
fragment Value on __InputValue { name description defaultValue isDeprecated deprecationReason type { ...Reference } }
fragment Reference on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType {
  kind name ofType { kind name ofType { kind name } } } } } } } }`
