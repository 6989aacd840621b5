package jsonlog

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

const (
	// batchDelay is how long a line waits for others.
	batchDelay = 10 * time.Millisecond
	// batchSize is how many bytes don't wait for others.
	batchSize = 32 << 10
	// maxWaiting is how many bytes wait at most for a reader that is slower than the log.
	maxWaiting = 1 << 20
	// flushedLevel is the least level whose lines don't wait for others.
	flushedLevel = zerolog.WarnLevel
)

// ErrStalled is what Close returns when the reader did not take all lines in time.
var ErrStalled = errors.New("the log has a reader that takes no lines")

// Queue is a writer of lines that never waits and never fails. It gathers lines for some milliseconds and
// writes them together: under load the write of each single line would take a tenth of all the time.
//
// What a reader does not take costs lines and nothing else: beyond 1 MiB new lines are dropped, as are
// lines whose write failed. They are counted, and the number is reported once the reader takes lines again.
// A process that crashes or is killed loses what waits; one that ends in order must call Close.
// NewQueue makes a Queue. Safe for concurrent use.
type Queue struct {
	writer io.Writer
	// report writes the line that says how many lines were dropped.
	report func(w io.Writer, dropped int)
	// due fires when what waits has waited for others for long enough.
	due *time.Timer
	// closing is closed by stop, and done when everything is written after that.
	closing <-chan struct{}
	stop    func()
	done    chan struct{}

	mu      sync.Mutex
	waiting []byte
	dropped int
}

// NewQueue returns a Queue that writes to w. report must write one line that names the number of dropped
// lines; it must not write to the Queue.
func NewQueue(w io.Writer, report func(w io.Writer, dropped int)) *Queue {
	closing, stop := context.WithCancel(context.Background())
	q := &Queue{writer: w, report: report, due: time.NewTimer(batchDelay), closing: closing.Done(), stop: stop, done: make(chan struct{})}
	go q.run()
	return q
}

// Write adds a line. The error is always nil.
func (q *Queue) Write(line []byte) (int, error) { return q.WriteLevel(zerolog.InfoLevel, line) }

// WriteLevel adds a line of the given level. Warnings and errors, and what is before them, don't wait for
// others. The error is always nil.
func (q *Queue) WriteLevel(level zerolog.Level, line []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	before := len(q.waiting)
	if before+len(line) > maxWaiting {
		q.dropped++
		return len(line), nil
	}
	q.waiting = append(q.waiting, line...)
	switch {
	case level >= flushedLevel, before < batchSize && len(q.waiting) >= batchSize:
		q.due.Reset(0)
	case before == 0:
		q.due.Reset(batchDelay)
	}
	return len(line), nil
}

// Flush has what waits written at once, without waiting for it.
func (q *Queue) Flush() { q.due.Reset(0) }

// Close waits until all lines are written, at most for the given time. Lines that come later are lost.
func (q *Queue) Close(timeout time.Duration) error {
	q.stop()
	select {
	case <-q.done:
		return nil
	case <-time.After(timeout):
		return ErrStalled
	}
}

// run writes batches until the Queue is closed. It alone writes to the writer, and may stay in a write for ever.
func (q *Queue) run() {
	defer close(q.done)
	out := lineWriter{writer: q.writer}
	var batch []byte
	dropped := 0
	for open := true; open; {
		select {
		case <-q.due.C:
		case <-q.closing:
			open = false
		}
		q.mu.Lock()
		// The memory of the batch before is what the next one is gathered in.
		batch, q.waiting = q.waiting, batch[:0]
		dropped += q.dropped
		q.dropped = 0
		q.mu.Unlock()
		lost := out.write(batch)
		dropped += lost
		if dropped > 0 && lost == 0 {
			var line bytes.Buffer
			q.report(&line, dropped)
			if out.write(line.Bytes()) == 0 {
				dropped = 0
			}
		}
		if cap(batch) > 2*batchSize {
			batch = nil
		}
	}
}

// lineWriter writes lines, each of them whole or as one that ends too early.
type lineWriter struct {
	writer io.Writer
	// torn says that the last write ended within a line.
	torn bool
}

// write returns how many of the lines were lost.
func (w *lineWriter) write(lines []byte) (lost int) {
	if w.torn {
		if _, err := w.writer.Write([]byte("\n")); err != nil {
			return bytes.Count(lines, []byte("\n"))
		}
		w.torn = false
	}
	if len(lines) == 0 {
		return 0
	}
	n, err := w.writer.Write(lines)
	if err == nil {
		return 0
	}
	w.torn = n > 0 && lines[n-1] != '\n'
	return bytes.Count(lines[n:], []byte("\n"))
}
