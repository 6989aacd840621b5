package rediscache

import (
	"bytes"
	"testing"

	"ordergraph/upstream/cache/shared"
)

func testKeyring(t testing.TB, secret string) keyring {
	t.Helper()
	keys, err := newKeyring([]byte(secret), "")
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

const (
	secret      = "0123456789abcdef0123456789abcdef"
	otherSecret = "0123456789abcdef0123456789abcdeF"
)

func TestRecordsAreReadByTheirOwnersAlone(t *testing.T) {
	mine, others := testKeyring(t, secret), testKeyring(t, otherSecret)
	name, other := nameOf("order", []byte("1")), nameOf("order", []byte("2"))
	record := mine.formatCopy(name, 7, []byte("value"))
	if got := mine.parseCopy(name, record); got.Version != 7 || string(got.Value) != "value" {
		t.Errorf("%+v", got)
	}
	if got := mine.parseCopy(name, mine.formatCopy(name, 7, []byte{})); got.Value == nil {
		t.Error("an empty value can't be read")
	}
	later := digits(8) + record[versionDigits:]
	for _, got := range []shared.StoredCopy{
		others.parseCopy(name, record), mine.parseCopy(other, record), mine.parseCopy(name, later),
	} {
		if got.Value != nil {
			t.Errorf("read %q", got.Value)
		}
	}
	for i := range record {
		flipped := []byte(record)
		flipped[i] ^= 1
		if got := mine.parseCopy(name, string(flipped)); got.Value != nil {
			t.Fatalf("byte %d flipped: read %q", i, got.Value)
		}
	}
	// What is of one kind can't be read as another.
	if got := mine.parseLease(name, digits(7)+"F"+record[versionDigits:]); got.Failure != nil {
		t.Errorf("read %q", got.Failure)
	}
	if got := mine.parseLease(name, digits(7)+mine.formatLease(name, []byte("needs"))); string(got.Needs) != "needs" || got.Version != 7 {
		t.Errorf("%+v", got)
	}
	_, failed := mine.formatEvent(shared.Event{Name: name, Version: 7, Failure: []byte("failure")})
	if got := mine.parseLease(name, failed); string(got.Failure) != "failure" || got.Version != 7 || got.Needs != nil {
		t.Errorf("%+v", got)
	}
}

func TestEventsKeepWhatTheySay(t *testing.T) {
	keys := testKeyring(t, secret)
	name := nameOf("order", []byte("1"))
	for _, event := range []shared.Event{
		{Name: name, Version: 7},
		{Name: name, Version: 7, Completed: true},
		{Name: name, Version: 9999999999999999, Failure: []byte("failure")},
		{Name: name, Version: 7, Completed: true, Failure: []byte("failure")},
	} {
		message, record := keys.formatEvent(event)
		got, ok := keys.parseEvent(message)
		if !ok || got.Name != event.Name || got.Version != event.Version || got.Completed != event.Completed ||
			!bytes.Equal(got.Failure, event.Failure) {
			t.Errorf("%+v became %+v", event, got)
		}
		if (record != "") != (event.Failure != nil) {
			t.Errorf("%+v: record %q", event, record)
		}
	}
}

func TestKeysAreDerivedAlikeAndApart(t *testing.T) {
	name := nameOf("order", []byte("1"))
	// with returns what a keyring makes of things, which is the same where the keys are.
	with := func(master, password string) (hidden shared.Name, values string) {
		keys, err := newKeyring([]byte(master), password)
		if err != nil {
			t.Fatal(err)
		}
		if keys.hide(name) == name || keys.reveal(keys.hide(name)) != name {
			t.Error("a name is not hidden, or not revealed")
		}
		return keys.hide(name), string(keys.values)
	}
	names, values := with(secret, "p")
	if again, same := with(secret, "another"); again != names || same != values {
		t.Error("the password changes the keys, although there is a secret")
	}
	if other, others := with(otherSecret, "p"); other == names || others == values {
		t.Error("two secrets give one key")
	}
	names, values = with("", "p")
	if again, same := with("", "p"); again != names || same != values {
		t.Error("instances without a secret share nothing")
	}
	if other, others := with("", "q"); other == names || others == values {
		t.Error("without a secret the password does not decide")
	}
	for _, length := range []int{1, 31, 33, 64} {
		if _, err := newKeyring(make([]byte, length), ""); err == nil {
			t.Errorf("a key of %d bytes was accepted", length)
		}
	}
	if name == nameOf("rate", []byte("1")) {
		t.Error("two kinds share a name")
	}
}

func FuzzParseCopy(f *testing.F) {
	keys := testKeyring(f, secret)
	name := nameOf("order", []byte("1"))
	f.Add(keys.formatCopy(name, 7, []byte("value")))
	f.Add(digits(7))
	f.Add("")
	f.Add("+00000000000001x")
	f.Fuzz(func(t *testing.T, record string) {
		got := keys.parseCopy(name, record)
		if got.Value != nil && got.Version == 0 {
			t.Errorf("a value without a version: %+v", got)
		}
		if got.Version != 0 && digits(got.Version) != record[:versionDigits] {
			t.Errorf("%q has version %d", record, got.Version)
		}
	})
}

func FuzzParseLease(f *testing.F) {
	keys := testKeyring(f, secret)
	name := nameOf("order", []byte("1"))
	f.Add(digits(7) + keys.formatLease(name, []byte("needs")))
	_, failed := keys.formatEvent(shared.Event{Name: name, Version: 7, Failure: []byte("failure")})
	f.Add(failed)
	f.Add(digits(7) + "R")
	f.Add(digits(0) + keys.formatLease(name, []byte("needs")))
	f.Add("")
	f.Fuzz(func(t *testing.T, record string) {
		got := keys.parseLease(name, record)
		if got.Needs != nil && got.Failure != nil || got.Version == 0 && (got.Needs != nil || got.Failure != nil) {
			t.Errorf("%+v", got)
		}
	})
}

func FuzzParseEvent(f *testing.F) {
	keys := testKeyring(f, secret)
	name := nameOf("order", []byte("1"))
	for _, event := range []shared.Event{{Name: name, Version: 7, Completed: true}, {Name: name, Version: 7, Failure: []byte("failure")}} {
		message, _ := keys.formatEvent(event)
		f.Add(message)
	}
	f.Add("C")
	f.Add("")
	f.Fuzz(func(t *testing.T, message string) {
		event, ok := keys.parseEvent(message)
		if ok && (event.Version == 0 || event.Failure == nil && event.Completed != (message[0] == 'C')) {
			t.Errorf("%q became %+v", message, event)
		}
	})
}
