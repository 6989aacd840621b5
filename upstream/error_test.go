package upstream

import (
	"errors"
	"fmt"
	"io"
	"testing"
)

func TestKinds(t *testing.T) {
	retryable := map[Kind]bool{KindTimeout: true, KindRateLimited: true, KindUnavailable: true, KindOverloaded: true}
	names := map[string]bool{}
	for kind := range Kind(len(kindNames)) {
		if kind.String() == "" || names[kind.String()] {
			t.Errorf("kind %d has the name %q", kind, kind)
		}
		names[kind.String()] = true
		if kind.Retryable() != retryable[kind] {
			t.Errorf("%s: retryable %t", kind, kind.Retryable())
		}
	}
}

func TestError(t *testing.T) {
	failure := &Error{Kind: KindBadResponse, Status: 7, Cause: io.EOF}
	if got, want := failure.Error(), "upstream: bad response (response code 7): EOF"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if !errors.Is(failure, io.EOF) || KindOf(fmt.Errorf("around: %w", failure)) != KindBadResponse {
		t.Error("the cause or the kind is lost")
	}
	if IsOutage(failure) || !IsOutage(fmt.Errorf("around: %w", &Error{Kind: KindTimeout, Outage: true})) || IsOutage(io.EOF) {
		t.Error("what is no outage is one, or the other way about")
	}
	if KindOf(io.EOF) != KindInternal {
		t.Error("a foreign error has a kind of ours")
	}
}
