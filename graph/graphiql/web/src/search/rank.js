import { segments } from './entries.js';

// How well an entry fits what was typed: the best first, undefined for one that doesn't.
const exact = 0;
const begins = 1;
const contains = 2;
const contained = 3;
const described = 4;
const similar = 5;

// search returns the entries that fit, the best first.
export function search(entries, typed) {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) {
    return [];
  }
  const whole = words.join(' ');
  const sought = segments(whole);
  return entries
    .map((entry, place) => ({ entry, place, rank: rankOf(entry, whole, words), distance: distance(entry, sought) }))
    .filter(({ rank }) => rank !== undefined)
    .sort((a, b) => a.rank - b.rank || a.distance - b.distance || a.place - b.place)
    .map(({ entry }) => entry);
}

// distance orders what fits alike: what stands below the upstream's keys that were typed, then fields
// before arguments before enum values, then what is near the root.
function distance({ kind, path, keys }, sought) {
  const foreign = sought.slice(0, -1).filter((key) => !keys.includes(key)).length;
  return foreign * 1000 + ['field', 'argument', 'value'].indexOf(kind) * 100 + path.length;
}

function rankOf(entry, whole, words) {
  const ranks = words.map((word) => rankOfWord(entry, word));
  return rankOfWord(entry, whole) ?? (ranks.includes(undefined) ? likeness(entry, whole) : Math.max(...ranks));
}

function rankOfWord(entry, word) {
  const names = [entry.name.toLowerCase(), entry.path.join('.').toLowerCase(), ...entry.chinese];
  if (names.includes(word) || entry.rest.some((path) => endsAlike(path, restKey(word)))) {
    return exact;
  }
  const sought = squeezed(word);
  if (sought === '') {
    return undefined;
  }
  const keys = [...names, ...entry.rest.map((path) => segments(path).at(-1))].map(squeezed);
  if (keys.some((name) => name.startsWith(sought))) {
    return begins;
  }
  if (keys.some((name) => name.includes(sought))) {
    return contains;
  }
  return rankOfRow(entry, sought) ?? (entry.description.toLowerCase().includes(word) ? described : undefined);
}

// rankOfRow is for those who paste a whole row of the upstream's document, which begins with the
// field's term and goes on with what values mean. The longer the term, the better.
function rankOfRow(entry, sought) {
  const terms = entry.chinese.map(squeezed).filter((term) => term.length > 1 && sought.includes(term));
  if (terms.length === 0) {
    return undefined;
  }
  const longest = Math.max(...terms.map((term) => term.length));
  return contained + 1 / (longest + 1) - (terms.some((term) => sought.startsWith(term)) ? 0.5 : 0);
}

// restKey returns a path of the upstream's document without its envelope and its brackets.
const restKey = (word) => word.replaceAll(/\[\d*\]/g, '').replace(/^\$?\.?(data\.)?(result\.)?/, '');

// endsAlike reports whether one of two paths is the other's end: descriptions name the last two keys.
function endsAlike(path, sought) {
  const [long, short] = path.length > sought.length ? [path, sought] : [sought, path];
  return long === short || (short !== '' && long.endsWith(`.${short}`));
}

// squeezed leaves letters and digits alone: pay_time, payTime and "pay-time" are one.
const squeezed = (name) => name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');

// likeness ranks an entry by how many pairs of neighbouring Chinese characters it shares with what was
// typed, as long as these are most of them.
function likeness(entry, typed) {
  const sought = pairs(typed);
  if (sought.size === 0) {
    return undefined;
  }
  const own = pairs(entry.description);
  const shared = [...sought].filter((pair) => own.has(pair)).length / sought.size;
  return shared > 0.5 ? similar + 1 - shared : undefined;
}

function pairs(text) {
  const found = new Set();
  for (const [run] of text.matchAll(/\p{Script=Han}+/gu)) {
    for (let i = 0; i + 1 < run.length; i++) {
      found.add(run.slice(i, i + 2));
    }
  }
  return found;
}
