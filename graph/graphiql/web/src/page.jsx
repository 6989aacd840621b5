import { explorerPlugin } from '@graphiql/plugin-explorer';
import { pick, useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { GraphiQL, HISTORY_PLUGIN } from 'graphiql';
import { useEffect, useRef } from 'react';
import { fetcher, refused } from './fetcher.js';
import { ownHeaders, sandboxHeaders } from './headers.js';
import { hasStoredTabs, keepsHeaders, storage } from './storage.js';
import { ownTabs, sandboxTabs } from './tabs.js';

const plugins = [HISTORY_PLUGIN, explorerPlugin()];

// GraphiQL shows the first default tab without its variables. Given apart they are shown, but once
// tabs are stored they would add another one at every visit.
const firstVariables = (tabs) => (hasStoredTabs() ? undefined : tabs[0].variables);

export function Page({ sandbox }) {
  const tabs = sandbox ? sandboxTabs : ownTabs;
  return (
    <>
      {sandbox && <SandboxNote />}
      <GraphiQL
        fetcher={fetcher}
        storage={storage}
        plugins={plugins}
        defaultTabs={tabs}
        initialVariables={firstVariables(tabs)}
        defaultHeaders={sandbox ? sandboxHeaders : ownHeaders}
        defaultEditorToolsVisibility="headers"
        shouldPersistHeaders={keepsHeaders()}
        showPersistHeadersSettings
        inputValueDeprecation
        schemaDescription
      >
        <GraphiQL.Logo>Ordergraph</GraphiQL.Logo>
        <MissingSchema />
      </GraphiQL>
    </>
  );
}

function SandboxNote() {
  return (
    <p className="sandbox-note" role="note">
      <strong>Sandbox data.</strong> These orders are invented, and nobody pays their points. For real ones, start
      with <code>--upstream-url</code>.
    </p>
  );
}

// MissingSchema asks for the schema again once a query was let through: a server that wants a token
// even for that refused it before anyone could write one.
function MissingSchema() {
  const { schema, isFetching } = useGraphiQL(pick('schema', 'isFetching'));
  const { introspect } = useGraphiQLActions();
  const wasFetching = useRef(false);
  useEffect(() => {
    if (wasFetching.current && !isFetching && !schema && !refused) {
      introspect();
    }
    wasFetching.current = isFetching;
  });
  return null;
}
