package upstream

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Time is a point in time with the offset that the upstream sent; the zero value is null.
// 16 bytes and no pointer: an order has dozens.
type Time struct {
	unixMilli     int64
	offsetMinutes int16
	valid         bool
}

// shanghaiMinutes is the offset of times that the upstream sends without one, and of epoch numbers.
const shanghaiMinutes = 8 * 60

var errTime = errors.New("not a time")

// NewTime returns t with its offset, in whole milliseconds and minutes.
func NewTime(t time.Time) Time {
	_, seconds := t.Zone()
	return Time{unixMilli: t.UnixMilli(), offsetMinutes: int16(seconds / 60), valid: true}
}

// Valid reports whether there is a time at all.
func (t Time) Valid() bool { return t.valid }

// Time returns t as a time.Time with the upstream's offset; the zero time.Time for null.
func (t Time) Time() time.Time {
	if !t.valid {
		return time.Time{}
	}
	local := time.UnixMilli(t.unixMilli)
	if t.offsetMinutes == 0 {
		return local.UTC()
	}
	return local.In(time.FixedZone("", int(t.offsetMinutes)*60))
}

// AppendRFC3339 appends t in the form 2017-09-13T23:17:08-07:00, with milliseconds only where they
// are not zero. Null appends nothing.
func (t Time) AppendRFC3339(text []byte) []byte {
	if !t.valid {
		return text
	}
	layout := time.RFC3339 // for which package time has a fast path
	if t.unixMilli%1000 != 0 {
		layout = "2006-01-02T15:04:05.000Z07:00"
	}
	return t.Time().AppendFormat(text, layout)
}

// String returns AppendRFC3339 as a string.
func (t Time) String() string { return string(t.AppendRFC3339(nil)) }

func (t *Time) decode(value jsontext.Value) error {
	if kind := value.Kind(); kind != jsontext.KindString && kind != jsontext.KindNumber {
		return errTime
	}
	text, err := trimmedText(value)
	if err != nil {
		return errTime
	}
	parsed, err := parseTime(text)
	*t = parsed
	return err
}

// parseTime reads every known form of a time:
//
//	20170913231708000-0700   compact, with any fraction and offset, or none; or the date alone
//	2018-02-07 15: 27: 58    with any fraction and offset, spaces beside colons, or a T; without the
//	                         second; or the date alone; also 2018/2/7
//	1505369828.5             seconds (up to 11 digits) or milliseconds (12 or 13) since 1970
//
// Zero in any form and the null dates of other systems are null. A date or hour that doesn't exist is
// an error.
func parseTime(text string) (Time, error) {
	switch {
	case text == "":
		return Time{}, nil
	case isSeparated(text), len(text) >= 14 && areDigits(text[:14]), isCompactDate(text):
		return parseCivil(text)
	}
	number, err := parseDecimal(text)
	if err != nil {
		return parseCivil(text)
	}
	if whole, ok := number.whole(); ok && isCompactDate(whole) {
		return parseCivil(whole)
	}
	return parseEpoch(number)
}

// isSeparated reports whether a text begins with a year and a separator.
func isSeparated(text string) bool { return len(text) > 4 && (text[4] == '-' || text[4] == '/') }

// isCompactDate tells the eight digits of a date in this or the last century, or in a year that no number
// begins with, from seconds of 1970.
func isCompactDate(text string) bool {
	return len(text) == 8 && (text[:2] == "19" || text[:2] == "20" || text[0] == '0') && areDigits(text)
}

// parseEpoch reads seconds or milliseconds since 1970. Times before that are errors, but for those that
// mean null.
func parseEpoch(number Decimal) (Time, error) {
	unsigned, negative := strings.CutPrefix(string(number), "-")
	whole, fraction, _ := strings.Cut(unsigned, ".")
	if len(whole) > 13 && !negative || len(whole) > 14 {
		return parseCivil(string(number))
	}
	// At most 14 digits: there is no error to lose.
	milliseconds, _ := strconv.ParseInt(whole, 10, 64)
	if len(whole) <= 11 {
		rest, _ := strconv.ParseInt((fraction + "000")[:3], 10, 64)
		milliseconds = milliseconds*1000 + rest
	}
	if negative {
		milliseconds = -milliseconds
	}
	t := timeAt(milliseconds, shanghaiMinutes)
	if t.valid && negative {
		return Time{}, errTime
	}
	return t, nil
}

// firstOfYearOne is 0001-01-01T00:00:00Z in milliseconds since 1970.
const firstOfYearOne = -62_135_596_800_000

// timeAt returns a time, or null for the times with which other systems say that there is none: the
// first day of the year 1, and the first instant of 1970, in UTC or on the clock that shows it.
func timeAt(unixMilli int64, offsetMinutes int) Time {
	local := unixMilli + int64(offsetMinutes)*60_000
	if unixMilli == 0 || local == 0 || unixMilli == firstOfYearOne || local >= firstOfYearOne && local < firstOfYearOne+24*60*60_000 {
		return Time{}
	}
	return Time{unixMilli: unixMilli, offsetMinutes: int16(offsetMinutes), valid: true}
}

// parseCivil reads a date, and a clock, a fraction of its second and an offset where they are there. A date
// with separators may have single digits, and a clock without a second has no fraction of it.
func parseCivil(text string) (Time, error) {
	var layout, civil, rest string
	if isSeparated(text) {
		layout, civil, rest = cutSeparated(tightColons(text))
	} else if digits := len(text) - len(strings.TrimLeft(text, "0123456789")); digits == 8 || digits >= 14 {
		layout = "20060102150405"[:min(digits, 14)]
		civil, rest = text[:len(layout)], text[len(layout):]
	}
	fraction, offset := cutFraction(rest)
	milliseconds, err := parseFraction(fraction)
	if err != nil {
		return Time{}, err
	}
	minutes, err := parseOffset(offset)
	if err != nil {
		return Time{}, err
	}
	if civil != "" && strings.Trim(civil, "0-/: ") == "" && milliseconds == 0 {
		return Time{}, nil
	}
	local, err := time.Parse(layout, civil)
	if err != nil || civil == "" {
		return Time{}, errTime // an error of package time quotes the text
	}
	t := timeAt(local.UnixMilli()+int64(milliseconds)-int64(minutes)*60_000, minutes)
	if t.valid && local.Year() < 1 {
		return Time{}, errTime
	}
	return t, nil
}

// cutSeparated splits a text with separators into the date and clock, with their layout, and the rest. What has
// no such form has no layout.
func cutSeparated(text string) (layout, civil, rest string) {
	date := "2006" + text[4:5] + "1" + text[4:5] + "2"
	at := strings.IndexAny(text, " Tt")
	if at < 0 {
		return date, text, ""
	}
	clock := strings.TrimLeft(text[at+1:], " ")
	rest = strings.TrimLeft(clock, "0123456789:")
	clock = clock[:len(clock)-len(rest)]
	switch hasFraction := strings.HasPrefix(rest, "."); {
	case strings.Count(clock, ":") == 1 && !hasFraction:
		layout = date + " 15:04"
	case strings.Count(clock, ":") == 2 && rest != ".":
		layout = date + " 15:04:05"
	}
	return layout, text[:at] + " " + clock, rest
}

// tightColons removes the white space beside colons, which a formatter on the way has put there.
func tightColons(text string) string {
	if !strings.Contains(text, ": ") && !strings.Contains(text, " :") {
		return text
	}
	parts := strings.Split(text, ":")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return strings.Join(parts, ":")
}

// cutFraction splits .123+0800 or 123+0800 into digits and offset.
func cutFraction(text string) (fraction, offset string) {
	text = strings.TrimPrefix(text, ".")
	offset = strings.TrimLeft(text, "0123456789")
	return text[:len(text)-len(offset)], strings.TrimSpace(offset)
}

// parseFraction reads the digits behind the second, up to nanoseconds, and returns milliseconds.
func parseFraction(digits string) (milliseconds int, err error) {
	if len(digits) > 9 {
		return 0, errTime
	}
	milliseconds, err = strconv.Atoi((digits + "000")[:3])
	return milliseconds, err
}

// parseOffset reads Z, +0800, +08:00 or +08 and returns minutes; no offset means Asia/Shanghai.
func parseOffset(text string) (minutes int, err error) {
	switch {
	case text == "":
		return shanghaiMinutes, nil
	case text == "Z" || text == "z":
		return 0, nil
	case text[0] != '+' && text[0] != '-':
		return 0, errTime
	}
	digits := text[1:]
	if len(digits) == 5 && digits[2] == ':' {
		digits = digits[:2] + digits[3:]
	}
	if len(digits) == 2 {
		digits += "00"
	}
	if len(digits) != 4 || !areDigits(digits) || digits[:2] > "23" || digits[2:] > "59" {
		return 0, errTime
	}
	// Four digits: there is no error to lose.
	number, _ := strconv.Atoi(digits)
	minutes = number/100*60 + number%100
	if text[0] == '-' {
		minutes = -minutes
	}
	return minutes, nil
}
