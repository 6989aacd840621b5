package upstream

import (
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// lenientID is one of several places of the same id. A malformed one is no bad value as long as
// another place has the id.
type lenientID struct {
	id        ID
	malformed bool
}

func (l *lenientID) decode(value jsontext.Value) error {
	l.malformed = l.id.decode(value) != nil
	return nil
}

// snapshotItemID finds the line's id in its snapshot's address, where it has every digit: the parameter
// order_entry_id, whose spelling differs between answers. Empty is none.
func snapshotItemID(address URL) string {
	for at := range len(address) {
		if address[at] != '?' && address[at] != '&' {
			continue
		}
		rest, ok := cutPrefixFold(string(address[at+1:]), "order")
		for _, part := range []string{"entry", "id="} {
			if ok {
				rest, ok = cutPrefixFold(strings.TrimPrefix(rest, "_"), part)
			}
		}
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		if ok && digits > 0 && digits <= 19 && (digits == len(rest) || rest[digits] == '&' || rest[digits] == '#') {
			return rest[:digits]
		}
	}
	return ""
}

// cutPrefixFold is strings.CutPrefix for ASCII letters of any case.
func cutPrefixFold(text, prefix string) (rest string, found bool) {
	if len(text) < len(prefix) || !strings.EqualFold(text[:len(prefix)], prefix) {
		return text, false
	}
	return text[len(prefix):], true
}

// finish settles the line's id.
func (l *OrderLineItem) finish(d *decoding) {
	l.ID = l.exactID()
	if l.ID == "" && (l.IDString.malformed || l.IDNumber.malformed) {
		d.bad("not an id", "ID")
	}
}

// exactID returns the text form of the id if there is one. The numeric form may have been rounded by
// a program that keeps numbers as float64; the snapshot's address then still has the digits. The
// shipments' sub_item_ids are no source: an id must not depend on which domains were asked for.
func (l *OrderLineItem) exactID() ID {
	if l.IDString.id != "" {
		return l.IDString.id
	}
	if id := snapshotItemID(l.SnapshotURL); id != "" && sameFloat(id, string(l.IDNumber.id)) {
		return ID(id)
	}
	return l.IDNumber.id
}

// sameFloat reports whether two numbers are the same once they were rounded to a float64.
func sameFloat(a, b string) bool {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	return errX == nil && errY == nil && x == y
}
