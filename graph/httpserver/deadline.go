package httpserver

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// net/http sets seven deadlines for each request, and nearly none of them is ever reached. Each is a
// timer of the runtime to be moved, which together takes as long as finding an answer in memory. So
// a connection is left with a deadline that is early enough, and only when that is reached is it
// compared with the one that was asked for.

// readAhead is how far ahead reads are timed at first. It is less than readHeaderTimeout, so that the
// deadline of an idle connection also serves for the header of the next request.
const readAhead = readHeaderTimeout - time.Second

// longAgo is later than any deadline that was only set to break something off.
var longAgo = time.Unix(1<<20, 0)

// timedListener accepts connections with cheap deadlines.
type timedListener struct{ net.Listener }

func (l timedListener) Accept() (net.Conn, error) {
	accepted, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return newTimedConn(accepted), nil
}

// timedConn is a connection with cheap deadlines. They end reads and writes when they should, never
// earlier or later.
type timedConn struct {
	net.Conn
	read, write deadline
}

func newTimedConn(inner net.Conn) *timedConn {
	return &timedConn{
		Conn:  inner,
		read:  deadline{set: inner.SetReadDeadline, ahead: readAhead},
		write: deadline{set: inner.SetWriteDeadline},
	}
}

func (c *timedConn) Read(p []byte) (int, error) {
	for {
		n, err := c.Conn.Read(p)
		if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) || !c.read.extend() {
			return n, err
		}
	}
}

func (c *timedConn) Write(p []byte) (written int, err error) {
	for {
		n, err := c.Conn.Write(p[written:])
		written += n
		if !errors.Is(err, os.ErrDeadlineExceeded) || !c.write.extend() {
			return written, err
		}
	}
}

func (c *timedConn) SetReadDeadline(t time.Time) error  { return c.read.ask(t) }
func (c *timedConn) SetWriteDeadline(t time.Time) error { return c.write.ask(t) }

func (c *timedConn) SetDeadline(t time.Time) error {
	return errors.Join(c.read.ask(t), c.write.ask(t))
}

// CloseWrite tells the client that nothing more will come. net/http looks for it.
func (c *timedConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// deadline is that of the reads or of the writes of a connection. Safe for concurrent use.
type deadline struct {
	set   func(time.Time) error
	ahead time.Duration // 0 is as far as needed

	mutex sync.Mutex
	// asked is what the user of the connection wants, has what the connection has, which is no later.
	// The zero time is none.
	asked, has time.Time
}

// ask changes the deadline. The connection is told only if it would come too late, or at once.
func (d *deadline) ask(t time.Time) error {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.asked = t
	switch {
	case t.IsZero():
		return nil
	case !t.After(longAgo):
		return d.tell(t)
	case d.has.IsZero() || d.has.After(t) || !d.has.After(longAgo):
		if d.ahead > 0 {
			if early := time.Now().Add(d.ahead); early.Before(t) {
				t = early
			}
		}
		return d.tell(t)
	}
	return nil
}

// extend is called when the connection's deadline was reached. It returns false if it should have been.
func (d *deadline) extend() bool {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if !d.asked.IsZero() && !time.Now().Before(d.asked) {
		return false
	}
	return d.tell(d.asked) == nil
}

func (d *deadline) tell(t time.Time) error {
	d.has = t
	return d.set(t)
}
