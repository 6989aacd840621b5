package jsonlog

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// pieces notes each write.
type pieces struct {
	mutex   sync.Mutex
	written []string
}

func (p *pieces) Write(text []byte) (int, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.written = append(p.written, string(text))
	return len(text), nil
}

func expectPieces(t *testing.T, p *pieces, want ...string) {
	t.Helper()
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if strings.Join(p.written, "|") != strings.Join(want, "|") {
		t.Errorf("written %q, want %q", p.written, want)
	}
}

func write(t *testing.T, w io.Writer, text string) {
	t.Helper()
	if n, err := io.WriteString(w, text); n != len(text) || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
}

func TestLinesWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &pieces{}
		b := NewBatch(out)
		time.Sleep(time.Hour)
		write(t, b, "a\n")
		time.Sleep(batchDelay - time.Nanosecond)
		write(t, b, "b\n")
		expectPieces(t, out)
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		expectPieces(t, out, "a\nb\n")
		write(t, b, "c\n")
		time.Sleep(batchDelay)
		synctest.Wait()
		expectPieces(t, out, "a\nb\n", "c\n")
		time.Sleep(time.Hour)
		expectPieces(t, out, "a\nb\n", "c\n")
	})
}

func TestManyLinesDoNotWait(t *testing.T) {
	out := &pieces{}
	b := NewBatch(out)
	long := strings.Repeat("x", batchBytes-1)
	write(t, b, long)
	expectPieces(t, out)
	write(t, b, "\n")
	expectPieces(t, out, long+"\n")
	longer := strings.Repeat("y", 3*batchBytes)
	write(t, b, longer)
	write(t, b, "z")
	if err := b.Flush(); err != nil {
		t.Error(err)
	}
	if err := b.Flush(); err != nil {
		t.Error(err)
	}
	expectPieces(t, out, long+"\n", longer, "z")
}

// TestWarningsDoNotWait wants a warning to be there at once, and what was before it in front of it.
func TestWarningsDoNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := slog.New(NewHandler(NewBatch(&out), slog.LevelInfo))
		log.Info("first")
		if out.Len() > 0 {
			t.Errorf("written %s", &out)
		}
		log.Warn("second")
		log.Error("third", "names", map[string]int{"not simple": 1})
		for i, message := range []string{"first", "second", "third"} {
			line, err := out.ReadString('\n')
			if err != nil || !strings.Contains(line, message) {
				t.Errorf("line %d: %q, %v", i, line, err)
			}
		}
		time.Sleep(batchDelay) // for the timer to end within the bubble
	})
}

func TestFailedBatchesAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBatch(broken{})
		write(t, b, "a\n")
		time.Sleep(batchDelay)
		synctest.Wait()
		if _, err := b.Write([]byte("b\n")); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("the next line: %v", err)
		}
		if err := b.Flush(); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("the flush: %v", err)
		}
		if err := b.Flush(); err != nil {
			t.Errorf("nothing to write: %v", err)
		}
	})
}
