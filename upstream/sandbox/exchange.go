package sandbox

import (
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// behavior answers a call in one way.
type behavior func(*exchange)

// exchange is one call that is being answered.
type exchange struct {
	sandbox *Sandbox
	w       http.ResponseWriter
	r       *http.Request
	request request
}

// wait passes the time. If the caller goes away meanwhile, or the server stops, the answer ends there.
func (e *exchange) wait(duration time.Duration) {
	if duration <= 0 {
		return
	}
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-e.r.Context().Done():
		panic(http.ErrAbortHandler)
	}
}

// send answers with JSON.
func (e *exchange) send(status int, body []byte) {
	e.sendAs(status, "application/json; charset=utf-8", body)
}

func (e *exchange) sendAs(status int, contentType string, body []byte) {
	e.w.Header().Set("Content-Type", contentType)
	e.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	e.w.WriteHeader(status)
	write(e.w, body)
}

// buffers holds the space that answers are written into.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// sendDocument answers 200 with a document.
func (e *exchange) sendDocument(document any) {
	buffer := buffers.Get().(*[]byte)
	*buffer = appendDocument((*buffer)[:0], document, appendString)
	e.send(http.StatusOK, *buffer)
	buffers.Put(buffer)
}

// envelope answers 200 with a response code (响应代码) and its text.
func (e *exchange) envelope(code int64, text string, data any) {
	e.sendDocument(object{{"data", data}, {"status", integer(code)}, {"msg", text}})
}

// reset closes the connection so that the caller sees "connection reset by peer".
func (e *exchange) reset() {
	if hijacker, ok := e.w.(http.Hijacker); ok {
		if connection, _, err := hijacker.Hijack(); err == nil {
			abort(connection)
			return
		}
	}
	panic(http.ErrAbortHandler)
}

// abort closes a connection without the farewell of TCP. Errors leave it closed too.
func abort(connection net.Conn) {
	if tcp, ok := connection.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = connection.Close()
}

// points is what a successful answer costs (消耗点券), as in the document's sample.
const points = 1

// success wraps a result the way the document's sample does, and charges for it.
func (e *exchange) success(result any) object {
	e.sandbox.log.charge(points)
	data := object{{"deduct_money", integer(points)}, {"result", result}}
	return object{{"data", data}, {"status", integer(0)}}
}

// order answers with the order that was asked for.
func order(e *exchange) { e.sendDocument(e.success(e.result())) }

// result returns the order that was asked for, with the parts that were asked for.
func (e *exchange) result() object {
	if document, found := fixtures[e.request.orderIDText]; found && e.request.site == site1688 {
		return e.finish(document)
	}
	return e.finish(generate(e.request.site, e.request.orderID, traits{}))
}

// ownOrder answers with an order of one's own as it is, with the parts that were asked for.
func ownOrder(e *exchange) {
	result, _ := e.sandbox.own(e.request.orderIDText)
	e.sendDocument(e.success(withDomains(result, e.request.domains)))
}

// finish makes an order what the parameters ask for.
func (e *exchange) finish(result object) object {
	result = withDomains(result, e.request.domains)
	if len(e.request.attributeKeys) > 0 {
		result = withAttributes(result, e.request.orderID, e.request.attributeKeys)
	}
	if e.request.edition == "2" {
		result = withNewerKeys(result)
	}
	return result
}
