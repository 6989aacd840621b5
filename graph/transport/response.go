package transport

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"ordergraph/graph/internal/codes"
	"ordergraph/graph/internal/httpx"
	"ordergraph/upstream"
)

const (
	// maxRefusalErrors bounds the errors of an answer without data, in bytes: with its envelope it
	// stays under 16 KB, however many mistakes a query makes.
	maxRefusalErrors = 14 << 10
	// maxErrorSize bounds one of them, in bytes; a larger one loses its path and locations.
	maxErrorSize = 2 << 10
	// maxMessage bounds the message of one error, in bytes. Messages about a query name its parts.
	maxMessage = 512
)

// Operation is what was executed, as far as the log tells. The name is the client's own.
type Operation struct{ Type, Name string }

// Answer is what one executed request answers.
type Answer struct {
	// Data is the JSON of the member data. It is nil only where nothing was executed.
	Data json.RawMessage
	// Errors are the errors as clients see them.
	Errors gqlerror.List
	// Extensions are the members of extensions other than upstream.
	Extensions map[string]any
	// Executed says that the operation was executed, though it may show no data; Counts is the member
	// extensions.upstream, which then says what it has cost by now.
	Executed bool
	Counts   upstream.Usage
	// ShowsOrder says whether the data show any order, FreshUntil until when all of those are fresh.
	ShowsOrder bool
	FreshUntil time.Time
}

// complete reports whether the answer may be kept by the client's own cache.
func (a *Answer) complete() bool { return len(a.Errors) == 0 && a.ShowsOrder }

// isEmptyFor reports whether the data show nothing, and every null in them has an error with the code.
func (a *Answer) isEmptyFor(code string) bool {
	if a.ShowsOrder || len(a.Errors) == 0 {
		return false
	}
	for _, gqlError := range a.Errors {
		if codeOf(gqlError) != code {
			return false
		}
	}
	var data any
	if err := json.Unmarshal(a.Data, &data); err != nil {
		return false
	}
	nulls, only := countNulls(data)
	return only && nulls <= len(a.Errors)
}

// retryAfter returns the longest time that an error names; a second if none does.
func (a *Answer) retryAfter() time.Duration {
	longest := 1
	for _, gqlError := range a.Errors {
		if seconds, known := gqlError.Extensions["retryAfterSeconds"].(int); known {
			longest = max(longest, seconds)
		}
	}
	return time.Duration(longest) * time.Second
}

// countNulls counts the nulls in decoded JSON, and reports whether it holds no other values.
func countNulls(value any) (nulls int, only bool) {
	switch value := value.(type) {
	case nil:
		return 1, true
	case []any:
		only = len(value) > 0
		for _, element := range value {
			count, onlyThere := countNulls(element)
			nulls, only = nulls+count, only && onlyThere
		}
		return nulls, only
	case map[string]any:
		only = true
		for _, member := range value {
			count, onlyThere := countNulls(member)
			nulls, only = nulls+count, only && onlyThere
		}
		return nulls, only
	default:
		return 0, false
	}
}

// dataMember begins an answer without errors.
const dataMember = `{"data":`

// appendTo writes the answer as JSON. Data is copied as it is, never parsed again. The errors take at most
// maxErrors bytes.
func (a *Answer) appendTo(body *bytes.Buffer, requestID string, maxErrors int) {
	a.appendHead(body, requestID, maxErrors)
	body.Write(a.Data)
	a.appendTail(body)
}

// appendHead writes what comes before Data.
func (a *Answer) appendHead(body *bytes.Buffer, requestID string, maxErrors int) {
	if len(a.Errors) > 0 {
		body.WriteString(`{"errors":`)
		a.appendErrors(body, requestID, maxErrors)
	}
	if a.Data != nil {
		body.WriteString(dataMember)
		if len(a.Errors) > 0 {
			body.Bytes()[body.Len()-len(dataMember)] = ','
		}
	}
}

// appendTail writes what comes after Data.
func (a *Answer) appendTail(body *bytes.Buffer) {
	a.appendExtensions(body)
	body.WriteString("}\n")
}

func (a *Answer) appendExtensions(body *bytes.Buffer) {
	if !a.Executed && len(a.Extensions) == 0 {
		return
	}
	body.WriteString(`,"extensions":{`)
	if a.Executed {
		a.appendCounts(body)
	}
	if len(a.Extensions) > 0 {
		a.appendOthers(body)
	}
	body.WriteByte('}')
}

func (a *Answer) appendOthers(body *bytes.Buffer) {
	for i, name := range slices.Sorted(maps.Keys(a.Extensions)) {
		if i > 0 || a.Executed {
			body.WriteByte(',')
		}
		body.Write(encode(name))
		body.WriteByte(':')
		body.Write(encode(a.Extensions[name]))
	}
}

func (a *Answer) appendCounts(body *bytes.Buffer) {
	body.WriteString(`"upstream":{"calls":`)
	body.Write(strconv.AppendInt(body.AvailableBuffer(), int64(a.Counts.Calls), 10))
	body.WriteString(`,"points":`)
	body.Write(strconv.AppendInt(body.AvailableBuffer(), int64(a.Counts.Points), 10))
	body.WriteString(`,"hits":`)
	body.Write(strconv.AppendInt(body.AvailableBuffer(), int64(a.Counts.Hits), 10))
	body.WriteString(`,"stale":`)
	body.Write(strconv.AppendInt(body.AvailableBuffer(), int64(a.Counts.Stale), 10))
	body.WriteByte('}')
}

// appendErrors writes the errors, as many as there is room for: the last one says how many are left out.
func (a *Answer) appendErrors(body *bytes.Buffer, requestID string, maxErrors int) {
	start := body.Len()
	if a.Data == nil {
		maxErrors = min(maxErrors, maxRefusalErrors)
	}
	body.WriteByte('[')
	for i, gqlError := range a.Errors {
		if i > 0 {
			body.WriteByte(',')
		}
		encoded := encodeError(gqlError, requestID, a.Data == nil)
		if body.Len()-start+len(encoded) > maxErrors {
			body.Write(encodeError(furtherErrors(len(a.Errors)-i, gqlError), requestID, true))
			break
		}
		body.Write(encoded)
	}
	body.WriteByte(']')
}

func furtherErrors(count int, like *gqlerror.Error) *gqlerror.Error {
	return &gqlerror.Error{
		Message:    strconv.Itoa(count) + " more errors are not shown.",
		Extensions: map[string]any{"code": codeOf(like)},
	}
}

// encodeError writes one error with the members that every error has. The error itself may be
// shared with other requests and is not changed.
func encodeError(gqlError *gqlerror.Error, requestID string, bounded bool) []byte {
	shown := *gqlError
	shown.Extensions = maps.Clone(gqlError.Extensions)
	if shown.Extensions == nil {
		shown.Extensions = map[string]any{}
	}
	if codeOf(gqlError) == "" {
		// It was not meant for clients.
		shown.Message = internalError().message
		shown.Extensions["code"] = codes.Internal
	}
	if _, given := shown.Extensions["retryable"]; !given {
		shown.Extensions["retryable"] = false
	}
	shown.Extensions["requestId"] = requestID
	if !bounded {
		return encode(&shown)
	}
	shown.Message = shorten(shown.Message)
	encoded := encode(&shown)
	if len(encoded) > maxErrorSize {
		encoded = encode(&gqlerror.Error{Message: shown.Message, Extensions: map[string]any{
			"code": shown.Extensions["code"], "retryable": shown.Extensions["retryable"], "requestId": requestID,
		}})
	}
	return encoded
}

func codeOf(gqlError *gqlerror.Error) string {
	code, _ := gqlError.Extensions["code"].(string)
	return code
}

// shorten cuts a message after maxMessage bytes, between two characters.
func shorten(message string) string {
	if len(message) <= maxMessage {
		return message
	}
	end := maxMessage
	for end > 0 && !utf8.RuneStart(message[end]) {
		end--
	}
	return message[:end] + "…"
}

// encode returns the JSON of value without escaping for HTML. What can't be written, which only a
// programming error can bring about, becomes null.
func encode(value any) []byte {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return []byte("null")
	}
	return bytes.TrimSuffix(buffer.Bytes(), []byte("\n"))
}

// errorCodes returns the distinct codes of list in order, for the log.
func errorCodes(list gqlerror.List) []string {
	distinct := []string{}
	for _, gqlError := range list {
		if code := cmp.Or(codeOf(gqlError), codes.Internal); !slices.Contains(distinct, code) {
			distinct = append(distinct, code)
		}
	}
	slices.Sort(distinct)
	return distinct
}

// The values are shared by all answers: net/http only reads them, and Header.Add copies.
var (
	noStore      = []string{"no-store"}
	gzipEncoding = []string{"gzip"}
	varyAnswer   = vary{[]string{varyAny}, []string{varyAny + ", " + varyOrigin[0]}}
	varyComplete = vary{[]string{varyCaller}, []string{varyCaller + ", " + varyOrigin[0]}}
)

const (
	varyAny    = "Accept, Accept-Encoding"
	varyCaller = "Authorization, " + varyAny
)

// vary is a value of the header Vary: alone, and where the answer depends on the origin too.
type vary struct{ alone, withOrigin []string }

// setCaching says who may keep a response, and how long. control is nil for one that nobody may keep; only the
// caller may keep complete data that show an order.
func setCaching(header http.Header, control []string) {
	if control == nil {
		header["Cache-Control"] = noStore
		setVary(header, varyAnswer)
		return
	}
	header["Cache-Control"] = control
	setVary(header, varyComplete)
}

// setVary sets the header Vary, to which only the edge may have written before.
func setVary(header http.Header, names vary) {
	switch known := header["Vary"]; {
	case len(known) == 0:
		header["Vary"] = names.alone
	case len(known) == 1 && known[0] == varyOrigin[0]:
		header["Vary"] = names.withOrigin
	default:
		httpx.AddVary(header, names.alone[0])
	}
}
