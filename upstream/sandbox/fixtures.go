package sandbox

import (
	"embed"
	"fmt"
)

//go:embed fixtures/*.json
var fixtureFiles embed.FS

// fixtures are the documented orders of 1688.com by their id: the result of each answer.
var fixtures = map[string]object{
	"58218860983545941":   mustFixture("01_documented_sample.json"),
	"2257164624870311973": mustFixture("02_multi_stage.json"),
	"1988776655443322110": mustFixture("04_credit_order.json"),
	"196965465451498527":  mustFixture("07_cancelled_order.json"),
}

// mustFixture reads a file that is part of the binary.
func mustFixture(name string) object {
	text, err := fixtureFiles.ReadFile("fixtures/" + name)
	if err != nil {
		panic(fmt.Sprintf("sandbox: %v", err))
	}
	document, err := parseDocument(text)
	if err != nil {
		panic(fmt.Sprintf("sandbox: fixture %s: %v", name, err))
	}
	return document.(object).get("data").(object).get("result").(object)
}
