// Vite's own build.license leaves out what only the workers contain, and prints nothing but a name
// for a package without a licence file.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const nodeModules = '/node_modules/';

// These packages have no licence file. Each comes from the repository of the one named beside it.
const licencedWith = {
  '@graphiql/plugin-doc-explorer': 'graphiql',
  '@graphiql/plugin-explorer': 'graphiql',
  '@graphiql/plugin-history': 'graphiql',
  'react-compiler-runtime': 'react',
  'react-remove-scroll-bar': 'react-remove-scroll',
};

// licences returns two plugins that write one file with the licences of every package in the build:
// one for the page, one for its workers, which are built before it.
export function licences(fileName) {
  const folders = new Set();
  const collect = (bundle) => packagesOf(bundle).forEach((folder) => folders.add(folder));
  return {
    ofWorkers: { name: 'licences-of-workers', generateBundle: (_options, bundle) => collect(bundle) },
    ofPage: {
      name: 'licences-of-page',
      generateBundle(_options, bundle) {
        collect(bundle);
        this.emitFile({ type: 'asset', fileName, source: text([...folders].map(readPackage)) });
      },
    },
  };
}

function packagesOf(bundle) {
  const modules = Object.values(bundle).flatMap((output) => output.moduleIds ?? []);
  return modules.filter((id) => id.includes(nodeModules) && !id.startsWith('\0')).map(packageFolder);
}

function packageFolder(id) {
  const start = id.lastIndexOf(nodeModules) + nodeModules.length;
  const [scope, name] = id.slice(start).split('/');
  return id.slice(0, start) + (scope.startsWith('@') ? `${scope}/${name}` : scope);
}

function readPackage(folder) {
  const { name, version, license } = JSON.parse(read(folder, 'package.json'));
  const owner = licencedWith[name];
  const texts = readLicences(owner ? join(import.meta.dirname, nodeModules, owner) : folder);
  if (texts.length === 0) {
    throw new Error(`${name} has no licence file: say in licences.js where it comes from`);
  }
  return { title: `${name} ${version} (${license})`, texts };
}

function readLicences(folder) {
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice|thirdpartynotices)/i.test(file));
  return files.sort().map((file) => read(folder, file));
}

const read = (folder, file) => readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim();

function text(packages) {
  const unique = new Map(packages.map((entry) => [entry.title, entry]));
  const sorted = [...unique.values()].sort((a, b) => (a.title < b.title ? -1 : 1));
  const sections = sorted.map(({ title, texts }) => `## ${title}\n\n${texts.join('\n\n')}\n`);
  return `# Licences\n\nThis page contains the following packages.\n\n${iconFont}\n${sections.join('\n')}`;
}

const iconFont = `The icon font Codicons in monaco-editor is by Microsoft, under the licence CC BY 4.0,
https://creativecommons.org/licenses/by/4.0/.
`;
