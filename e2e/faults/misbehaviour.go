package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"sync"
	"time"
)

// hang accepts the call and says nothing.
func hang(x *exchange) {
	for x.wait(time.Minute) {
	}
}

// hangAfterHeaders sends the header of an answer and nothing else.
func hangAfterHeaders(x *exchange) {
	if x.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{") == nil {
		hang(x)
	}
}

// drip sends one byte per half second.
func drip(x *exchange) {
	body := envelope(0, order(x.authorization, x.id))
	if x.write(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", len(body))) != nil {
		return
	}
	for _, b := range body {
		if !x.wait(500*time.Millisecond) || x.write(string(b)) != nil {
			return
		}
	}
}

func resetBefore(x *exchange) { x.reset() }

// resetReused resets a connection that has served a call before: a client is tempted to think that
// the connection was just old, and to send the call again.
func resetReused(x *exchange) {
	if x.nth == 1 {
		answerOrder(x)
		return
	}
	x.reset()
}

func closeBefore(x *exchange) { x.closed = true }

// part sends half of an answer and lets end do the rest.
func part(end behaviour) behaviour {
	return func(x *exchange) {
		body := envelope(0, order(x.authorization, x.id))
		if x.write(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body[:len(body)/2])) == nil {
			time.Sleep(20 * time.Millisecond) // The half arrives before the end does.
			end(x)
		}
	}
}

// truncatedJSON is a whole answer of half a document.
func truncatedJSON(x *exchange) {
	body := envelope(0, order(x.authorization, x.id))
	x.respond(200, body[:len(body)/2])
}

func deepJSON(x *exchange) {
	x.respond(200, []byte(`{"status":0,"data":{"result":{"base_info":`+strings.Repeat(`[`, 200_000)+strings.Repeat(`]`, 200_000)+`}}}`))
}

func deepObjects(x *exchange) {
	x.respond(200, []byte(strings.Repeat(`{"data":`, 200_000)+"1"+strings.Repeat(`}`, 200_000)))
}

// bombMember is 16 MiB of text, compressed. Gzip members that follow each other are one stream.
var bombMember = sync.OnceValue(func() []byte { return compress(strings.Repeat("a", 16<<20)) })

func compress(text string) []byte {
	var buffer bytes.Buffer
	w := gzip.NewWriter(&buffer)
	w.Write([]byte(text)) //nolint:errcheck // a buffer takes everything
	w.Close()             //nolint:errcheck // as above
	return buffer.Bytes()
}

// gzipBomb inflates to 1 GiB inside one JSON string.
func gzipBomb(x *exchange) {
	body := compress(`{"status":0,"data":{"result":{"base_info":{"buyer_feedback":"`)
	body = append(body, bytes.Repeat(bombMember(), 64)...)
	body = append(body, compress(`"}}}}`)...)
	x.respond(200, body, "Content-Encoding: gzip")
}

// brokenGzip says that it is compressed, and isn't.
func brokenGzip(x *exchange) {
	x.respond(200, envelope(0, order(x.authorization, x.id)), "Content-Encoding: gzip")
}

// halfGigabyte sends 512 MiB of one string after header, in chunks if it says so.
func halfGigabyte(header string) behaviour {
	block := strings.Repeat("a", 64<<10)
	opening := `{"status":0,"data":"`
	if strings.Contains(header, "chunked") {
		block = "10000\r\n" + block + "\r\n"
		opening = fmt.Sprintf("%x\r\n%s\r\n", len(opening), opening)
	}
	return func(x *exchange) {
		x.closed = true
		if x.write("HTTP/1.1 200 OK\r\n"+header+"\r\n\r\n"+opening) != nil {
			return
		}
		for range 512 << 20 / (64 << 10) {
			if x.write(block) != nil {
				return
			}
		}
	}
}

// endlessHeaders never gets to the body.
func endlessHeaders(x *exchange) {
	x.closed = true
	if x.write("HTTP/1.1 200 OK\r\n") != nil {
		return
	}
	line := "X-Padding: " + strings.Repeat("a", 8<<10) + "\r\n"
	for range 64 << 20 / (8 << 10) {
		if x.write(line) != nil {
			return
		}
	}
}

func notHTTP(x *exchange) {
	x.closed = true
	x.write("SSH-2.0-OpenSSH_9.9\r\n") //nolint:errcheck // write has noted it
}

func badUTF8(x *exchange) {
	x.respond(200, bytes.ReplaceAll(envelope(0, order(x.authorization, x.id)), []byte("scarf"), []byte("sc\xff\xfe\xc0\xaff")))
}

// anotherOrder answers for the order after the one that was asked for.
func anotherOrder(x *exchange) { x.respond(200, envelope(0, order(x.authorization, x.id+"7"))) }
