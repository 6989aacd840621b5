package telemetry

import (
	"context"
	"math"
	"slices"
	"strings"
	"sync"
	"time"
)

// billing is the time zone in which points are billed, and so that of the day on the status page.
var billing = time.FixedZone("UTC+8", 8*60*60)

// ofTheHour are the families of which each minute is remembered.
var ofTheHour = []string{
	"cache_requests_total", "graphql_errors_total", "graphql_operations_total", "graphql_orders_total",
	"upstream_calls_total", "upstream_points_saved_total", "upstream_points_total", "upstream_request_duration_seconds",
	"upstream_requests_total",
}

// reading holds the values of series at a time, by name and label values: see series. A histogram has a value for
// the upper bound of each bucket, summed over its labels.
type reading struct {
	at     time.Time
	values map[series]float64
}

// series names a series. label is the value of its first label or, of a bucket, the bound.
type series struct {
	family, label, second string
	bound                 float64
}

// since returns how far the series of a reading have come since an earlier one. What was not there was at 0.
func (r reading) since(earlier reading) reading {
	grown := reading{at: earlier.at, values: make(map[series]float64, len(r.values))}
	for name, value := range r.values {
		grown.values[name] = value - earlier.values[name]
	}
	return grown
}

// by returns the values of a family by their first label.
func (r reading) by(family string) map[string]float64 {
	values := map[string]float64{}
	for name, value := range r.values {
		if name.family == family {
			values[name.label] += value
		}
	}
	return values
}

// sum returns the sum over all labels.
func (r reading) sum(family string) (sum float64) {
	for _, value := range r.by(family) {
		sum += value
	}
	return sum
}

// quantile estimates a quantile of a histogram, in a bucket by straight interpolation as Prometheus does; of what
// is above the last bound it returns that. It is NaN where there is nothing.
func (r reading) quantile(family string, q float64) float64 {
	var bounds []float64
	for name := range r.values {
		if name.family == family {
			bounds = append(bounds, name.bound)
		}
	}
	slices.Sort(bounds)
	at := func(bound float64) float64 { return r.values[series{family: family, bound: bound}] }
	if len(bounds) == 0 || at(bounds[len(bounds)-1]) == 0 {
		return math.NaN()
	}
	rank, below, least := q*at(bounds[len(bounds)-1]), 0.0, 0.0
	for _, bound := range bounds {
		if count := at(bound); count >= rank && !math.IsInf(bound, 1) {
			return least + (bound-least)*(rank-below)/(count-below)
		} else if !math.IsInf(bound, 1) {
			below, least = count, bound
		}
	}
	return least
}

// read reads the registry, without what is about the process.
func (t *Telemetry) read() (reading, error) {
	now := reading{at: time.Now(), values: map[series]float64{}}
	families, err := t.registry.Gather()
	if err != nil {
		return reading{}, err
	}
	for _, family := range families {
		if strings.HasPrefix(family.GetName(), "go_") || strings.HasPrefix(family.GetName(), "process_") {
			continue
		}
		for _, metric := range family.GetMetric() {
			name := series{family: family.GetName()}
			if labels := metric.GetLabel(); len(labels) > 0 {
				name.label = labels[0].GetValue()
				if len(labels) > 1 {
					name.second = labels[1].GetValue()
				}
			}
			switch {
			case metric.GetCounter() != nil:
				now.values[name] = metric.GetCounter().GetValue()
			case metric.GetGauge() != nil:
				now.values[name] = metric.GetGauge().GetValue()
			case metric.GetHistogram() != nil:
				for _, bucket := range metric.GetHistogram().GetBucket() {
					now.values[series{family: name.family, bound: bucket.GetUpperBound()}] += float64(bucket.GetCumulativeCount())
				}
				now.values[series{family: name.family, bound: math.Inf(1)}] += float64(metric.GetHistogram().GetSampleCount())
			}
		}
	}
	return now, nil
}

// history is how far the counters had come in each minute of the last hour, and when the day began.
type history struct {
	mu      sync.Mutex
	minutes []reading // the oldest first
	day     reading
}

// RunHistory takes a reading each minute until ctx ends. Without it the status page counts from the start of the
// process.
func (t *Telemetry) RunHistory(ctx context.Context) {
	t.history.take(reading{at: time.Now()})
	for {
		now := time.Now()
		timer := time.NewTimer(now.Truncate(time.Minute).Add(time.Minute).Sub(now))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		if now, err := t.read(); err == nil && t.history.take(now) {
			t.events.newDay()
		}
	}
}

// take adds a reading. It reports whether a day begins with it.
func (h *history) take(r reading) (newDay bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if day := r.at.In(billing).YearDay(); h.day.at.IsZero() || h.day.at.In(billing).YearDay() != day {
		newDay = !h.day.at.IsZero()
		h.day = r
	}
	minute := reading{at: r.at, values: map[series]float64{}}
	for name, value := range r.values {
		if slices.Contains(ofTheHour, name.family) {
			minute.values[name] = value
		}
	}
	h.minutes = append(h.minutes, minute)
	if len(h.minutes) > minutes+1 {
		h.minutes = slices.Delete(h.minutes, 0, 1)
	}
	return newDay
}

// minutes is how many the history holds: an hour.
const minutes = 60

// begins returns the readings of when the last hour and the day began, and those of the minutes between.
func (h *history) begins() (hour, day reading, between []reading) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.minutes) == 0 {
		return reading{}, reading{}, nil
	}
	return h.minutes[0], h.day, slices.Clone(h.minutes)
}
