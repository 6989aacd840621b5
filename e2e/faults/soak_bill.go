package main

import (
	"fmt"
	"time"
)

// cost is a number of calls, and of points.
type cost struct{ calls, points int }

func (c cost) String() string { return fmt.Sprintf("%d, %d", c.calls, c.points) }

func (c cost) plus(other cost) cost { return cost{c.calls + other.calls, c.points + other.points} }

// bill is what everybody says that the soak cost. answered is what the answers say that arrived; alone
// is what the log says about all other requests.
type bill struct {
	endpoint, logged, answered, alone cost
	// wrong is a request that is logged twice, not at all, or otherwise than it was answered.
	wrong string
}

func (b bill) sum() cost { return b.answered.plus(b.alone) }

// settle compares the log with the answers that arrived, by request id, and with the endpoint. Lines
// of requests whose callers left come when their calls have ended.
func (c *check) settle(answered map[string]counts) bill {
	var b bill
	for started := time.Now(); time.Since(started) < 8*time.Second; time.Sleep(500 * time.Millisecond) {
		b = c.requestBill(answered)
		b.endpoint = cost{c.endpoint.count(), c.endpoint.charged()}
		if b.logged == b.endpoint && b.wrong == "" {
			break
		}
	}
	return b
}

func (c *check) requestBill(answered map[string]counts) (b bill) {
	seen := map[string]bool{}
	for _, line := range c.requestLines() {
		logged := cost{line.Calls, line.Points}
		b.logged = b.logged.plus(logged)
		if seen[line.RequestID] {
			b.wrong = "there are two lines about " + line.RequestID
		}
		seen[line.RequestID] = true
		told, arrived := answered[line.RequestID]
		if !arrived {
			b.alone = b.alone.plus(logged)
			continue
		}
		shown := cost{told.Calls, told.Points}
		b.answered = b.answered.plus(shown)
		if shown != logged {
			b.wrong = fmt.Sprintf("the answer of %s counts %v, the log %v", line.RequestID, shown, logged)
		}
	}
	for id := range answered {
		if !seen[id] {
			b.wrong = "there is no line about " + id
		}
	}
	return b
}
