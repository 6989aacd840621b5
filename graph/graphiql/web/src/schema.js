import { pick, useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { useEffect, useRef } from 'react';
import { refused } from './fetcher.js';
import { enteredToken } from './token.js';

// MissingSchema asks for the schema again once a token was written, or a query let through: a server
// that wants a token even for that refused it before anyone could write one.
export function MissingSchema() {
  const { schema, isFetching } = useGraphiQL(pick('schema', 'isFetching'));
  const { introspect } = useGraphiQLActions();
  const before = useRef({});
  const entered = enteredToken.use();
  useEffect(() => {
    const answered = before.current.isFetching && !isFetching && !refused;
    const written = before.current.entered !== undefined && before.current.entered !== entered;
    if (!schema && (answered || written)) {
      introspect();
    }
    before.current = { isFetching, entered };
  });
  return null;
}
