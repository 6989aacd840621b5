import { pick, useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { useCallback } from 'react';

// useOpenTab returns what shows a query in a tab of its own, and does not run it.
export function useOpenTab() {
  const { queryEditor, variableEditor } = useGraphiQL(pick('queryEditor', 'variableEditor'));
  const { addTab } = useGraphiQLActions();
  return useCallback(
    ({ query, variables }) => {
      addTab();
      queryEditor.setValue(query);
      variableEditor.setValue(variables);
    },
    [queryEditor, variableEditor, addTab],
  );
}
