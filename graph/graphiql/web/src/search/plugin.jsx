import { DOC_EXPLORER_PLUGIN, useDocExplorerActions } from '@graphiql/plugin-doc-explorer';
import { pick, useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { useDeferredValue, useMemo, useState } from 'react';
import { useOpenTab } from '../opened.js';
import { entriesOf } from './entries.js';
import { queryOf } from './query.js';
import { search } from './rank.js';

const shown = 60;

// searchPlugin finds fields by what the upstream calls them, in Chinese or as keys of its document, by their names here
// and by the words of their descriptions. GraphiQL's own search knows names alone.
export const searchPlugin = { title: 'Search by REST name or Chinese term', icon: SearchIcon, content: Search };

function Search() {
  const { schema } = useGraphiQL(pick('schema'));
  const [typed, setTyped] = useState('');
  const sought = useDeferredValue(typed);
  const entries = useMemo(() => (schema ? entriesOf(schema) : []), [schema]);
  const found = useMemo(() => search(entries, sought), [entries, sought]);
  return (
    <section className="panel" aria-label="Search">
      <h2>Search · 搜索</h2>
      <input
        type="search"
        autoFocus
        spellCheck="false"
        aria-label="A Chinese term, a REST name, a field or a word"
        placeholder="pay_time, 付款时间, refund…"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      <p role="status" className="panel-hint">
        {hintOf(schema, sought, found)}
      </p>
      <ol className="found">
        {found.slice(0, shown).map((entry) => (
          <Found key={`${entry.kind} ${entry.field?.name ?? ''} ${entry.path.join('.')}`} entry={entry} />
        ))}
      </ol>
    </section>
  );
}

function hintOf(schema, sought, found) {
  if (!schema) {
    return 'The schema is not there yet.';
  }
  if (sought.trim() === '') {
    return 'Finds fields by the upstream’s Chinese term, by its REST name or path, by the name here, or by a word of the description.';
  }
  const count = found.length === 1 ? '1 place' : `${found.length} places`;
  return found.length > shown ? `${count}, of which the first ${shown} are shown` : count;
}

function Found({ entry }) {
  const { push } = useDocExplorerActions();
  const { setVisiblePlugin } = useGraphiQLActions();
  const openTab = useOpenTab();
  const document = () => {
    push({ name: entry.parent.name, def: entry.parent });
    const definition = entry.field ?? entry.definition;
    if (entry.kind !== 'value') {
      push({ name: definition.name, def: definition });
    }
    setVisiblePlugin(DOC_EXPLORER_PLUGIN);
  };
  const query = queryOf(entry);
  return (
    <li>
      <button type="button" className="found-path" onClick={document} title="Show it in the documentation">
        {entry.path.join(' › ')}
      </button>{' '}
      <code>{entry.kind === 'field' ? entry.type : entry.kind === 'value' ? `value of ${entry.type}` : `argument: ${entry.type}`}</code>
      {entry.elsewhere > 0 && <span className="panel-hint"> and {entry.elsewhere} other places</span>}
      <p>{entry.description}</p>
      {query && (
        <button type="button" className="plain" onClick={() => openTab(query)}>
          Open a query with it
        </button>
      )}
    </li>
  );
}

function SearchIcon() {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
      <circle cx="10.5" cy="10.5" r="6.5" />
      <path d="m15.5 15.5 5.5 5.5" strokeLinecap="round" />
    </svg>
  );
}
