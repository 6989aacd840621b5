package limits

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// cycle notes that the named fragment is spread within itself, in the words of gqlparser's
// NoFragmentCycles. Only the first few cycles are kept, and of each the first few fragments.
func (m *measurement) cycle(name string, position *ast.Position) {
	if len(m.cycles) >= maxErrors {
		return
	}
	message := `Cannot spread fragment "` + name + `" within itself`
	if via := m.open[slices.Index(m.open, name)+1:]; len(via) > 0 {
		message += ` via "` + strings.Join(via[:min(len(via), maxErrors)], `", "`) + `"`
	}
	m.cycles = append(m.cycles, gqlerror.ErrorPosf(position, "%s.", message))
}
