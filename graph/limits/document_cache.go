package limits

import "github.com/vektah/gqlparser/v2/ast"

const (
	// maxCachedBytes bounds the documents that strangers can make us remember.
	maxCachedBytes = 32 << 20
	// nodeBytes is what one node of a parsed document takes, with its position and comments; measured
	// as 145 to 353 bytes.
	nodeBytes = 400
)

// bytesOf returns about what a parsed document takes in memory.
func bytesOf(text string, document *ast.QueryDocument) int {
	return len(text) + nodeBytes*nodes(document)
}

// nodes counts the nodes of a document as it is written, fragments not expanded.
func nodes(document *ast.QueryDocument) int {
	count := 1
	for _, operation := range document.Operations {
		count += 1 + nodesOfDirectives(operation.Directives) + nodesOfSelections(operation.SelectionSet)
		for _, variable := range operation.VariableDefinitions {
			count += 2 + nodesOfValue(variable.DefaultValue) + nodesOfDirectives(variable.Directives)
		}
	}
	for _, fragment := range document.Fragments {
		count += 1 + nodesOfDirectives(fragment.Directives) + nodesOfSelections(fragment.SelectionSet)
	}
	return count
}

func nodesOfSelections(selections ast.SelectionSet) int {
	count := len(selections)
	for _, selection := range selections {
		switch selection := selection.(type) {
		case *ast.Field:
			count += nodesOfArguments(selection.Arguments) + nodesOfDirectives(selection.Directives) +
				nodesOfSelections(selection.SelectionSet)
		case *ast.InlineFragment:
			count += nodesOfDirectives(selection.Directives) + nodesOfSelections(selection.SelectionSet)
		case *ast.FragmentSpread:
			count += nodesOfDirectives(selection.Directives)
		}
	}
	return count
}

func nodesOfDirectives(directives ast.DirectiveList) int {
	count := len(directives)
	for _, directive := range directives {
		count += nodesOfArguments(directive.Arguments)
	}
	return count
}

func nodesOfArguments(arguments ast.ArgumentList) int {
	count := len(arguments)
	for _, argument := range arguments {
		count += nodesOfValue(argument.Value)
	}
	return count
}

func nodesOfValue(value *ast.Value) int {
	if value == nil {
		return 0
	}
	count := 1
	for _, child := range value.Children {
		count += 1 + nodesOfValue(child.Value)
	}
	return count
}
