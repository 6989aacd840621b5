// Command ordergraph serves 1688/Alibaba buyer orders as GraphQL.
//
// It answers from the paid REST endpoint 1688get-order-info, or, with nothing set, from an embedded
// sandbox. Every setting is a flag and an environment variable; ordergraph --help lists them.
package main

import (
	_ "embed"

	"ordergraph/graph/program"
)

//go:embed schema.graphqls
var schema string

func main() { program.Main(schema) }
