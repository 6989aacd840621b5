// Package jsonlog writes log records as lines of JSON, exactly as log/slog does, at a fraction of the
// cost for those that are written all the time: a line for each request would otherwise take longer
// than answering it.
package jsonlog

import (
	"context"
	"io"
	"log/slog"
	"math"
	"strconv"
	"sync"
)

// Handler is a slog.Handler. Each record is one write, made before Handle returns. A writer with a method
// Flush, such as a Batch, is flushed after each warning and error. NewHandler makes one.
type Handler struct {
	slog.Handler // for what is not simple
	output       *output
}

// NewHandler returns a handler that writes records of at least the given level to w.
func NewHandler(w io.Writer, level slog.Leveler) *Handler {
	shared := &output{writer: w}
	return &Handler{Handler: slog.NewJSONHandler(shared, &slog.HandlerOptions{Level: level}), output: shared}
}

// output lets both ways to write a line share a writer.
type output struct {
	mutex  sync.Mutex
	writer io.Writer
}

func (o *output) Write(line []byte) (int, error) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.writer.Write(line)
}

// Flush writes what the writer has gathered, if it gathers anything.
func (o *output) Flush() error {
	if batch, ok := o.writer.(interface{ Flush() error }); ok {
		return batch.Flush()
	}
	return nil
}

// Attributes is a group of attributes. A value of an attribute without a name that is one is written
// without making the group; it must resolve to that group, and not be empty.
type Attributes interface {
	slog.LogValuer
	// Attributes calls yield with each attribute, until it returns false.
	Attributes(yield func(slog.Attr) bool)
}

// line is a line in the making. Its functions are made once, as they would otherwise be for each line.
type line struct {
	text  []byte
	clock clock
	// simple is false after something that is left to log/slog: a value that is no plain text, number
	// or list of texts, or a text that needs escapes.
	simple bool
	// addAny adds an attribute of a record, add one of Attributes.
	addAny, add func(slog.Attr) bool
}

var lines = sync.Pool{New: func() any {
	l := &line{text: make([]byte, 0, 1<<10)}
	l.add = func(attribute slog.Attr) bool {
		l.text, l.simple = appendAttribute(l.text, attribute)
		return l.simple
	}
	l.addAny = func(attribute slog.Attr) bool {
		list, ok := attributesOf(attribute)
		if !ok {
			return l.add(attribute)
		}
		l.simple = false // unless there is one
		list.Attributes(l.add)
		return l.simple
	}
	return l
}}

func attributesOf(attribute slog.Attr) (list Attributes, ok bool) {
	if attribute.Key != "" || attribute.Value.Kind() != slog.KindLogValuer {
		return nil, false
	}
	list, ok = attribute.Value.Any().(Attributes)
	return list, ok
}

// largestPooled bounds what one long line may keep in memory after it is gone, in bytes.
const largestPooled = 16 << 10

// Handle writes a record.
func (h *Handler) Handle(ctx context.Context, record slog.Record) error {
	l := lines.Get().(*line)
	defer func() {
		if cap(l.text) <= largestPooled {
			lines.Put(l)
		}
	}()
	l.write(record)
	if err := h.writeLine(ctx, l, record); err != nil || record.Level < slog.LevelWarn {
		return err
	}
	return h.output.Flush()
}

func (h *Handler) writeLine(ctx context.Context, l *line, record slog.Record) error {
	if !l.simple {
		return h.Handler.Handle(ctx, record)
	}
	_, err := h.output.Write(l.text)
	return err
}

// write makes the line of a record, if that is simple.
func (l *line) write(record slog.Record) {
	year := record.Time.Year()
	l.simple = !record.Time.IsZero() && 0 <= year && year <= 9999 && isPlain(record.Message)
	if !l.simple {
		return
	}
	l.text = append(l.text[:0], `{"time":"`...)
	l.text = l.clock.append(l.text, record.Time)
	l.text = append(l.text, `","level":"`...)
	l.text = append(l.text, record.Level.String()...)
	l.text = append(l.text, `","msg":"`...)
	l.text = append(l.text, record.Message...)
	l.text = append(l.text, '"')
	record.Attrs(l.addAny)
	l.text = append(l.text, "}\n"...)
}

func appendAttribute(line []byte, attribute slog.Attr) (_ []byte, simple bool) {
	if !isPlain(attribute.Key) || attribute.Key == "" {
		return line, false
	}
	line = append(line, `,"`...)
	line = append(line, attribute.Key...)
	line = append(line, `":`...)
	switch attribute.Value.Kind() {
	case slog.KindString:
		return appendText(line, attribute.Value.String())
	case slog.KindInt64:
		return strconv.AppendInt(line, attribute.Value.Int64(), 10), true
	case slog.KindFloat64:
		return appendFloat(line, attribute.Value.Float64())
	case slog.KindAny:
		if texts, ok := attribute.Value.Any().([]string); ok && texts != nil {
			return appendTexts(line, texts)
		}
	}
	return line, false
}

// appendFloat appends numbers of the size that JSON has without an exponent. Thousandths, which
// durations are counted in, need no search for the shortest form.
func appendFloat(line []byte, number float64) (_ []byte, simple bool) {
	if thousandths := math.Round(number * 1000); 0 < number && number < 1e6 && thousandths/1000 == number {
		return appendThousandths(line, int64(thousandths)), true
	}
	if number != 0 && !(number >= 1e-6 && number < 1e21) {
		return line, false
	}
	return strconv.AppendFloat(line, number, 'f', -1, 64), true
}

func appendThousandths(line []byte, thousandths int64) []byte {
	line = strconv.AppendInt(line, thousandths/1000, 10)
	rest := thousandths % 1000
	if rest == 0 {
		return line
	}
	line = append(line, '.', byte('0'+rest/100), byte('0'+rest/10%10), byte('0'+rest%10))
	for line[len(line)-1] == '0' {
		line = line[:len(line)-1]
	}
	return line
}

func appendTexts(line []byte, texts []string) (_ []byte, simple bool) {
	line = append(line, '[')
	for i, text := range texts {
		if i > 0 {
			line = append(line, ',')
		}
		if line, simple = appendText(line, text); !simple {
			return line, false
		}
	}
	return append(line, ']'), true
}

func appendText(line []byte, text string) (_ []byte, simple bool) {
	line = append(line, '"')
	line = append(line, text...)
	return append(line, '"'), isPlain(text)
}

// plain marks the bytes that JSON writes as they are: printable ASCII but quotes and backslashes.
var plain = func() (marks [256]bool) {
	for c := ' '; c <= '~'; c++ {
		marks[c] = c != '"' && c != '\\'
	}
	return marks
}()

// isPlain tells whether JSON writes text as it is.
func isPlain(text string) bool {
	for i := range len(text) {
		if !plain[text[i]] {
			return false
		}
	}
	return true
}
