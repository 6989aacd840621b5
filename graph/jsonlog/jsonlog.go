// Package jsonlog writes the log of the process, one line a record, without ever holding up who logs.
package jsonlog

import (
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/rs/zerolog"
)

// The names and forms of the fields that every line has. zerolog keeps them for the whole process.
func init() {
	zerolog.MessageFieldName = "msg"
	zerolog.ErrorHandler = func(error) {} // the usual one writes to standard error, and waits
	zerolog.TimeFieldFormat = time.RFC3339Nano
	names := map[zerolog.Level]string{}
	for level := zerolog.TraceLevel; level <= zerolog.Disabled; level++ {
		names[level] = strings.ToUpper(level.String())
	}
	zerolog.LevelFieldMarshalFunc = func(level zerolog.Level) string { return names[level] }
}

// NewLogger returns a logger that writes records of at least the given level to w, each in one write: as
// JSON, or as text for people. With w being a Queue it never waits.
func NewLogger(w io.Writer, level zerolog.Level, text bool) zerolog.Logger {
	if text {
		w = &console{zerolog.ConsoleWriter{Out: w, NoColor: true, TimeFormat: "15:04:05.000", FormatMessage: oneLine}}
	}
	return zerolog.New(w).Level(level).With().Timestamp().Logger()
}

// console writes records as text for people.
type console struct{ zerolog.ConsoleWriter }

// WriteLevel writes a record, and flushes a Queue as that does by itself for JSON.
func (c *console) WriteLevel(level zerolog.Level, record []byte) (int, error) {
	n, err := c.Write(record)
	if queue, ok := c.Out.(*Queue); ok && level >= flushedLevel {
		queue.Flush()
	}
	return n, err
}

// oneLine quotes a message that would not stay on its line.
func oneLine(message any) string {
	text, _ := message.(string)
	if strings.ContainsFunc(text, unicode.IsControl) {
		return strconv.Quote(text)
	}
	return text
}
