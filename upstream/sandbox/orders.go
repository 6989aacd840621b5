package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Orders are answers of one's own, by the ids of their orders.
type Orders struct{ results map[string]object }

// Len returns how many there are.
func (o *Orders) Len() int { return len(o.results) }

// ReadOrders reads the files *.json of a folder: each the upstream's whole answer about one order, or only its data, or
// only its result, as in {"base_info": {…}, …}. The error names the file that is none.
func ReadOrders(folder string) (*Orders, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err == nil && len(files) == 0 {
		if _, err = os.Stat(folder); err == nil {
			err = fmt.Errorf("%s has no *.json", folder)
		}
	}
	if err != nil {
		return nil, err
	}
	orders, named := &Orders{map[string]object{}}, map[string]string{}
	for _, file := range files {
		id, result, err := readOrder(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if other, found := named[id]; found {
			return nil, fmt.Errorf("%s: it has the order %s, as has %s", file, id, other)
		}
		named[id], orders.results[id] = file, result
	}
	return orders, nil
}

const maxOrderBytes = 4 << 20

func readOrder(file string) (id string, result object, err error) {
	info, err := os.Stat(file)
	if err != nil {
		return "", nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxOrderBytes {
		return "", nil, fmt.Errorf("want a file of at most %d MiB", maxOrderBytes>>20)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", nil, err
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if err := json.Unmarshal(text, new(any)); err != nil {
		return "", nil, err
	}
	document, err := parseDocument(text)
	if err != nil {
		return "", nil, err
	}
	result, isObject := document.(object)
	for _, level := range []string{"data", "result"} {
		if below, found := result.get(level).(object); found {
			result = below
		}
	}
	base, hasBase := result.get("base_info").(object)
	if !isObject || !hasBase {
		return "", nil, errors.New("want an order with a base_info, or an answer with one at data.result")
	}
	for _, key := range []string{"id_of_str", "id"} {
		switch value := base.get(key).(type) {
		case string:
			id = value
		case number:
			id = string(value)
		}
		if isOrderID(id) {
			return id, result, nil
		}
	}
	return "", nil, errors.New("want base_info.id_of_str or base_info.id, 1 to 19 digits")
}

func isOrderID(text string) bool {
	return len(text) >= 1 && len(text) <= 19 && text[0] != '0' && strings.Trim(text, "0123456789") == ""
}
