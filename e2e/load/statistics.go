package main

import (
	"slices"
	"time"
)

// measurement is what one load has shown of one server.
type measurement struct {
	// throughput is in requests a second.
	throughput  float64
	median, p99 time.Duration
	// processor is the server's CPU time for a request, in user and in kernel mode.
	processor time.Duration
}

// The figures that measurements are compared by.
func throughput(m measurement) float64      { return m.throughput }
func medianLatency(m measurement) float64   { return float64(m.median) }
func processorTime(m measurement) float64   { return float64(m.processor) }
func quotient(a, b float64) float64         { return a / b }
func millisecondsMore(a, b float64) float64 { return (a - b) / float64(time.Millisecond) }

// medianOf returns the median, the mean of the middle two where there are two. It must not be empty.
func medianOf[T float64 | time.Duration](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// medians returns the median of each figure of a server's measurements.
func medians(rounds []measurement) measurement {
	durations := func(figure func(measurement) time.Duration) time.Duration {
		list := make([]time.Duration, len(rounds))
		for i, m := range rounds {
			list[i] = figure(m)
		}
		return medianOf(list)
	}
	rates := make([]float64, len(rounds))
	for i, m := range rounds {
		rates[i] = m.throughput
	}
	return measurement{
		throughput: medianOf(rates),
		median:     durations(func(m measurement) time.Duration { return m.median }),
		p99:        durations(func(m measurement) time.Duration { return m.p99 }),
		processor:  durations(func(m measurement) time.Duration { return m.processor }),
	}
}

// compared compares two servers round by round and returns the median: a machine that is busy in one
// round is so for both.
func compared(a, b []measurement, figure func(measurement) float64, compare func(a, b float64) float64) float64 {
	list := make([]float64, min(len(a), len(b)))
	for i := range list {
		list[i] = compare(figure(a[i]), figure(b[i]))
	}
	return medianOf(list)
}
