package jsonlog

import (
	"io"
	"sync"
	"time"
)

const (
	// batchDelay is how long a line waits for others.
	batchDelay = 10 * time.Millisecond
	// batchBytes is how many bytes wait at most.
	batchBytes = 32 << 10
)

// Batch is a writer that gathers lines for some milliseconds, and writes them at once: under load the
// write of each single line would take a tenth of all the time. Flush it before the process ends. A
// process that is killed, or crashes, loses what waits. NewBatch makes one. Safe for concurrent use.
type Batch struct {
	writer io.Writer

	mutex sync.Mutex
	lines []byte
	timer *time.Timer // runs while lines wait
	// failure is what a write ended with that nobody waited for.
	failure error
}

// NewBatch returns a Batch that writes to w.
func NewBatch(w io.Writer) *Batch {
	b := &Batch{writer: w}
	b.timer = time.AfterFunc(batchDelay, b.late)
	b.timer.Stop()
	return b
}

// Write adds lines. The error may be that of a write before.
func (b *Batch) Write(lines []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if len(b.lines) == 0 {
		b.timer.Reset(batchDelay)
	}
	b.lines = append(b.lines, lines...)
	if len(b.lines) >= batchBytes {
		b.write()
	}
	return len(lines), b.take()
}

// Flush writes what waits. The error may be that of a write before.
func (b *Batch) Flush() error {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.write()
	return b.take()
}

// late writes what has waited long enough.
func (b *Batch) late() {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.write()
}

func (b *Batch) write() {
	b.timer.Stop()
	if len(b.lines) == 0 {
		return
	}
	if _, err := b.writer.Write(b.lines); err != nil {
		b.failure = err
	}
	b.lines = b.lines[:0]
	if cap(b.lines) > 2*batchBytes {
		b.lines = nil // after one very long line
	}
}

// take returns what failed since the last time.
func (b *Batch) take() error {
	failure := b.failure
	b.failure = nil
	return failure
}
