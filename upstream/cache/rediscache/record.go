package rediscache

import (
	"encoding/base64"
	"fmt"
	"strconv"

	"ordergraph/upstream/cache/shared"
)

// versionDigits is the length of a version in a record. In microseconds it is enough until 2286.
const versionDigits = 16

func (k keyring) copyKey(name shared.Name) string  { return prefix + "c:" + k.tag(name) }
func (k keyring) leaseKey(name shared.Name) string { return prefix + "l:" + k.tag(name) }
func (k keyring) rateKey(name shared.Name) string  { return prefix + "r:" + k.tag(name) }

// budgetKey has all budgets in one slot of a Cluster.
func (k keyring) budgetKey(name shared.Name) string {
	return prefix + "b:" + k.tag(nameOf("budgets", nil)) + k.text(name)
}

// tag keeps the keys of an order in one slot of a Cluster.
func (k keyring) tag(name shared.Name) string { return "{" + k.text(name) + "}" }

func (k keyring) text(name shared.Name) string {
	hidden := k.hide(name)
	return base64.RawURLEncoding.EncodeToString(hidden[:])
}

func digits(version shared.Version) string { return fmt.Sprintf("%0*d", versionDigits, version) }

// cut returns the version at the beginning of a record, 0 where there is none, and what follows it.
func cut(record string) (version shared.Version, rest string) {
	if len(record) < versionDigits {
		return 0, ""
	}
	number, err := strconv.ParseUint(record[:versionDigits], 10, 64)
	if err != nil || number == 0 {
		return 0, ""
	}
	return shared.Version(number), record[versionDigits:]
}

func (k keyring) formatCopy(name shared.Name, version shared.Version, value []byte) string {
	return digits(version) + k.seal("copy", name, version, value)
}

func (k keyring) parseCopy(name shared.Name, record string) shared.StoredCopy {
	version, sealed := cut(record)
	return shared.StoredCopy{Version: version, Value: k.open("copy", name, version, sealed)}
}

// formatLease returns a lease without the version, which the script puts in front.
func (k keyring) formatLease(name shared.Name, needs []byte) string {
	return "R" + k.seal("lease", name, 0, needs)
}

func (k keyring) parseLease(name shared.Name, record string) shared.Lease {
	version, rest := cut(record)
	lease := shared.Lease{Version: version}
	switch {
	case rest == "":
	case rest[0] == 'R':
		lease.Needs = k.open("lease", name, 0, rest[1:])
	case rest[0] == 'F':
		lease.Failure = k.open("failure", name, version, rest[1:])
	}
	return lease
}

// formatEvent returns the message that tells of an event, and the record that does so for a moment after a
// failure. There is none without one.
func (k keyring) formatEvent(event shared.Event) (message, record string) {
	kind := "F"
	if event.Completed {
		kind = "C"
	}
	version, sealed := digits(event.Version), ""
	if event.Failure != nil {
		sealed = k.seal("failure", event.Name, event.Version, event.Failure)
		record = version + "F" + sealed
	}
	name := k.hide(event.Name)
	return kind + string(name[:]) + version + sealed, record
}

func (k keyring) parseEvent(message string) (event shared.Event, ok bool) {
	if len(message) < 1+len(event.Name) || message[0] != 'C' && message[0] != 'F' {
		return event, false
	}
	event.Completed = message[0] == 'C'
	var hidden shared.Name
	version, sealed := cut(message[1+copy(hidden[:], message[1:]):])
	event.Name, event.Version = k.reveal(hidden), version
	if sealed != "" {
		event.Failure = k.open("failure", event.Name, version, sealed)
	}
	return event, version != 0
}
