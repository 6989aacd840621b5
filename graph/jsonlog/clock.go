package jsonlog

import "time"

// clock writes times as time.RFC3339Nano does. It remembers the last second. The zero value is ready.
type clock struct {
	location *time.Location
	second   int64
	// text is the second without a fraction, of which the last bytes are the zone.
	text []byte
	zone int
}

// dateAndTime is how long a time is before its fraction.
const dateAndTime = len("2006-01-02T15:04:05")

func (c *clock) append(line []byte, t time.Time) []byte {
	if second := t.Unix(); len(c.text) == 0 || second != c.second || t.Location() != c.location {
		c.location, c.second = t.Location(), second
		c.text = t.AppendFormat(c.text[:0], time.RFC3339)
		c.zone = len(c.text) - dateAndTime
	}
	line = append(line, c.text[:len(c.text)-c.zone]...)
	line = appendFraction(line, t.Nanosecond())
	return append(line, c.text[len(c.text)-c.zone:]...)
}

// appendFraction writes nanoseconds of a second without the zeros at their end.
func appendFraction(line []byte, nanoseconds int) []byte {
	if nanoseconds == 0 {
		return line
	}
	var digits [10]byte
	digits[0] = '.'
	for i := len(digits) - 1; i > 0; i-- {
		digits[i] = byte('0' + nanoseconds%10)
		nanoseconds /= 10
	}
	end := len(digits)
	for digits[end-1] == '0' {
		end--
	}
	return append(line, digits[:end]...)
}
