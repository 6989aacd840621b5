package jsonlog

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// reader takes what is written. It can stall, go away and come back.
type reader struct {
	mu      sync.Mutex
	written []string
	failure error
	room    int // bytes that a failing write still takes
	stalled chan struct{}
}

func (r *reader) Write(text []byte) (int, error) {
	r.mu.Lock()
	stalled := r.stalled
	r.mu.Unlock()
	if stalled != nil {
		<-stalled
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	taken := len(text)
	if r.failure != nil {
		taken = min(taken, r.room)
	}
	if taken > 0 {
		r.written = append(r.written, string(text[:taken]))
	}
	return taken, r.failure
}

func (r *reader) set(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
}

func (r *reader) all() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.written, "")
}

func (r *reader) expect(t *testing.T, want ...string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if strings.Join(r.written, "|") != strings.Join(want, "|") {
		t.Errorf("written %.200q, want %.200q", r.written, want)
	}
}

func tellDropped(w io.Writer, dropped int) { fmt.Fprintf(w, "dropped %d\n", dropped) }

func write(t *testing.T, w io.Writer, text string) {
	t.Helper()
	if n, err := io.WriteString(w, text); n != len(text) || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
}

func closeQueue(t *testing.T, q *Queue) {
	t.Helper()
	if err := q.Close(time.Minute); err != nil {
		t.Error(err)
	}
}

// The process died at its start when a timer called a method of a half made value.
func TestNothingRunsBeforeTheQueueIsComplete(t *testing.T) {
	for range 20_000 {
		q := NewQueue(io.Discard, tellDropped)
		q.Flush()
		write(t, q, "a\n")
		closeQueue(t, q)
	}
}

func TestLinesWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &reader{}
		q := NewQueue(out, tellDropped)
		time.Sleep(time.Hour)
		write(t, q, "a\n")
		time.Sleep(batchDelay - time.Nanosecond)
		write(t, q, "b\n")
		out.expect(t)
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		out.expect(t, "a\nb\n")
		write(t, q, "c\n")
		time.Sleep(batchDelay)
		synctest.Wait()
		out.expect(t, "a\nb\n", "c\n")
		time.Sleep(time.Hour)
		out.expect(t, "a\nb\n", "c\n")
		closeQueue(t, q)
	})
}

func TestManyLinesDoNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &reader{}
		q := NewQueue(out, tellDropped)
		long := strings.Repeat("x", batchSize-1)
		write(t, q, long)
		synctest.Wait()
		out.expect(t)
		write(t, q, "\n")
		synctest.Wait()
		out.expect(t, long+"\n")
		longer := strings.Repeat("y", 3*batchSize) + "\n"
		write(t, q, longer)
		synctest.Wait()
		write(t, q, "z\n")
		closeQueue(t, q)
		closeQueue(t, q)
		out.expect(t, long+"\n", longer, "z\n")
	})
}

// A warning is there at once, and what was before it in front of it, in both formats.
func TestWarningsDoNotWait(t *testing.T) {
	for name, text := range map[string]bool{"json": false, "text": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				out := &reader{}
				q := NewQueue(out, tellDropped)
				log := NewLogger(q, zerolog.InfoLevel, text)
				log.Info().Msg("first")
				synctest.Wait()
				out.expect(t)
				log.Warn().Msg("second")
				synctest.Wait()
				log.Error().Msg("third")
				synctest.Wait()
				lines := strings.SplitAfter(out.all(), "\n")
				for i, message := range []string{"first", "second", "third"} {
					if len(lines) != 4 || !strings.Contains(lines[i], message) {
						t.Errorf("lines %q", lines)
					}
				}
				closeQueue(t, q)
			})
		})
	}
}

// A reader that stalls holds nobody up. It is told what it missed.
func TestStalledReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &reader{stalled: make(chan struct{})}
		q := NewQueue(out, tellDropped)
		line := strings.Repeat("x", 1023) + "\n"
		const room, lost = maxWaiting / 1024, 5
		for range batchSize/1024 + room + lost {
			write(t, q, line)
			synctest.Wait()
		}
		out.expect(t)
		close(out.stalled)
		out.set(func() { out.stalled = nil })
		synctest.Wait()
		out.expect(t, strings.Repeat(line, batchSize/1024), strings.Repeat(line, room), fmt.Sprintf("dropped %d\n", lost))
		write(t, q, "again\n")
		closeQueue(t, q)
		if !strings.HasSuffix(out.all(), "again\n") {
			t.Error("nothing is written after that")
		}
	})
}

// A reader that stalls does not hold up the end, and may still come for what is left.
func TestEndWithAStalledReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &reader{stalled: make(chan struct{})}
		q := NewQueue(out, tellDropped)
		write(t, q, "first\n")
		time.Sleep(batchDelay)
		synctest.Wait()
		write(t, q, "second\n")
		before := time.Now()
		if err := q.Close(3 * time.Second); !errors.Is(err, ErrStalled) || time.Since(before) != 3*time.Second {
			t.Errorf("closed after %v: %v", time.Since(before), err)
		}
		out.expect(t)
		close(out.stalled)
		out.set(func() { out.stalled = nil })
		closeQueue(t, q)
		out.expect(t, "first\n", "second\n")
	})
}

// A reader that goes away costs its lines and nothing else.
func TestReaderThatGoesAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &reader{failure: io.ErrClosedPipe}
		q := NewQueue(out, tellDropped)
		for range 7 {
			write(t, q, "a\n")
			time.Sleep(2 * batchDelay)
		}
		write(t, q, "b\nb\n")
		time.Sleep(2 * batchDelay)
		out.set(func() { out.failure = nil })
		write(t, q, "c\n")
		time.Sleep(2 * batchDelay)
		out.expect(t, "c\n", "dropped 9\n")
		closeQueue(t, q)
		out.expect(t, "c\n", "dropped 9\n")
	})
}

// The end tells of what was lost before.
func TestEndTellsOfLostLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &reader{failure: io.ErrClosedPipe}
		q := NewQueue(out, tellDropped)
		write(t, q, "a\n")
		time.Sleep(2 * batchDelay)
		out.set(func() { out.failure = nil })
		closeQueue(t, q)
		out.expect(t, "dropped 1\n")
	})
}

// A line that was torn is dropped, and the next one begins a line.
func TestTornLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &reader{failure: io.ErrShortWrite, room: 5}
		q := NewQueue(out, tellDropped)
		write(t, q, "one\ntwo\nthree\n")
		time.Sleep(batchDelay)
		synctest.Wait()
		out.set(func() { out.room = 0 })
		write(t, q, "four\n")
		time.Sleep(batchDelay)
		synctest.Wait()
		out.set(func() { out.failure = nil })
		closeQueue(t, q)
		if got := out.all(); got != "one\nt\ndropped 3\n" {
			t.Errorf("written %q", got)
		}
	})
}

func TestLinesStayWhole(t *testing.T) {
	out := &reader{}
	q := NewQueue(out, tellDropped)
	log := NewLogger(q, zerolog.InfoLevel, false)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for i := range 400 {
				log.WithLevel([]zerolog.Level{zerolog.InfoLevel, zerolog.WarnLevel}[i%2]).Str("text", strings.Repeat("ä", i)).Msg("m")
			}
		})
	}
	group.Wait()
	closeQueue(t, q)
	count := 0
	for line := range strings.Lines(out.all()) {
		count++
		if !strings.HasPrefix(line, "{") || !strings.HasSuffix(line, "}\n") {
			t.Fatalf("not a line: %s", line)
		}
	}
	if count != 1600 {
		t.Errorf("%d lines, want 1600", count)
	}
}

// A pipe that nobody reads, as a container's log may be.
func TestFullPipe(t *testing.T) {
	read, written, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	q := NewQueue(written, tellDropped)
	line := strings.Repeat("x", 1023) + "\n"
	for range 4096 {
		write(t, q, line)
	}
	if err := q.Close(0); !errors.Is(err, ErrStalled) {
		t.Errorf("closed with %v", err)
	}
	if err := read.Close(); err != nil {
		t.Error(err)
	}
	closeQueue(t, q)
	if err := written.Close(); err != nil {
		t.Error(err)
	}
}

// BenchmarkQueue writes the lines of requests that run at the same time.
func BenchmarkQueue(b *testing.B) {
	q := NewQueue(io.Discard, tellDropped)
	line := []byte(strings.Repeat("x", 255) + "\n")
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			_, _ = q.WriteLevel(zerolog.InfoLevel, line) // never fails
		}
	})
	_ = q.Close(time.Minute)
}
