package transport

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"ordergraph/graph/internal/codes"
	"ordergraph/graph/internal/httpx"
	"ordergraph/graph/internal/scope"
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

// answer is what one request is answered, unless its response is stored.
type answer struct {
	// Data is the JSON of the member data. It is nil only where nothing was executed.
	Data json.RawMessage
	// Errors are the errors as clients see them.
	Errors gqlerror.List
	// Extensions are the members of extensions other than upstream.
	Extensions map[string]any
	// Executed says that the operation was executed, though it may show no data; Usage is the member
	// extensions.upstream, which then says what it has cost by now.
	Executed bool
	Usage    upstream.Usage
	// DryRun is the result of a dry run, else nil.
	DryRun *scope.DryRun
	// ShowsOrder says whether the data show any order, FreshUntil until when all of those are fresh.
	ShowsOrder bool
	FreshUntil time.Time
}

// complete reports whether the answer may be kept by the client's own cache.
func (a *answer) complete() bool { return len(a.Errors) == 0 && a.ShowsOrder }

// isEmptyFor reports whether the data show nothing, and every null in them has an error with the code.
func (a *answer) isEmptyFor(code string) bool {
	if a.ShowsOrder || len(a.Errors) == 0 {
		return false
	}
	for _, gqlError := range a.Errors {
		if codeOf(gqlError) != code {
			return false
		}
	}
	nulls := 0
	for decoder := jsontext.NewDecoder(bytes.NewReader(a.Data)); ; {
		token, err := decoder.ReadToken()
		if err != nil {
			return err == io.EOF && nulls <= len(a.Errors)
		}
		container, length := decoder.StackIndex(decoder.StackDepth())
		switch isName := container == '{' && length%2 == 1; token.Kind() {
		case 'n':
			nulls++
		case '{', '}', '[', ']':
		default:
			if !isName {
				return false
			}
		}
	}
}

// retryAfter returns the longest time that an error names; a second if none does.
func (a *answer) retryAfter() time.Duration {
	longest := 1
	for _, gqlError := range a.Errors {
		if seconds, known := gqlError.Extensions["retryAfterSeconds"].(int); known {
			longest = max(longest, seconds)
		}
	}
	return time.Duration(longest) * time.Second
}

const (
	// smallestCompressed is the least size in bytes for which compression saves a packet.
	//
	// Compressed answers carry nothing secret next to text of an attacker's choosing (BREACH): another
	// site can't make a browser send a query with the caller's token (csrf.go).
	smallestCompressed = 1400
	// largestBuffered is the most bytes that are compressed before the first of them is sent, which lets the
	// header say how many they are.
	largestBuffered = 256 << 10
)

// write sends the answer; the headers that are its own must be set. Data are sent as they are, never copied nor
// parsed again. The errors take at most maxErrors bytes.
func (a *answer) write(w http.ResponseWriter, r *http.Request, status int, requestID string, maxErrors int) {
	ends := getBuffer()
	defer putBuffer(ends)
	a.appendHead(ends, requestID, maxErrors)
	head := ends.Len()
	a.appendTail(ends)
	pieces := [][]byte{ends.Bytes()[:head], a.Data, ends.Bytes()[head:]}
	length := ends.Len() + len(a.Data)
	header := w.Header()
	if length >= smallestCompressed && httpx.AcceptsGzip(r) {
		header["Content-Encoding"] = gzipEncoding
		if length > largestBuffered {
			w.WriteHeader(status)
			httpx.WriteGzip(w, pieces...)
			return
		}
		compressed := getBuffer()
		defer putBuffer(compressed)
		httpx.WriteGzip(compressed, pieces...)
		pieces, length = [][]byte{compressed.Bytes()}, compressed.Len()
	}
	header["Content-Length"] = []string{strconv.Itoa(length)}
	w.WriteHeader(status)
	for _, piece := range pieces {
		if _, err := w.Write(piece); err != nil {
			return // the caller has hung up, and there is nobody to tell
		}
	}
}

// appendHead writes what comes before the data.
func (a *answer) appendHead(body *bytes.Buffer, requestID string, maxErrors int) {
	body.WriteByte('{')
	if len(a.Errors) > 0 {
		body.WriteString(`"errors":`)
		a.appendErrors(body, requestID, maxErrors)
	}
	if a.Data != nil {
		if len(a.Errors) > 0 {
			body.WriteByte(',')
		}
		body.WriteString(`"data":`)
	}
}

// appendTail writes what comes after the data.
func (a *answer) appendTail(body *bytes.Buffer) {
	switch {
	case len(a.Extensions) > 0:
		extensions := maps.Clone(a.Extensions)
		if a.Executed {
			extensions["upstream"] = a.bill()
		}
		body.WriteString(`,"extensions":`)
		body.Write(encode(extensions))
	case a.DryRun != nil:
		body.WriteString(`,"extensions":{"upstream":`)
		body.Write(encode(a.bill()))
		body.WriteByte('}')
	case a.Executed:
		fmt.Fprintf(body, `,"extensions":{"upstream":{"calls":%d,"points":%d,"hits":%d,"stale":%d}}`,
			a.Usage.Calls, a.Usage.Points, a.Usage.Hits, a.Usage.Stale)
	}
	body.WriteString("}\n")
}

// bill is extensions.upstream.
func (a *answer) bill() any {
	return struct {
		upstream.Usage
		DryRun *scope.DryRun `json:"dryRun,omitempty"`
	}{a.Usage, a.DryRun}
}

// appendErrors writes the errors, as many as there is room for: the last one says how many are left out.
func (a *answer) appendErrors(body *bytes.Buffer, requestID string, maxErrors int) {
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
	varyAnswer   = []string{"Accept, Accept-Encoding"}
	varyComplete = []string{"Authorization, Accept, Accept-Encoding"}
)

// setCaching says who may keep a response, and how long. control is nil for one that nobody may keep; only the
// caller may keep complete data that show an order.
func setCaching(header http.Header, control []string) {
	vary := varyComplete
	if control == nil {
		control, vary = noStore, varyAnswer
	}
	header["Cache-Control"] = control
	if len(header["Vary"]) == 0 {
		header["Vary"] = vary
	} else {
		httpx.AddVary(header, vary[0])
	}
}
