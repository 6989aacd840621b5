package main

import (
	"fmt"
	"os/exec"
)

// hot is a scenario in which all orders asked for are cached.
type hot struct {
	name string
	// arguments are the program's.
	arguments []string
	// requests returns what is asked in turn, and what must be asked once before.
	requests func(*trial) (turn, before []request, err error)
	// ofBare is the least share of the bare server's throughput to reach, ofOlder the least multiple of
	// the older build's. 0 is no target.
	ofBare, ofOlder float64
}

func (h hot) scenario() scenario { return scenario{h.name, h.run} }

func hotScenarios() []scenario {
	return []scenario{
		hot{name: "hot, 40 fields, one order", requests: oneOrder(fortyFields), ofBare: 0.80, ofOlder: 0.94}.scenario(),
		hot{name: "hot, 40 fields, 1,000 orders in turn", requests: manyOrders, ofBare: 0.75}.scenario(),
		hot{name: "hot, all fields, one order", requests: everyField, ofBare: 0.75, ofOlder: 0.94}.scenario(),
		hot{name: "hot, GET with a persisted query", requests: persisted}.scenario(),
		hot{
			name: "order cached, answer not, 40 fields", requests: oneOrder(fortyFields), ofOlder: 0.85,
			arguments: []string{"--response-cache-size", "0"},
		}.scenario(),
	}
}

func oneOrder(selection string) func(*trial) (turn, before []request, err error) {
	return func(*trial) (turn, before []request, err error) {
		return []request{ask(documentedID, selection)}, nil, nil
	}
}

func manyOrders(t *trial) (turn, before []request, err error) {
	for _, id := range orderIDs(t.group(), 1_000) {
		turn = append(turn, askByVariable(id, fortyFields))
	}
	return turn, nil, nil
}

// everyField asks the program for its schema, and the order for all that is in it.
func everyField(t *trial) (turn, before []request, err error) {
	schema, err := exec.CommandContext(t.ctx, t.binary, "schema").Output()
	if err != nil {
		return nil, nil, fmt.Errorf("ask for the schema: %w", err)
	}
	selection, err := allFields(string(schema))
	return []request{ask(documentedID, selection)}, nil, err
}

func persisted(*trial) (turn, before []request, err error) {
	first, further := askPersisted(documentedID, fortyFields)
	return []request{further}, []request{first}, nil
}

func (h hot) run(t *trial) error {
	turn, before, err := h.requests(t)
	if err != nil {
		return err
	}
	stacks, err := t.stacks(0, h.arguments...)
	if err != nil {
		return err
	}
	var contestants []*contestant
	for _, s := range stacks {
		ready, err := t.warm(s, turn, before)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		if s.name == current {
			p, err := t.startBare(ready)
			if err != nil {
				return err
			}
			t.closers = append(t.closers, p.kill)
			c := &contestant{name: bare, process: p, answerLength: ready.length}
			t.always(c, turn...)
			contestants = append(contestants, c)
		}
		c := &contestant{name: s.name, process: s.process, log: s.server, answerLength: ready.length}
		t.always(c, turn...)
		contestants = append(contestants, c)
	}
	if err := t.loadInTurn(contestants...); err != nil {
		return err
	}
	for _, s := range stacks {
		if err := t.stillRight(s, turn); err != nil {
			return fmt.Errorf("%s, after the load: %w", s.name, err)
		}
	}
	share := compared(contestants[1].measured, contestants[0].measured, throughput, quotient)
	t.add(figure{
		name: "throughput, share of bare net/http's", value: share, target: h.ofBare,
		chart: h.name, detail: detail(contestants[1]),
	})
	t.add(figure{
		name:  "server CPU a request, multiple of bare net/http's",
		value: compared(contestants[1].measured, contestants[0].measured, processorTime, quotient),
	})
	if len(contestants) > 2 {
		multiple := compared(contestants[1].measured, contestants[2].measured, throughput, quotient)
		t.add(figure{name: "throughput, multiple of the older build's", value: multiple, target: h.ofOlder})
	}
	return nil
}

// detail says in a few words how fast a server is.
func detail(c *contestant) string {
	m := medians(c.measured)
	return fmt.Sprintf("%s requests/s, median %s, %s of CPU each", thousands(int(m.throughput)), milliseconds(m.median), microseconds(m.processor))
}

// warm asks every request until its answer can come from memory, and returns the last answer to the first one.
func (t *trial) warm(s *stack, turn, before []request) (*answer, error) {
	for _, q := range before {
		if _, err := q.check(t.ctx, s.address); err != nil {
			return nil, err
		}
	}
	var ready *answer
	for range 3 {
		for i, q := range turn {
			a, err := q.check(t.ctx, s.address)
			if err != nil {
				return nil, err
			}
			if i == 0 {
				ready = a
			}
		}
	}
	return ready, nil
}

// stillRight asks every request once more, and looks what the upstream has counted in the end.
func (t *trial) stillRight(s *stack, turn []request) error {
	orders := map[string]struct{}{}
	for _, q := range turn {
		if _, err := q.check(t.ctx, s.address); err != nil {
			return err
		}
		for _, id := range q.ids {
			orders[id] = struct{}{}
		}
	}
	return t.wantCalls(s, len(orders))
}
