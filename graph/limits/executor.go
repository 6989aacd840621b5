package limits

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Guard makes exec refuse documents beyond limits, and validate and remember the others, with hints
// ("Did you mean …") if suggestions is set. It takes over exec's token limit, validation rules and
// query cache; SetDisableSuggestion has no effect any more. Requests must go through what it
// returns: exec itself would answer with errors of any size.
func Guard(exec *executor.Executor, limits Limits, suggestions bool) graphql.GraphExecutor {
	limits = limits.withDefaults()
	exec.SetParserTokenLimit(limits.Tokens)
	exec.SetDefaultRulesFn(newJudge(limits, suggestions).rules)
	exec.SetQueryCache(newDocumentCache())
	return &guarded{Executor: exec, limits: limits}
}

type guarded struct {
	*executor.Executor
	limits Limits
}

// CreateOperationContext parses, validates and coerces the variables. Its errors are small.
func (g *guarded) CreateOperationContext(
	ctx context.Context, params *graphql.RawParams,
) (*graphql.OperationContext, gqlerror.List) {
	operation, list := g.Executor.CreateOperationContext(ctx, params)
	return operation, report(list, g.limits)
}
