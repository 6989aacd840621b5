package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

//go:embed replay.lua
var replayScript []byte

// job is what the load generator does to one server.
type job struct {
	requests [][]byte
	// group is set if the requests have idPlaceholder for an order id: those orders are asked for.
	group       int
	connections int
	duration    time.Duration
}

// report is what the load generator says about one load.
type report struct {
	// Requests were answered; Sent are all, also those under way at the end.
	Requests, Sent int
	// Bytes were received, headers included.
	Bytes int64
	// Microseconds is how long the load took, Median and P99 are latencies in microseconds.
	Microseconds, Median, P99 int64
	// The errors: of sockets, of HTTP status (400 and more), and answers that took too long.
	Connect, Read, Write, Status, Timeout int
}

// wrk runs the load generator once.
func (b *bench) wrk(j job, address string) (report, error) {
	script, err := b.file("replay-*.lua", replayScript)
	if err != nil {
		return report{}, err
	}
	requests, err := b.file("requests-*", joinRequests(j.requests))
	if err != nil {
		return report{}, err
	}
	arguments := []string{
		"--threads", strconv.Itoa(min(2, j.connections)), "--connections", strconv.Itoa(j.connections),
		"--duration", fmt.Sprintf("%ds", j.duration/time.Second), "--timeout", "10s",
		"--script", script, "http://" + address, "--", requests,
	}
	if j.group > 0 {
		arguments = append(arguments, idPlaceholder, groupPrefix(j.group))
	}
	ctx, cancel := context.WithTimeout(b.ctx, j.duration+30*time.Second)
	defer cancel()
	output, err := exec.CommandContext(ctx, "wrk", arguments...).CombinedOutput()
	if err != nil {
		return report{}, fmt.Errorf("wrk: %w, having written: %.500s", err, output)
	}
	return parseReport(string(output))
}

// joinRequests writes requests as replay.lua reads them.
func joinRequests(requests [][]byte) []byte {
	var text []byte
	for _, request := range requests {
		text = fmt.Appendf(text, "%d\n", len(request))
		text = append(text, request...)
	}
	return text
}

// parseReport finds the line of replay.lua in what wrk has written.
func parseReport(output string) (report, error) {
	var r report
	for line := range strings.Lines(output) {
		if text, found := strings.CutPrefix(line, "REPORT "); found {
			if err := json.Unmarshal([]byte(text), &r); err != nil {
				return r, fmt.Errorf("wrk's report %q: %w", text, err)
			}
			if r.Requests == 0 || r.Microseconds == 0 {
				return r, fmt.Errorf("wrk's report says that nothing was answered: %q", text)
			}
			return r, nil
		}
	}
	return r, errors.New("wrk has written no report: " + output)
}

// failure says what went wrong with a load in which each answer should have had the given length, or
// nothing.
func (r report) failure(j job, answerLength int) string {
	if sum := r.Connect + r.Read + r.Write + r.Status + r.Timeout; sum > 0 {
		return fmt.Sprintf("%d of %d requests failed: connect %d, read %d, write %d, status %d, timeout %d",
			sum, r.Requests, r.Connect, r.Read, r.Write, r.Status, r.Timeout)
	}
	// An answer with errors has status 200, too, but another length. A counter may have a digit more or
	// less; and parts of the answers under way at the end are counted.
	const slack = 8
	least := int64(answerLength-slack) * int64(r.Requests)
	most := int64(answerLength+slack) * int64(r.Requests+j.connections)
	if r.Bytes < least || r.Bytes > most {
		return fmt.Sprintf("%d answers have %d bytes; %d bytes each were expected", r.Requests, r.Bytes, answerLength)
	}
	return ""
}
