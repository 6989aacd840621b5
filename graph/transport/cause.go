package transport

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/rs/zerolog"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"ordergraph/graph/internal/codes"
)

const (
	// maxCauses bounds the distinct causes in the line of one request.
	maxCauses = 8
	// maxCause bounds one of them, in bytes. The beginning of a stack has room in it.
	maxCause = 2 << 10
)

// panicError is a panic. The thrown value may hold data of an order, so that of values other than runtime
// errors only the type is kept.
type panicError struct {
	thrown string
	stack  []byte
}

// PanicError returns the error that a recovered panic is. Call it where the panic was recovered: its text
// ends with the stack.
func PanicError(thrown any) error {
	description := fmt.Sprintf("%T", thrown)
	if fault, ok := thrown.(runtime.Error); ok {
		description = fault.Error()
	}
	return &panicError{thrown: description, stack: debug.Stack()}
}

func (e *panicError) Error() string { return "panic: " + e.thrown + "\n" + string(e.stack) }

// causesOf returns the distinct causes behind the errors of one request, for those who run the server:
// gqlerror.Error.Err, which clients never see. However many errors there are, the list is short.
func causesOf(list gqlerror.List) []string {
	var causes []string
	times, others := map[string]int{}, 0
	for _, failed := range list {
		if failed.Err == nil {
			continue
		}
		text := causeText(failed.Err)
		switch {
		case times[text] > 0:
		case len(causes) < maxCauses:
			causes = append(causes, text)
		default:
			others++
			continue
		}
		times[text]++
	}
	for i, text := range causes {
		if n := times[text]; n > 1 {
			causes[i] = fmt.Sprintf("%s (%d times)", text, n)
		}
	}
	if others > 0 {
		causes = append(causes, fmt.Sprintf("%d others", others))
	}
	return causes
}

// causeText is the text of a cause, bounded.
func causeText(cause error) string {
	text := strings.ToValidUTF8(cause.Error(), "\ufffd")
	if len(text) > maxCause {
		text = strings.ToValidUTF8(text[:maxCause], "") + "…"
	}
	return text
}

// levelOf returns how serious the outcome of a request is: an error is a fault of ours, a warning one that
// has a cause which the upstream did not state itself.
func levelOf(errorCodes, causes []string) zerolog.Level {
	switch {
	case slices.Contains(errorCodes, codes.Internal):
		return zerolog.ErrorLevel
	case len(causes) > 0:
		return zerolog.WarnLevel
	default:
		return zerolog.InfoLevel
	}
}
