package main

import (
	"fmt"
	"io"
	"net/http"
	"sync"
)

// fillParallel is the number of requests under way while the cache is filled, fillLength that of the
// orders in each.
const (
	fillParallel = 4
	fillLength   = 100
)

// memoryTarget is 1.5 times the default of --cache-size, in MiB.
const memoryTarget = 384

func memoryScenario() scenario {
	return scenario{"memory with many orders cached", memory}
}

// memory fetches many orders and looks what the process takes then, and how many of them it still has.
func memory(t *trial) error {
	settled, err := t.fillAndMeasure(current, t.binary)
	if err != nil || t.against == "" {
		return err
	}
	before, err := t.fillAndMeasure(older, t.against)
	if err != nil {
		return fmt.Errorf("%s: %w", older, err)
	}
	t.add(figure{
		name: "memory after a collection, multiple of the older build's", value: float64(settled) / float64(before),
		target: 1, atMost: true,
	})
	return nil
}

// fillAndMeasure returns the bytes that the process of a build takes with many orders, after a collection.
func (t *trial) fillAndMeasure(name, binary string) (settled int, err error) {
	admin, err := freeAddress()
	if err != nil {
		return 0, err
	}
	// The profile of the heap is how a collection can be asked for. The flag comes later, and counts.
	s, err := t.stack(name, binary, 0, []string{"--admin-listen", admin})
	if err != nil {
		return 0, err
	}
	defer s.stop()
	before, err := s.memory("VmRSS")
	if err != nil {
		return 0, err
	}
	ids := orderIDs(t.group(), t.filling)
	if err := t.fill(s, ids); err != nil {
		return 0, err
	}
	if err := t.wantCalls(s, len(ids)); err != nil {
		return 0, err
	}
	filled, err := s.memory("VmRSS")
	if err != nil {
		return 0, err
	}
	if err := collect(admin); err != nil {
		return 0, err
	}
	if settled, err = s.memory("VmRSS"); err != nil {
		return 0, err
	}
	most, err := s.memory("VmHWM")
	if err != nil {
		return 0, err
	}
	kept, err := t.stillCached(s, ids)
	if err != nil {
		return 0, err
	}
	t.addMemory(name, before, filled, settled, most, kept)
	return settled, nil
}

func (t *trial) addMemory(name string, before, filled, settled, most int, kept float64) {
	f := figure{
		name: fmt.Sprintf("%s, %s orders: memory after a collection", name, thousands(t.filling)), unit: "MiB",
		value: mebibytes(settled),
	}
	if name == current {
		f.target, f.atMost, f.chart = memoryTarget, true, fmt.Sprintf("memory with %s orders cached", thousands(t.filling))
	}
	t.add(f)
	t.add(figure{name: name + ": bytes for an order", value: float64(settled-before) / float64(t.filling), unit: "B"})
	t.add(figure{name: name + ": share of the orders still in the cache", value: kept})
	t.note("%s: %.0f MiB before, %.0f MiB right after filling, %.0f MiB at most", name, mebibytes(before), mebibytes(filled), mebibytes(most))
}

func mebibytes(bytes int) float64 { return float64(bytes) / (1 << 20) }

// fill asks for every order once, in lists.
func (t *trial) fill(s *stack, ids []string) error {
	work := make(chan request, len(ids)/fillLength)
	for from := 0; from+fillLength <= len(ids); from += fillLength {
		work <- askList(ids[from:from+fillLength], fewFields)
	}
	close(work)
	failures := make(chan error, fillParallel)
	var group sync.WaitGroup
	for range fillParallel {
		group.Go(func() {
			for q := range work {
				if _, err := q.check(t.ctx, s.address); err != nil {
					failures <- err
					return
				}
			}
		})
	}
	group.Wait()
	close(failures)
	return <-failures
}

// collect makes the program collect its garbage and return what it can to the system.
func collect(admin string) error {
	for range 2 {
		response, err := http.Get("http://" + admin + "/debug/pprof/heap?gc=1")
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, response.Body)
		response.Body.Close()
		if err != nil {
			return err
		}
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("the profile of the heap has status %d", response.StatusCode)
		}
	}
	return nil
}

// stillCached asks for a sample of the orders, one in a request, and returns the share that cost no call.
func (t *trial) stillCached(s *stack, ids []string) (float64, error) {
	before, err := s.upstream.tally()
	if err != nil {
		return 0, err
	}
	sample := min(t.sample, len(ids))
	for i := range sample {
		if _, err := ask(ids[i*len(ids)/sample], fewFields).check(t.ctx, s.address); err != nil {
			return 0, err
		}
	}
	after, err := s.upstream.tally()
	if err != nil {
		return 0, err
	}
	return 1 - float64(after.Calls-before.Calls)/float64(sample), nil
}
