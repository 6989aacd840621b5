package upstream

import (
	"bytes"
	_ "embed" // for the rows
	"strings"
	"unicode"

	"github.com/go-json-experiment/json/jsontext"
)

// unknownValue is what an enum shows for a value that its table does not have. The upstream adds
// values without notice: an unknown one must never cost the order.
const unknownValue = "UNKNOWN"

// Enum is a value out of an open set together with what the upstream sent for it. The zero value is
// null. It is one pointer, shared by all orders that have the value in its usual wire form.
type Enum struct{ reading *enumReading }

// enumReading is never changed once it is shared.
type enumReading struct {
	value string // the GraphQL value; empty is null
	raw   RawText
}

// Raw returns what the upstream sent: a string's text, a number's digits, the empty string and
// sentinels included; null when it sent nothing.
func (e Enum) Raw() RawText {
	if e.reading == nil {
		return RawText{}
	}
	return e.reading.raw
}

// isNull reports whether there is no value. There may be a raw text all the same: an empty one, or a
// sentinel.
func (e Enum) isNull() bool { return e.String() == "" }

// String returns the GraphQL value, empty for null.
func (e Enum) String() string {
	if e.reading == nil {
		return ""
	}
	return e.reading.value
}

// orUnknown returns e, or UNKNOWN with the same raw text where e is null.
func (e Enum) orUnknown() Enum {
	if !e.isNull() {
		return e
	}
	return Enum{&enumReading{value: unknownValue, raw: e.Raw()}}
}

// enumRows are the known values of all enums, one a line: the enum's name in the schema, the value (empty is
// null), the forms in which the upstream sends it, and the upstream's term. A new value is a line here, and
// one in the schema.
//
//go:embed enums.tsv
var enumRows string

// undocumented begins the upstream's term for a value that its document does not list.
const undocumented = "not in the document; seen in several public programs: "

// enumTables are the enums by their names. The struct tag enum names the table of a field.
var enumTables = readEnumTables(enumRows)

// enumTable is the closed list of an enum's known values.
type enumTable struct {
	// readings holds the readings of the usual wire forms by their exact text, byCanonical the
	// values by the canonical form of theirs.
	readings    map[string]*enumReading
	byCanonical map[string]string
	// terms are the upstream's texts for the values. The rows of those that the document lacks say so before.
	terms map[string]Text
}

func readEnumTables(rows string) map[string]*enumTable {
	tables := map[string]*enumTable{}
	_, rows, _ = strings.Cut(rows, "\n") // the names of the columns
	for row := range strings.Lines(rows) {
		columns := strings.Split(row, "\t")
		table := tables[columns[0]]
		if table == nil {
			table = &enumTable{readings: map[string]*enumReading{}, byCanonical: map[string]string{}, terms: map[string]Text{}}
			tables[columns[0]] = table
		}
		table.terms[columns[1]] = Text(strings.TrimPrefix(strings.TrimSpace(columns[3]), undocumented))
		for form := range strings.FieldsFuncSeq(columns[2], func(r rune) bool { return r == ',' || r == ';' }) {
			form = strings.TrimPrefix(strings.TrimSpace(form), "alibaba ") // the forms of both sites never collide
			table.readings[form] = &enumReading{value: columns[1], raw: RawText{text: form, present: true}}
			table.byCanonical[canonical(form)] = columns[1]
		}
	}
	return tables
}

// decode reads a JSON string or number; anything else is unknown, with the JSON text as its raw
// text.
func (t *enumTable) decode(value jsontext.Value) Enum {
	text := []byte(value)
	switch value.Kind() {
	case jsontext.KindString:
		text = unquoted(value)
	case jsontext.KindNumber:
	default:
		return unknownReading(string(text))
	}
	if reading, found := t.readings[string(text)]; found {
		return Enum{reading}
	}
	known, found := t.byCanonical[canonical(string(text))]
	if !found && len(bytes.TrimSpace(text)) > 0 {
		known = unknownValue
	}
	return Enum{&enumReading{value: known, raw: RawText{text: string(text), present: true}}}
}

func unknownReading(text string) Enum {
	return Enum{&enumReading{value: unknownValue, raw: RawText{text: text, present: true}}}
}

// canonical makes WAIT_SELLER_AGREE and waitselleragree, or 2 and "2.0", the same text: lower-case
// letters and digits alone, and a whole number in its shortest form. A number that isn't whole keeps
// its sign and dot, lest -1 become 1, and 1.2 become 12.
func canonical(text string) string {
	if number, err := parseDecimal(strings.TrimSpace(text)); err == nil {
		if whole, ok := number.whole(); ok {
			return whole
		}
		return string(number)
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, text)
}
