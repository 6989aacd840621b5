import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { licences } from './licences.js';

const local = (path) => fileURLToPath(new URL(path, import.meta.url));

const { ofPage, ofWorkers } = licences('LICENCES.md');

export default defineConfig({
  // The page doesn't know the path that it is mounted at.
  base: './',
  plugins: [react(), ofPage],
  resolve: {
    alias: [
      // GraphiQL loads prettier with a JavaScript parser, 500 kB, to indent a query and two JSON objects.
      { find: 'prettier/standalone', replacement: local('./src/prettier/standalone.js') },
      { find: /^prettier\/(plugins\/|parser-).*/, replacement: local('./src/prettier/nothing.js') },
    ],
  },
  worker: { format: 'es', plugins: () => [ofWorkers] },
  build: {
    target: 'es2022',
    // The Content-Security-Policy allows no font and no script from a data: URL.
    assetsInlineLimit: 0,
    // The polyfill is an inline script.
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // Monaco is one editor and can't be loaded in parts.
    chunkSizeWarningLimit: 8192,
    rolldownOptions: {
      // A change of our own few lines then changes no other file's name than the script's and the page's.
      output: { codeSplitting: { groups: [{ name: 'graphiql', test: /node_modules\/(?!monaco-editor)/ }] } },
      // "use no memo" is for a compiler that isn't used here.
      checks: { moduleLevelDirective: false },
    },
  },
});
