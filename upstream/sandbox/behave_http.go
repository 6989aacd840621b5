package sandbox

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
)

// redirectedParameter marks the address that a redirect leads to: a caller that follows it gets the
// order, so that following shows.
const redirectedParameter = "redirected"

func redirect(e *exchange) {
	e.w.Header().Set("Location", Path+"?"+redirectedParameter)
	e.w.WriteHeader(http.StatusTemporaryRedirect)
}

// redirectHost redirects to this listener under its other name.
func redirectHost(e *exchange) {
	host := "localhost"
	if _, port, err := net.SplitHostPort(e.r.Host); err == nil {
		host = net.JoinHostPort(host, port)
	}
	e.w.Header().Set("Location", "http://"+host+Path+"?"+redirectedParameter)
	e.w.WriteHeader(http.StatusPermanentRedirect)
}

// gatewayError leaks an error of the platform behind the upstream.
func gatewayError(e *exchange) {
	e.send(http.StatusBadRequest, []byte(
		`{"error_code":"gw.QosAppFrequencyLimit","error_message":"App call exceeds limited frequency"}`))
}

// page answers with the HTML page of a web server.
func page(status int) behavior {
	return func(e *exchange) {
		title := fmt.Sprintf("%d %s", status, http.StatusText(status))
		e.sendAs(status, "text/html; charset=utf-8", []byte(
			"<html>\r\n<head><title>"+title+"</title></head>\r\n<body>\r\n<center><h1>"+title+
				"</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"))
	}
}

func retryLater(status int) behavior {
	return func(e *exchange) {
		e.w.Header().Set("Retry-After", "2")
		page(status)(e)
	}
}

func slow(e *exchange) {
	e.wait(e.sandbox.options.SlowAnswer)
	order(e)
}

func hang(e *exchange) {
	<-e.r.Context().Done()
	panic(http.ErrAbortHandler)
}

// orderBody returns the bytes of a good answer.
func (e *exchange) orderBody() []byte {
	return appendDocument(nil, e.success(e.result()), appendString)
}

// sendHalf promises a whole body and sends its first half.
func (e *exchange) sendHalf() {
	body := e.orderBody()
	e.w.Header().Set("Content-Type", "application/json; charset=utf-8")
	e.w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	write(e.w, body[:len(body)/2])
	e.flush()
}

// flush sends what was written. A caller that has gone away is the only way it can fail.
func (e *exchange) flush() { _ = http.NewResponseController(e.w).Flush() }

func resetInBody(e *exchange) {
	e.sendHalf()
	e.reset()
}

func hangInBody(e *exchange) {
	e.sendHalf()
	hang(e)
}

func drip(e *exchange) {
	e.w.Header().Set("Content-Type", "application/json; charset=utf-8")
	for _, c := range e.orderBody() {
		write(e.w, []byte{c})
		e.flush()
		e.wait(e.sandbox.options.DripInterval)
	}
}

func body(contentType, text string) behavior {
	return func(e *exchange) { e.sendAs(http.StatusOK, contentType, []byte(text)) }
}

func truncated(e *exchange) {
	body := e.orderBody()
	e.send(http.StatusOK, body[:len(body)*2/3])
}

func wrongMediaType(e *exchange) { e.sendAs(http.StatusOK, "text/html; charset=utf-8", e.orderBody()) }

const deepLevels = 200_000

func deep(e *exchange) {
	e.send(http.StatusOK, []byte(`{"status":0,"data":`+
		strings.Repeat("[", deepLevels)+strings.Repeat("]", deepLevels)+"}"))
}

// hugePrefix begins a plausible answer that doesn't end.
const hugePrefix = `{"status":0,"data":{"result":{"base_info":{"remark":"`

const mebibyte = 1 << 20

func tooLarge(e *exchange) {
	e.w.Header().Set("Content-Type", "application/json; charset=utf-8")
	write(e.w, []byte(hugePrefix))
	e.repeat(bytes.Repeat([]byte("9"), mebibyte), 512)
}

// repeat sends a chunk many times, or until the caller has gone away.
func (e *exchange) repeat(chunk []byte, times int) {
	for range times {
		if _, err := e.w.Write(chunk); err != nil || e.r.Context().Err() != nil {
			panic(http.ErrAbortHandler)
		}
	}
}

func gzipBomb(e *exchange) {
	head, mebibyteOfNines := bomb()
	e.w.Header().Set("Content-Type", "application/json; charset=utf-8")
	e.w.Header().Set("Content-Encoding", "gzip")
	write(e.w, head)
	e.repeat(mebibyteOfNines, 1024)
}

// bomb returns the start of a gzip stream, and a piece of it that may follow as often as one likes:
// a flushed block of nines that refers back to nines only.
var bomb = sync.OnceValues(func() (head, piece []byte) {
	var buffer bytes.Buffer
	writer := gzip.NewWriter(&buffer)
	nines := bytes.Repeat([]byte("9"), mebibyte)
	// Writes to a bytes.Buffer cannot fail.
	_, _ = writer.Write(append([]byte(hugePrefix), nines...))
	_ = writer.Flush()
	length := buffer.Len()
	_, _ = writer.Write(nines)
	_ = writer.Flush()
	return buffer.Bytes()[:length], buffer.Bytes()[length:]
})

func badGzip(e *exchange) {
	e.w.Header().Set("Content-Encoding", "gzip")
	e.send(http.StatusOK, e.orderBody())
}

// byteOrderMark sends an order the way some editors and PHP files begin a text.
func byteOrderMark(e *exchange) { e.send(http.StatusOK, append([]byte("\ufeff"), e.orderBody()...)) }
