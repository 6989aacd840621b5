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

// Valid tells whether there is a time at all.
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
	local := time.UnixMilli(t.unixMilli + int64(t.offsetMinutes)*60_000).UTC()
	text = local.AppendFormat(text, time.RFC3339) // the layout that package time has a fast path for
	text = text[:len(text)-len("Z")]
	if milliseconds := local.Nanosecond() / int(time.Millisecond); milliseconds != 0 {
		text = append(text, '.', byte('0'+milliseconds/100), byte('0'+milliseconds/10%10), byte('0'+milliseconds%10))
	}
	if t.offsetMinutes == 0 {
		return append(text, 'Z')
	}
	return appendOffset(text, int(t.offsetMinutes))
}

// String returns AppendRFC3339 as a string.
func (t Time) String() string { return string(t.AppendRFC3339(nil)) }

func appendOffset(text []byte, minutes int) []byte {
	sign := byte('+')
	if minutes < 0 {
		sign, minutes = '-', -minutes
	}
	hours, minutes := minutes/60, minutes%60
	return append(text, sign, byte('0'+hours/10), byte('0'+hours%10), ':', byte('0'+minutes/10), byte('0'+minutes%10))
}

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
	case len(text) > 4 && (text[4] == '-' || text[4] == '/'):
		return parseSeparated(text)
	case len(text) >= 14 && areDigits(text[:14]), isCompactDate(text):
		return parseCompact(text)
	}
	number, err := parseDecimal(text)
	if err != nil {
		return parseCompact(text)
	}
	if whole, ok := number.whole(); ok && isCompactDate(whole) {
		return parseCompact(whole)
	}
	return parseEpoch(number)
}

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
		return parseCompact(string(number))
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

// parseCompact reads yyyyMMdd, then HHmmss, a fraction and an offset, each of them optional.
func parseCompact(text string) (Time, error) {
	digits := len(text) - len(strings.TrimLeft(text, "0123456789"))
	if digits != 8 && digits < 14 {
		return Time{}, errTime
	}
	date, clock, rest := text[:8], "000000", text[8:]
	if digits >= 14 {
		clock, rest = text[8:14], text[14:]
	}
	fraction, offset := cutFraction(rest)
	return newTime([6]string{date[:4], date[4:6], date[6:8], clock[:2], clock[2:4], clock[4:6]}, fraction, offset)
}

// parseSeparated reads yyyy-MM-dd or yyyy/M/d, then HH:mm, the second, a fraction of it and an offset,
// each of them optional.
func parseSeparated(text string) (Time, error) {
	text = tightColons(text)
	parts := [6]string{text[:4], "", "", "00", "00", "00"}
	separator, rest := text[4:5], text[4:]
	for i := 1; i <= 2; i++ {
		parts[i], rest = cutPart(rest, separator)
	}
	if rest == "" {
		return newTime(parts, "", "")
	}
	if !strings.ContainsRune(" Tt", rune(rest[0])) {
		return Time{}, errTime
	}
	parts[3], rest = cutPart(":"+strings.TrimLeft(rest[1:], " "), ":")
	parts[4], rest = cutPart(rest, ":")
	if len(parts[4]) != 2 {
		return Time{}, errTime
	}
	if strings.HasPrefix(rest, ":") {
		if parts[5], rest = cutPart(rest, ":"); len(parts[5]) != 2 || rest == "." {
			return Time{}, errTime
		}
	} else if strings.HasPrefix(rest, ".") {
		return Time{}, errTime
	}
	if rest != "" && areDigits(rest[:1]) {
		return Time{}, errTime
	}
	fraction, offset := cutFraction(rest)
	return newTime(parts, fraction, offset)
}

// cutPart returns the one or two digits behind a separator; none if there is something else.
func cutPart(text, separator string) (digits, rest string) {
	rest, found := strings.CutPrefix(text, separator)
	length := 0
	for found && length < 2 && length < len(rest) && areDigits(rest[length:length+1]) {
		length++
	}
	return rest[:length], rest[length:]
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

// newTime checks year, month, day, hour, minute and second, each in digits. All zero is null.
func newTime(parts [6]string, fraction, offset string) (Time, error) {
	var numbers [6]int
	for i, part := range parts {
		if part == "" || !areDigits(part) {
			return Time{}, errTime
		}
		for _, digit := range []byte(part) {
			numbers[i] = 10*numbers[i] + int(digit-'0')
		}
	}
	milliseconds, err := parseFraction(fraction)
	if err != nil {
		return Time{}, err
	}
	minutes, err := parseOffset(offset)
	if err != nil {
		return Time{}, err
	}
	if numbers == [6]int{} && milliseconds == 0 {
		return Time{}, nil
	}
	year, month, day, hour, minute, second := numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5]
	local := time.Date(year, time.Month(month), day, hour, minute, second, milliseconds*int(time.Millisecond), time.UTC)
	// What doesn't exist is another day's.
	if hour > 23 || minute > 59 || second > 59 || month < 1 || month > 12 || local.Day() != day {
		return Time{}, errTime
	}
	t := timeAt(local.UnixMilli()-int64(minutes)*60_000, minutes)
	if t.valid && year < 1 {
		return Time{}, errTime
	}
	return t, nil
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
