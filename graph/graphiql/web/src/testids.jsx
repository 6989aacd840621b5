import { useEffect, useState } from 'react';
import { useOpenTab } from './opened.js';

// testIDsPlugin lists the ids that the sandbox answers in one particular way, to be clicked.
export const testIDsPlugin = { title: 'Test ids of the sandbox', icon: TestIDsIcon, content: TestIDs };

const query = `query TestOrder($id: ID!) {
  order(id: $id) {
    id
    status
    statusDescription
    createdAt
    total {
      amount
    }
    lineItems {
      name
      quantity
    }
  }
}
`;

function TestIDs() {
  const [ids, setIDs] = useState();
  const openTab = useOpenTab();
  useEffect(() => {
    const left = new AbortController();
    fetch('test-ids.json', { signal: left.signal })
      .then((response) => response.json())
      .then(setIDs, (error) => !left.signal.aborted && setIDs({ error }));
    return () => left.abort();
  }, []);
  return (
    <section className="panel" aria-label="Test ids">
      <h2>Test ids</h2>
      <p className="panel-hint">
        The sandbox answers these ids in one particular way, and every other with an invented order that stays the same. A
        click opens a query.
      </p>
      {ids?.error && <p role="alert">The list can’t be had.</p>}
      <ol className="found">
        {(ids?.error ? [] : (ids ?? [])).map(({ id, what, outcome, code }) => (
          <li key={id}>
            <button type="button" className="found-path" onClick={() => openTab({ query, variables: JSON.stringify({ id }, null, 2) })}>
              {id}
            </button>{' '}
            <span className={`fact ${code ? 'fact-bad' : 'fact-free'}`}>{code ?? outcome}</span>
            <p>{what}</p>
          </li>
        ))}
      </ol>
    </section>
  );
}

function TestIDsIcon() {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
      <path d="M9 3h6M10 3v6L4.5 18.5a1.7 1.7 0 0 0 1.5 2.5h12a1.7 1.7 0 0 0 1.5-2.5L14 9V3M7.5 14.5h9" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}
