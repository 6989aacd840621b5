package upstream

import (
	"regexp"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// looseID is one of several places of the same id. A malformed one is no bad value as long as
// another place has the id.
type looseID struct {
	id        ID
	malformed bool
}

func (l *looseID) decode(value jsontext.Value) error {
	l.malformed = l.id.decode(value) != nil
	return nil
}

// snapshotItemID finds the line's id in its snapshot's address, where it has every digit. Answers
// differ in the spelling of the parameter.
var snapshotItemID = regexp.MustCompile(`(?i)[?&]order_?entry_?id=([0-9]{1,19})(?:[&#]|$)`)

// finish settles the line's id.
func (l *LineItem) finish(d *decoding) {
	l.ID = l.exactID()
	if l.ID == "" && (l.IDString.malformed || l.IDNumber.malformed) {
		d.bad("not an id", "ID")
	}
}

// exactID returns the text form of the id if there is one. The numeric form may have been rounded by
// a program that keeps numbers as float64; the snapshot's address then still has the digits. The
// shipments' sub_item_ids are no source: an id must not depend on which domains were asked for.
func (l *LineItem) exactID() ID {
	if l.IDString.id != "" {
		return l.IDString.id
	}
	match := snapshotItemID.FindStringSubmatch(string(l.SnapshotURL))
	if match != nil && sameFloat(match[1], string(l.IDNumber.id)) {
		return ID(match[1])
	}
	return l.IDNumber.id
}

// sameFloat tells whether two numbers are the same once they were rounded to a float64.
func sameFloat(a, b string) bool {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	return errX == nil && errY == nil && x == y
}
