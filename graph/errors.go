package graph

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"ordergraph/graph/internal/codes"
	"ordergraph/graph/introspection"
	"ordergraph/graph/limits"
	"ordergraph/graph/loader"
	"ordergraph/graph/projection"
	"ordergraph/graph/transport"
	"ordergraph/upstream"
)

// introspectionLimit is the name of the limit in errors about introspection. It is no setting.
const introspectionLimit = "max-introspection"

const internalMessage = "Something went wrong on our side. The request id leads us to the cause."

// kinds gives each kind of failure its code, and says what happened and what to do.
var kinds = map[upstream.Kind]struct{ code, message string }{
	upstream.KindInternal:          {codes.Internal, internalMessage},
	upstream.KindBadUserInput:      {codes.BadUserInput, "The upstream refused the parameters of this order. Check id, webSite and edition."},
	upstream.KindTimeout:           {codes.UpstreamTimeout, "The upstream did not answer in time. Trying again later may help; the upstream may have charged for this call."},
	upstream.KindAccountNotFound:   {codes.AccountNotFound, "The upstream finds no such account (旺旺账号不存在). Check that the order belongs to an account of this token and site."},
	upstream.KindUpstreamError:     {codes.UpstreamError, "The upstream failed on this order. If it keeps failing, ask the upstream's operator."},
	upstream.KindUnsupported:       {codes.UpstreamUnsupported, "The upstream does not support this call for this order or site."},
	upstream.KindPermissionDenied:  {codes.PermissionDenied, "This token has no permission for the order interface. Ask the upstream's operator to grant it."},
	upstream.KindQuotaExhausted:    {codes.QuotaExhausted, "This token has no calls left. Buy more from the upstream's operator."},
	upstream.KindPermissionOrQuota: {codes.PermissionOrQuota, "The upstream refused this token: it is not valid, has no permission for the order interface, or no calls left."},
	upstream.KindShopNotAuthorized: {codes.ShopNotAuthorized, "The shop has not authorized this application. Its owner can do so at authorizationUrl, where given."},
	upstream.KindBadResponse:       {codes.UpstreamBadResponse, "The upstream's answer could not be used. If it keeps happening, ask the upstream's operator."},
	upstream.KindRateLimited:       {codes.RateLimited, "The upstream accepts no more calls for the moment. Try again later."},
	upstream.KindUnavailable:       {codes.UpstreamUnavailable, "The upstream can't be reached at the moment. Try again later."},
	upstream.KindUnauthenticated:   {codes.Unauthenticated, "Reading an order needs a token: send it in the header Authorization."},
	upstream.KindBudgetExhausted:   {codes.BudgetExhausted, "The budget for upstream calls is spent. It begins anew at resetAt; what is cached is still served."},
	upstream.KindNotCached:         {codes.NotCached, "No copy of this order is at hand, and the request asked for copies only."},
	upstream.KindOverloaded:        {codes.Overloaded, "Too many upstream calls are waiting. Try again later."},
}

// clientError is an error of ours whose message is for the client.
type clientError struct{ code, message string }

func (e *clientError) Error() string { return e.code + ": " + e.message }

func badInput(message string) error { return &clientError{code: codes.BadUserInput, message: message} }

// present turns every error into what a client may see: its place in the response and in the document,
// and nothing else of an error that was not meant for clients. What lies behind it is kept in Err, for the
// log. The request id is added where the response is written.
func present(ctx context.Context, err error) *gqlerror.Error {
	located, isGraphQL := errors.AsType[*gqlerror.Error](err)
	if !isGraphQL {
		located = &gqlerror.Error{Path: graphql.GetPath(ctx)}
	}
	shown := explain(ctx, err, located)
	shown.Path, shown.Locations = located.Path, located.Locations
	if shown.Path != nil && shown.Locations == nil {
		shown.Locations = locationOf(ctx)
	}
	if _, given := shown.Extensions["retryable"]; !given {
		shown.Extensions["retryable"] = false
	}
	return shown
}

// locationOf returns where the document has the field that is being resolved.
func locationOf(ctx context.Context) []gqlerror.Location {
	var position *ast.Position
	if root := graphql.GetRootFieldContext(ctx); root != nil && root.Field.Field != nil {
		position = root.Field.Position
	}
	for field := graphql.GetFieldContext(ctx); field != nil; field = field.Parent {
		if field.Field.Field != nil {
			position = field.Field.Position
			break
		}
	}
	if position == nil {
		return nil
	}
	return []gqlerror.Location{{Line: position.Line, Column: position.Column}}
}

// explain chooses code and message.
func explain(ctx context.Context, err error, located *gqlerror.Error) *gqlerror.Error {
	if errors.Is(err, loader.ErrTimeout) {
		return explained(codes.RequestTimeout, "The request took longer than request-timeout allows.", map[string]any{"retryable": true})
	}
	if failure, ok := errors.AsType[*upstream.Error](err); ok {
		return explainUpstream(failure)
	}
	if exceeded, ok := errors.AsType[*limits.Error](err); ok {
		return explained(codes.TooComplex, exceeded.Error(), map[string]any{"limit": exceeded.Limit, "maximum": exceeded.Maximum})
	}
	if bad, ok := errors.AsType[*projection.BadValueError](err); ok {
		return explained(codes.UpstreamBadData, "The upstream sent a value that can't be read: "+bad.Reason+".", nil)
	}
	if _, ok := errors.AsType[introspection.TooLargeError](err); ok {
		return explained(
			codes.TooComplex, fmt.Sprintf("The introspection is too large: %s is %d bytes.", introspectionLimit, introspection.MaxBytes),
			map[string]any{"limit": introspectionLimit, "maximum": introspection.MaxBytes},
		)
	}
	if variable, ok := errors.AsType[*limits.VariableError](err); ok {
		return explained(codes.BadUserInput, variable.Error(), nil)
	}
	if ours, ok := errors.AsType[*clientError](err); ok {
		return explained(ours.code, ours.message, nil)
	}
	if code, given := located.Extensions["code"].(string); given {
		return explainRequest(code, located)
	}
	if argument, refused := refusedArgument(ctx, located); refused {
		return explained(codes.BadUserInput, fmt.Sprintf("The argument %q has a value that it does not accept.", argument), nil)
	}
	return explainInternal(err)
}

func explainUpstream(failure *upstream.Error) *gqlerror.Error {
	kind, known := kinds[failure.Kind]
	if !known || failure.Kind == upstream.KindInternal {
		return explainInternal(failure)
	}
	extensions := map[string]any{"retryable": failure.Kind.Retryable()}
	if failure.Status > 0 {
		extensions["upstreamStatus"] = failure.Status
	}
	if failure.RetryAfter > 0 {
		extensions["retryAfterSeconds"] = int(math.Ceil(failure.RetryAfter.Seconds()))
	}
	if !failure.ResetAt.IsZero() {
		extensions["resetAt"] = failure.ResetAt.Format(time.RFC3339)
	}
	if failure.Remembered {
		extensions["remembered"] = true
	}
	if failure.AuthorizationURL != "" {
		extensions["authorizationUrl"] = failure.AuthorizationURL
	}
	shown := explained(kind.code, kind.message, extensions)
	if failure.Cause != nil {
		shown.Err = failure
	}
	return shown
}

// explainRequest explains an error about the document. Its message is about the client's own text.
func explainRequest(code string, located *gqlerror.Error) *gqlerror.Error {
	extensions := maps.Clone(located.Extensions)
	delete(extensions, "file")
	return explained(code, located.Message, extensions)
}

// refusedArgument returns the argument of the current field whose value was refused: one that passed
// validation but not the conversion to its Go type.
func refusedArgument(ctx context.Context, located *gqlerror.Error) (name string, refused bool) {
	field := graphql.GetFieldContext(ctx)
	if field == nil || field.Args != nil || field.Field.Field == nil || len(located.Path) == 0 {
		return "", false
	}
	path := field.Path()
	if len(located.Path) <= len(path) {
		return "", false
	}
	argument, _ := located.Path[len(path)].(ast.PathName)
	if field.Field.Definition.Arguments.ForName(string(argument)) == nil {
		return "", false
	}
	located.Path = path
	return string(argument), true
}

// explainInternal hides what is none of the client's business.
func explainInternal(err error) *gqlerror.Error {
	shown := explained(codes.Internal, internalMessage, nil)
	shown.Err = err
	return shown
}

// recovered turns a panic into an error.
func recovered(_ context.Context, thrown any) error { return transport.PanicError(thrown) }

func explained(code, message string, extensions map[string]any) *gqlerror.Error {
	if extensions == nil {
		extensions = map[string]any{}
	}
	extensions["code"] = code
	return &gqlerror.Error{Message: message, Extensions: extensions}
}

// CodeOf returns the code under which clients see a kind of failure of the upstream.
func CodeOf(kind upstream.Kind) string { return kinds[kind].code }
