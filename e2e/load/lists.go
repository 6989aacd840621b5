package main

import "fmt"

// listLengths are the numbers of orders in one request whose costs are compared.
var listLengths = []int{1, 10, 100}

func listScenario() scenario {
	return scenario{"orders: 1, 10 and 100 cached in a request, answer not", lists}
}

// lists compares what an order costs in requests for few and for many of them.
func lists(t *trial) error {
	stacks, err := t.stacks(0, "--response-cache-size", "0")
	if err != nil {
		return err
	}
	ids := orderIDs(t.group(), listLengths[len(listLengths)-1])
	var all []*contestant
	for _, s := range stacks {
		for _, length := range listLengths {
			q := askList(ids[:length], fortyFields)
			ready, err := t.warm(s, []request{q}, nil)
			if err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			c := &contestant{
				name: fmt.Sprintf("%s, orders of %d", s.name, length), process: s.process, log: s.server, answerLength: ready.length,
			}
			t.always(c, q)
			all = append(all, c)
		}
	}
	if err := t.loadInTurn(all...); err != nil {
		return err
	}
	for i, s := range stacks {
		if err := t.stillRight(s, []request{askList(ids, fortyFields)}); err != nil {
			return fmt.Errorf("%s, after the load: %w", s.name, err)
		}
		compareLists(t, s, all[i*len(listLengths):])
	}
	if len(stacks) > 1 {
		longest := len(listLengths) - 1
		t.add(figure{
			name:   fmt.Sprintf("orders of %d: CPU a request, multiple of the older build's", listLengths[longest]),
			value:  compared(all[longest].measured, all[longest+len(listLengths)].measured, processorTime, quotient),
			target: 1.1, atMost: true,
		})
	}
	return nil
}

// compareLists adds what an order costs in each list, in the server's CPU time, as a share of what it
// costs alone. More than 1 would be growth beyond the linear.
func compareLists(t *trial, s *stack, contestants []*contestant) {
	for i, length := range listLengths[1:] {
		many := contestants[i+1]
		each := func(a, b float64) float64 { return a / float64(length) / b }
		f := figure{
			name:   fmt.Sprintf("%s: CPU for an order in a list of %d, of that alone", s.name, length),
			value:  compared(many.measured, contestants[0].measured, processorTime, each),
			target: 1, atMost: true,
		}
		if s.name == current {
			f.chart = fmt.Sprintf("orders of %d: CPU for each, of that for one", length)
			f.detail = detail(many)
		}
		t.add(f)
	}
}
