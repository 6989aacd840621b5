import { explorerPlugin } from '@graphiql/plugin-explorer';
import { GraphiQL, HISTORY_PLUGIN } from 'graphiql';
import { fetcher } from './fetcher.js';
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
      </GraphiQL>
    </>
  );
}

function SandboxNote() {
  return (
    <p className="sandbox-note" role="note">
      <strong>Sandbox data.</strong> These orders are invented and cost nothing. For real ones, start with{' '}
      <code>--upstream-url</code>.
    </p>
  );
}
