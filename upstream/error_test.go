package upstream

import (
	"errors"
	"fmt"
	"io"
	"testing"
)

func TestKinds(t *testing.T) {
	retryable := map[Kind]bool{KindTimeout: true, KindRateLimited: true, KindUnavailable: true, KindOverloaded: true}
	outages := map[Kind]bool{KindTimeout: true, KindUpstreamError: true, KindBadResponse: true, KindUnavailable: true}
	codes := map[string]bool{}
	for kind := range Kind(len(kindCodes)) {
		if kind.String() == "" || codes[kind.String()] {
			t.Errorf("kind %d has the code %q", kind, kind)
		}
		codes[kind.String()] = true
		if kind.Retryable() != retryable[kind] || kind.Outage() != outages[kind] {
			t.Errorf("%s: retryable %t, outage %t", kind, kind.Retryable(), kind.Outage())
		}
	}
}

func TestError(t *testing.T) {
	failure := &Error{Kind: KindBadResponse, Status: 7, Cause: io.EOF}
	if got, want := failure.Error(), "upstream: UPSTREAM_BAD_RESPONSE (response code 7): EOF"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if !errors.Is(failure, io.EOF) || KindOf(fmt.Errorf("around: %w", failure)) != KindBadResponse {
		t.Error("the cause or the kind is lost")
	}
	if KindOf(io.EOF) != KindInternal {
		t.Error("a foreign error has a kind of ours")
	}
}
