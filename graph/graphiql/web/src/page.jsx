import { explorerPlugin } from '@graphiql/plugin-explorer';
import { GraphiQL, HISTORY_PLUGIN } from 'graphiql';
import { Bar } from './bar.jsx';
import { fetcher } from './fetcher.js';
import { Header } from './header.jsx';
import { Instructions } from './instructions.jsx';
import { OpenedLink, Share } from './link.jsx';
import { MissingSchema } from './schema.js';
import { searchPlugin } from './search/plugin.jsx';
import { sandbox } from './server.js';
import { keepsHeaders, storage, storedTab } from './storage.js';
import { tabs } from './tabs.js';
import { testIDsPlugin } from './testids.jsx';

const plugins = [searchPlugin, ...(sandbox ? [testIDsPlugin] : []), HISTORY_PLUGIN, explorerPlugin()];

// GraphiQL shows the first default tab without its variables, and takes what it stored of the editors,
// which may be newer than the stored tabs, for another tab.
const active = storedTab() ?? tabs[0];

export function Page() {
  return (
    <>
      <Header />
      <GraphiQL
        fetcher={fetcher}
        storage={storage}
        plugins={plugins}
        defaultTabs={tabs}
        initialQuery={active.query}
        initialVariables={active.variables}
        initialHeaders={(keepsHeaders() && active.headers) || undefined}
        defaultEditorToolsVisibility="variables"
        shouldPersistHeaders={keepsHeaders()}
        showPersistHeadersSettings
        inputValueDeprecation
        schemaDescription
      >
        <GraphiQL.Logo>{null}</GraphiQL.Logo>
        <GraphiQL.Toolbar>{tools}</GraphiQL.Toolbar>
        <Instructions />
        <Bar />
        <MissingSchema />
        <OpenedLink />
      </GraphiQL>
    </>
  );
}

const tools = ({ prettify, merge, copy }) => (
  <>
    {prettify}
    {merge}
    {copy}
    <Share />
  </>
);
