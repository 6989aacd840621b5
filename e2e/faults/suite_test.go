package main

import (
	"strings"
	"testing"
)

func TestEveryCaseHasItsOwnName(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range scenarios() {
		name := s.section + ": " + s.name
		if seen[name] || s.name == "" || s.run == nil {
			t.Errorf("%q is there twice, or does nothing", name)
		}
		seen[name] = true
	}
}

// The soak is worth nothing if it doesn't notice what it looks for.
func TestSoakNoticesWhatIsWrong(t *testing.T) {
	const mine, theirs, id = "Bearer me", "Bearer them", "600"
	shown := func(authorization, id string) map[string]any {
		return map[string]any{"id": id, "buyerMessage": marker(authorization, id)}
	}
	for _, test := range []struct {
		name string
		r    response
		bad  bool
		want func(*tally) int
	}{
		{"right", response{Data: map[string]any{"order": shown(mine, id)}}, false, func(t *tally) int { return t.right }},
		{"another tenant's", response{Data: map[string]any{"order": shown(theirs, id)}}, false, func(t *tally) int { return t.wrongTenant }},
		{"another order", response{Data: map[string]any{"order": shown(mine, "601")}}, false, func(t *tally) int { return t.wrongTenant }},
		{"nothing", response{Data: map[string]any{"order": nil}}, false, func(t *tally) int { return t.lost }},
		{"an error without a code", response{Errors: []graphqlError{{Message: "?"}}}, false, func(t *tally) int { return t.lost }},
		{"a coded error", response{Errors: []graphqlError{{Extensions: map[string]any{"code": "UPSTREAM_TIMEOUT"}}}}, false, func(t *tally) int { return t.wrongInQuiet }},
		{"a refusal", response{Errors: []graphqlError{{Extensions: map[string]any{"code": "BAD_USER_INPUT"}}}}, true, func(t *tally) int { return t.refused }},
		{"no refusal", response{Data: map[string]any{}}, true, func(t *tally) int { return t.lost }},
	} {
		t.Run(test.name, func(t *testing.T) {
			q := soakRequest{request: request{authorization: mine}, shown: map[string]string{"order": id}, bad: test.bad}
			if test.bad {
				q.shown = nil
			}
			counted := &tally{byCode: map[string]int{}, billed: map[string]counts{}}
			counted.add(&phase{quiet: true}, q, &test.r)
			if test.want(counted) != 1 {
				t.Errorf("counted as %+v", counted)
			}
		})
	}
}

func TestListsAreComparedByIndex(t *testing.T) {
	q := soakRequest{request: request{authorization: "me"}, shown: map[string]string{"0": "1", "1": "2"}}
	r := &response{Data: map[string]any{"orders": []any{
		map[string]any{"id": "1", "buyerMessage": marker("me", "1")}, map[string]any{"id": "1", "buyerMessage": marker("me", "1")},
	}}}
	if shown, foreign := q.compare(r); shown != 1 || !foreign {
		t.Errorf("shown %d, foreign %v", shown, foreign)
	}
}

func TestBombIsSmall(t *testing.T) {
	if bomb := spreadBomb(); len(bomb) > 1536 || strings.Count(bomb, "fragment") != 34 {
		t.Errorf("%d bytes", len(bomb))
	}
}
