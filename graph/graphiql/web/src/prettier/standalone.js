// Stands in for prettier where GraphiQL tidies its editors.
import { applyEdits, format as formatJSON } from 'jsonc-parser';
import { parse, print, TokenKind } from 'graphql';

const indentation = { tabSize: 2, insertSpaces: true, eol: '\n' };

export async function format(text, { parser }) {
  return parser === 'graphql' ? formatQuery(text) : applyEdits(text, formatJSON(text, undefined, indentation));
}

// formatQuery keeps the comments before the first operation. A query with comments further in is
// left as it is: the printer of graphql-js would drop them.
function formatQuery(text) {
  const document = parse(text);
  const first = firstToken(document);
  if (hasComment(first)) {
    return text;
  }
  const comments = text.slice(0, first.start).trim();
  const query = print(document);
  return comments ? `${comments}\n${query}` : query;
}

function firstToken(document) {
  let token = document.loc.startToken.next;
  while (token.kind === TokenKind.COMMENT) {
    token = token.next;
  }
  return token;
}

function hasComment(first) {
  for (let token = first; token; token = token.next) {
    if (token.kind === TokenKind.COMMENT) {
      return true;
    }
  }
  return false;
}

export default { format };
