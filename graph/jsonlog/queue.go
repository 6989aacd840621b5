package jsonlog

import (
	"bytes"
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
// lines whose write failed. They are counted, and the number is told once the reader takes lines again.
// A process that crashes or is killed loses what waits; one that ends in order must call Close.
// NewQueue makes a Queue. Safe for concurrent use.
type Queue struct {
	writer io.Writer
	delay  time.Duration
	// tell writes the line that says how many lines were dropped.
	tell func(w io.Writer, dropped int)

	mu      sync.Mutex
	waiting []byte
	dropped int
	// torn says that the last write ended within a line.
	torn bool
	// timer runs while lines wait for others.
	timer *time.Timer
	// idle is closed when the drain that runs has ended. It is nil while none runs.
	idle chan struct{}
	// urgent lets the drain that runs take what has come meanwhile, too.
	urgent bool
	// spare is the memory of the batch before, for the next one.
	spare []byte
}

// NewQueue returns a Queue that writes to w. tell must write one line that names the number of dropped
// lines; it must not write to the Queue.
func NewQueue(w io.Writer, tell func(w io.Writer, dropped int)) *Queue {
	return newQueue(w, batchDelay, tell)
}

// newQueue starts nothing: a timer that runs could call a method before the Queue is complete.
func newQueue(w io.Writer, delay time.Duration, tell func(io.Writer, int)) *Queue {
	return &Queue{writer: w, delay: delay, tell: tell}
}

// Write adds a line. The error is always nil.
func (q *Queue) Write(line []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.add(line)
	return len(line), nil
}

// WriteLevel adds a line of the given level. Warnings and errors, and what is before them, don't wait for
// others. The error is always nil.
func (q *Queue) WriteLevel(level zerolog.Level, line []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.add(line)
	if level >= flushedLevel {
		q.flush()
	}
	return len(line), nil
}

// Flush has what waits written at once, without waiting for it.
func (q *Queue) Flush() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.flush()
}

// Close waits until all lines are written, at most for the given time.
func (q *Queue) Close(timeout time.Duration) error {
	q.mu.Lock()
	q.flush()
	idle := q.idle
	q.mu.Unlock()
	if idle == nil {
		return nil
	}
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case <-idle:
		return nil
	case <-timer.C:
		return ErrStalled
	}
}

// add appends a line, if there is room. The mutex is held.
func (q *Queue) add(line []byte) {
	if len(q.waiting)+len(line) > maxWaiting {
		q.dropped++
		return
	}
	first := len(q.waiting) == 0
	q.waiting = append(q.waiting, line...)
	switch {
	case q.idle != nil: // the drain will look again
	case len(q.waiting) >= batchSize:
		q.start()
	case first:
		q.wait()
	}
}

// wait starts the time for which lines wait for others. The mutex is held, so that late finds the timer.
func (q *Queue) wait() {
	if q.timer == nil {
		q.timer = time.AfterFunc(q.delay, q.late)
		return
	}
	q.timer.Reset(q.delay)
}

// late writes what has waited for others.
func (q *Queue) late() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.idle == nil && len(q.waiting) > 0 {
		q.start()
	}
}

// flush starts a drain unless there is nothing to write, or has the one that runs take everything. The
// mutex is held.
func (q *Queue) flush() {
	switch {
	case q.idle != nil:
		q.urgent = true
	case len(q.waiting) > 0 || q.dropped > 0:
		q.start()
	}
}

// start starts a drain. The mutex is held, and none runs.
func (q *Queue) start() {
	if q.timer != nil {
		q.timer.Stop()
	}
	q.idle = make(chan struct{})
	go q.drain()
}

// drain writes batches until there is none that must not wait. It alone writes to the writer, without the
// mutex, and may stay in a write for ever.
func (q *Queue) drain() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		batch, told := q.take()
		torn := q.torn
		q.mu.Unlock()
		n, err := q.writer.Write(batch)
		q.mu.Lock()
		if n > 0 {
			q.torn = batch[n-1] != '\n'
		}
		if err != nil {
			q.dropped += told + bytes.Count(batch[n:], []byte("\n"))
			// What was added here is none of the lines that were logged.
			if told > 0 {
				q.dropped--
			}
			if torn && n == 0 {
				q.dropped--
			}
		}
		if cap(batch) <= 2*batchSize {
			q.spare = batch
		}
		if len(q.waiting) < batchSize && !(q.urgent && len(q.waiting) > 0) {
			break
		}
	}
	q.urgent = false
	close(q.idle)
	q.idle = nil
	if len(q.waiting) > 0 {
		q.wait()
	}
}

// take returns the next batch, and how many dropped lines its last line tells of. The mutex is held.
func (q *Queue) take() (batch []byte, told int) {
	batch = q.waiting
	q.waiting, q.spare = q.spare[:0], nil
	if q.torn {
		batch = append([]byte("\n"), batch...)
	}
	if q.dropped > 0 {
		var line bytes.Buffer
		q.tell(&line, q.dropped)
		batch = append(batch, line.Bytes()...)
		told, q.dropped = q.dropped, 0
	}
	return batch, told
}
