package main

import (
	"fmt"
	"time"
)

func startScenario() scenario {
	return scenario{"start, until /readyz answers 200", starts}
}

// starts measures the time from starting the process to its first good answer.
func starts(t *trial) error {
	binaries := []struct{ name, path string }{{current, t.binary}, {older, t.against}}
	taken := map[string][]time.Duration{}
	for range t.starts {
		for _, binary := range binaries {
			if binary.path == "" {
				continue
			}
			began := time.Now()
			s, err := t.startServer(binary.path, "--upstream-url", "http://127.0.0.1:9"+endpointPath, "--admin-listen", "off")
			if err != nil {
				return fmt.Errorf("%s: %w", binary.name, err)
			}
			taken[binary.name] = append(taken[binary.name], time.Since(began))
			s.stop()
		}
	}
	for _, binary := range binaries {
		if len(taken[binary.name]) == 0 {
			continue
		}
		f := figure{
			name: fmt.Sprintf("%s: median of %d starts", binary.name, t.starts), unit: "ms",
			value: float64(medianOf(taken[binary.name])) / float64(time.Millisecond),
		}
		if binary.name == current {
			f.target, f.atMost, f.chart = 150, true, t.name
		}
		t.add(f)
	}
	return nil
}
