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
//	2018-02-07 15: 27: 58    with any fraction and offset, spaces beside colons, or a T; or the date alone
//	1505369828               seconds (up to 11 digits) or milliseconds (12 or 13) since 1970
//
// Zero in any form is null. A date or hour that doesn't exist is an error.
func parseTime(text string) (Time, error) {
	switch {
	case text == "":
		return Time{}, nil
	case areDigits(text) && len(text) <= 13 && !isCompactDate(text):
		return parseEpoch(text)
	case len(text) > 4 && text[4] == '-':
		return parseSeparated(text)
	}
	if number, err := parseDecimal(text); err == nil && !areDigits(text) {
		// A number with an exponent or a point, as in 1.505369828e9.
		if whole, ok := number.whole(); ok && len(whole) <= 13 {
			return parseEpoch(whole)
		}
	}
	return parseCompact(text)
}

// isCompactDate tells the eight digits of a date in this or the last century from seconds of 1970.
func isCompactDate(text string) bool {
	return len(text) == 8 && (text[:2] == "19" || text[:2] == "20")
}

func parseEpoch(text string) (Time, error) {
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil || number < 0 {
		return Time{}, errTime
	}
	if number == 0 {
		return Time{}, nil
	}
	if len(text) <= 11 {
		number *= 1000
	}
	return Time{unixMilli: number, offsetMinutes: shanghaiMinutes, valid: true}, nil
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

// parseSeparated reads yyyy-MM-dd, then HH:mm:ss with a fraction and an offset, which are optional.
func parseSeparated(text string) (Time, error) {
	text = tightColons(text)
	if len(text) < 10 || text[7] != '-' {
		return Time{}, errTime
	}
	date, rest := text[:10], text[10:]
	parts := [6]string{date[:4], date[5:7], date[8:10], "00", "00", "00"}
	if rest == "" {
		return newTime(parts, "", "")
	}
	clock := strings.TrimLeft(rest[1:], " ")
	if !strings.ContainsRune(" Tt", rune(rest[0])) || len(clock) < 8 || clock[2] != ':' || clock[5] != ':' {
		return Time{}, errTime
	}
	parts[3], parts[4], parts[5] = clock[:2], clock[3:5], clock[6:8]
	if rest = clock[8:]; rest != "" && areDigits(rest[:1]) || rest == "." {
		return Time{}, errTime
	}
	fraction, offset := cutFraction(rest)
	return newTime(parts, fraction, offset)
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
		if !areDigits(part) {
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
	if hour > 23 || minute > 59 || second > 59 || month < 1 || month > 12 || local.Day() != day || year < 1 {
		return Time{}, errTime
	}
	return Time{unixMilli: local.UnixMilli() - int64(minutes)*60_000, offsetMinutes: int16(minutes), valid: true}, nil
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
