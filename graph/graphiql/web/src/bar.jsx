import { pick, useGraphiQL } from '@graphiql/react';
import { useEffect, useRef, useState } from 'react';
import { answer, dryRun, noCache } from './fetcher.js';
import { Inside } from './inside.jsx';
import { narrow } from './narrow.js';

// Bar says above an answer what it cost and how long it will do, and has the switches of the next one.
export function Bar() {
  const known = useAnswerOfTab();
  const bar = useRef();
  useEffect(() => {
    if (known?.milliseconds !== undefined && narrow()) {
      bar.current?.scrollIntoView();
    }
  }, [known]);
  return (
    <Inside part=".graphiql-response">
      <div className="bar" ref={bar}>
        <div className="bar-facts" role="status" aria-label="Cost of the answer">
          {known ? <Facts {...known} /> : <span className="bar-hint">What an answer costs is shown here.</span>}
        </div>
        <fieldset className="bar-switches">
          <legend>How queries are run</legend>
          <Switch store={dryRun} title="Sends X-Dry-Run: true. The server says what the query would cost and makes no call; all orders are null.">
            Price only
          </Switch>
          <Switch store={noCache} title="Sends Cache-Control: no-cache. Copies at hand are not used, so each order is a call.">
            Ask the present
          </Switch>
        </fieldset>
      </div>
    </Inside>
  );
}

// useAnswerOfTab keeps what is known of each tab's answer, as GraphiQL keeps the answers.
function useAnswerOfTab() {
  const { tabs, activeTabIndex } = useGraphiQL(pick('tabs', 'activeTabIndex'));
  const latest = answer.use();
  const [ofTabs, setOfTabs] = useState({});
  const asking = useRef();
  const id = tabs[activeTabIndex]?.id;
  useEffect(() => {
    if (latest?.running) {
      asking.current = id;
    }
    setOfTabs((before) => ({ ...before, [asking.current]: latest }));
    // The choice of a tab is no answer.
  }, [latest]);
  return ofTabs[id];
}

function Facts({ running, status, milliseconds, upstream, freshSeconds, requestId }) {
  if (running) {
    return <span className="bar-hint">Running…</span>;
  }
  return (
    <>
      {status !== 200 && <Fact name="status" kind="bad" text={`HTTP ${status}`} title="The HTTP status of the answer" />}
      {upstream && <Cost {...upstream} />}
      {!upstream && <Fact name="points" text="not run" title="Nothing was run, so nothing was paid." />}
      <Fact name="milliseconds" text={`${Math.max(1, Math.round(milliseconds))} ms`} title="From the request to the answer's last byte" />
      {freshSeconds !== undefined && (
        <Fact name="fresh" text={`fresh ${duration(freshSeconds)}`} title="For how long copies will answer the same query: max-age" />
      )}
      {requestId && <RequestID id={requestId} />}
    </>
  );
}

function Cost({ calls, points, hits, stale, dryRun: price }) {
  if (price) {
    return (
      <>
        <Fact name="price" kind="price" text={`would cost ${counted(price.points, 'point')}`} title="At the price of the last call. Nothing was run, so nothing was paid." />
        <Fact name="calls" text={counted(price.calls, 'call')} title="Upstream calls that it would start" />
        <Fact name="hits" text={counted(price.hits, 'hit')} title="Orders that a copy would answer" />
        {price.shared > 0 && <Fact name="shared" text={`${price.shared} shared`} title="Orders that calls under way would answer" />}
      </>
    );
  }
  return (
    <>
      <Fact name="points" kind={points > 0 ? 'paid' : 'free'} text={counted(points, 'point')} title="What this answer cost" />
      <Fact name="calls" text={counted(calls, 'call')} title="Upstream calls that this query started" />
      <Fact name="hits" text={counted(hits, 'hit')} title="Orders that a copy answered" />
      <Fact name="stale" kind={stale > 0 ? 'bad' : undefined} text={`${stale} stale`} title="Hits by a copy past its freshness" />
    </>
  );
}

const counted = (count, noun) => `${count} ${noun}${count === 1 ? '' : 's'}`;

function duration(seconds) {
  if (seconds < 60) {
    return `${seconds} s`;
  }
  return seconds < 3600 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`;
}

function Fact({ name, kind, text, title }) {
  return (
    <span className={`fact ${kind ? `fact-${kind}` : ''}`} data-fact={name} title={title}>
      {text}
    </span>
  );
}

function RequestID({ id }) {
  return (
    <span className="fact fact-id" data-fact="request-id" title="The request's id, which is in the server's log">
      id <code>{id}</code>
    </span>
  );
}

function Switch({ store, title, children }) {
  return (
    <label title={title}>
      <input type="checkbox" role="switch" checked={store.use()} onChange={(event) => store.set(event.target.checked)} />
      {children}
    </label>
  );
}
