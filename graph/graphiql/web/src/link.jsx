// Links that open a query in the page, which never have headers or the token in them.
import { pick, ToolbarButton, useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { useEffect, useState } from 'react';

const names = ['query', 'variables', 'operationName'];

// openedLink is what the address asks for, which leaves the address with it: a reload would open it
// again, next to the tab that keeps it.
const openedLink = takeLink();

function takeLink() {
  const given = new URLSearchParams(location.search);
  if (!given.has('query')) {
    return undefined;
  }
  history.replaceState(history.state, '', location.pathname + location.hash);
  return Object.fromEntries(names.map((name) => [name, given.get(name) ?? '']));
}

// OpenedLink shows a link's query in a tab of its own. It does not run it: the link's author is
// unknown, and a run may cost points.
export function OpenedLink() {
  const { queryEditor, variableEditor, operations } = useGraphiQL(pick('queryEditor', 'variableEditor', 'operations'));
  const { addTab, setOperationName } = useGraphiQLActions();
  const [state, setState] = useState(openedLink ? 'waiting' : 'done');
  useEffect(() => {
    if (state === 'waiting' && queryEditor && variableEditor) {
      addTab();
      queryEditor.setValue(openedLink.query);
      variableEditor.setValue(openedLink.variables);
      setState(openedLink.operationName ? 'opened' : 'done');
    }
    // GraphiQL reads the operations a moment later, and chooses the first.
    const chosen = operations?.find((operation) => operation.name?.value === openedLink?.operationName);
    if (state === 'opened' && chosen) {
      setOperationName(chosen.name.value);
      queryEditor.setPosition(queryEditor.getModel().getPositionAt(chosen.loc.start));
      queryEditor.revealLineInCenter(queryEditor.getPosition().lineNumber);
      setState('done');
    }
  }, [state, queryEditor, variableEditor, operations, addTab, setOperationName]);
  return null;
}

function linkTo(texts) {
  const parameters = new URLSearchParams(names.filter((name) => texts[name]).map((name) => [name, texts[name]]));
  return `${location.origin}${location.pathname}?${parameters}`;
}

// Share copies a link to the tab's query. Where the page may not write to the clipboard, as on plain
// http of another host, it shows the link.
export function Share() {
  const { queryEditor, variableEditor, operations, operationName } = useGraphiQL(
    pick('queryEditor', 'variableEditor', 'operations', 'operationName'),
  );
  const [shown, setShown] = useState();
  const share = async () => {
    const link = linkTo({
      query: queryEditor.getValue(),
      variables: variableEditor.getValue(),
      operationName: operations?.length > 1 ? operationName : '',
    });
    try {
      await navigator.clipboard.writeText(link);
      setShown({ copied: true });
    } catch {
      setShown({ link });
    }
  };
  useEffect(() => {
    const timer = shown?.copied && setTimeout(setShown, 3000);
    return () => clearTimeout(timer);
  }, [shown]);
  return (
    <>
      <ToolbarButton onClick={share} label="Share: copy a link to this query">
        <ShareIcon />
      </ToolbarButton>
      <span className="share" role="status">
        {shown?.copied && 'Link copied'}
        {shown?.link && (
          <input
            aria-label="Link to this query"
            readOnly
            autoFocus
            value={shown.link}
            onFocus={(event) => event.target.select()}
            onBlur={() => setShown()}
          />
        )}
      </span>
    </>
  );
}

function ShareIcon() {
  return (
    <svg className="graphiql-toolbar-icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
      <path d="M12 14V3M8 6.5 12 2.5l4 4M6 11H4.5v9.5h15V11H18" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}
