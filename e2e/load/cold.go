package main

import (
	"errors"
	"fmt"
	"time"
)

// coldDelay is how long the upstream of the cold scenarios takes for an answer.
const coldDelay = 20 * time.Millisecond

func coldScenarios(connections int) []scenario {
	return []scenario{
		{"cold, upstream takes 20 ms, 1 connection", func(t *trial) error { return cold(t, 1) }},
		{
			fmt.Sprintf("cold, upstream takes 20 ms, %d connections", connections),
			func(t *trial) error { return cold(t, connections) },
		},
	}
}

// cold asks for orders that are nowhere cached, each once, and compares that with calling the upstream
// itself, and with calling it through a bare proxy.
func cold(t *trial, connections int) error {
	stacks, err := t.stacks(coldDelay)
	if err != nil {
		return err
	}
	direct, err := t.startUpstream(coldDelay)
	if err != nil {
		return err
	}
	t.closers = append(t.closers, direct.kill)
	first, err := t.fresh(&contestant{name: "the upstream itself", process: direct.process}, askUpstream, connections)
	if err != nil {
		return err
	}
	contestants := []*contestant{first}
	between, err := t.throughProxy(connections)
	if err != nil {
		return err
	}
	for _, s := range stacks {
		c, err := t.fresh(&contestant{name: s.name, process: s.process, log: s.server}, askForty, connections)
		if err != nil {
			return err
		}
		contestants = append(contestants, c)
	}
	if err := t.loadInTurn(append(contestants, between)...); err != nil {
		return err
	}
	for i, s := range append([]*stack{{name: first.name, upstream: direct}}, stacks...) {
		if err := t.wantOneCallEach(s, contestants[i]); err != nil {
			return err
		}
	}
	compareCold(t, contestants, connections)
	compareProxy(t, first, between, connections)
	return nil
}

// throughProxy prepares a bare proxy with an upstream of its own.
func (t *trial) throughProxy(connections int) (*contestant, error) {
	behind, err := t.startUpstream(coldDelay)
	if err != nil {
		return nil, err
	}
	t.closers = append(t.closers, behind.kill)
	p, err := t.startProxy(behind.address)
	if err != nil {
		return nil, err
	}
	t.closers = append(t.closers, p.kill)
	return t.fresh(&contestant{name: "a bare proxy", process: p}, askUpstream, connections)
}

// compareProxy adds what the proxy adds or takes, for comparison.
func compareProxy(t *trial, direct, between *contestant, connections int) {
	if connections == 1 {
		t.add(figure{
			name: "added by the bare proxy", unit: "ms", decimals: 2,
			value: compared(between.measured, direct.measured, medianLatency, millisecondsMore),
		})
		return
	}
	t.add(figure{name: "throughput through the bare proxy", value: compared(between.measured, direct.measured, throughput, quotient)})
}

func askForty(id string) request { return askByVariable(id, fortyFields) }

// fresh prepares a contestant for requests about orders that no other request is about, and asks it
// two.
func (t *trial) fresh(c *contestant, asked func(id string) request, connections int) (*contestant, error) {
	for _, id := range orderIDs(t.group(), 2) {
		a, err := asked(id).check(t.ctx, c.address)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		c.answerLength = a.length
		c.requests, c.sent = c.requests+1, c.sent+1
	}
	request := asked(idPlaceholder).raw(c.address)
	c.next = func() job {
		return job{requests: [][]byte{request}, group: t.group(), connections: connections, duration: t.duration}
	}
	return c, nil
}

// wantOneCallEach checks that no order was called for twice, and none that nobody had asked for. What
// was under way when a load ended may have been called for or not.
func (t *trial) wantOneCallEach(s *stack, c *contestant) error {
	counted, err := s.upstream.tally()
	if err != nil {
		return err
	}
	if counted.Wrong != "" || counted.Calls != counted.Distinct || counted.Calls < c.requests || counted.Calls > c.sent {
		t.fail("%s: the upstream counts %+v for %d requests answered and %d sent, each for another order",
			s.name, counted, c.requests, c.sent)
	}
	if counted.Calls == 0 {
		return errors.New("the upstream was not called")
	}
	return nil
}

// compareCold adds what the program adds to the upstream's latency, or takes from its throughput.
func compareCold(t *trial, contestants []*contestant, connections int) {
	direct, program := contestants[0].measured, contestants[1].measured
	added := figure{
		name: "added to the median latency", unit: "ms", decimals: 2,
		value: compared(program, direct, medianLatency, millisecondsMore),
	}
	share := figure{name: "throughput, share of the upstream's own", value: compared(program, direct, throughput, quotient)}
	if connections == 1 {
		added.target, added.atMost = 0.5, true
		added.chart, added.detail = "cold: added to the upstream's 20 ms, 1 connection", detail(contestants[1])
	} else {
		share.target, share.chart, share.detail = 0.95, t.name, detail(contestants[1])
	}
	t.add(added)
	t.add(share)
	if len(contestants) > 2 {
		t.compareColdWithOlder(added.value, direct, program, contestants[2].measured, connections)
	}
}

// compareColdWithOlder adds the same of the older build, and what a request costs in the two.
func (t *trial) compareColdWithOlder(added float64, direct, program, before []measurement, connections int) {
	t.add(figure{
		name: "median latency, compared with the older build's", unit: "ms", decimals: 2,
		value: compared(program, before, medianLatency, millisecondsMore),
	})
	processor := figure{
		name: "CPU a request, multiple of the older build's", value: compared(program, before, processorTime, quotient),
	}
	if connections == 1 {
		t.add(figure{
			name: "added to the median latency, multiple of the older build's", target: 0.8, atMost: true,
			value: added / compared(before, direct, medianLatency, millisecondsMore),
		})
	} else {
		processor.target, processor.atMost = 1, true
	}
	t.add(processor)
}
