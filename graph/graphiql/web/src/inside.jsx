import { useLayoutEffect, useState } from 'react';
import { createPortal } from 'react-dom';

// Inside shows its children at the beginning of a part of GraphiQL that takes none.
export function Inside({ part, children }) {
  const [host, setHost] = useState();
  useLayoutEffect(() => {
    const element = document.createElement('div');
    document.querySelector(part).prepend(element);
    setHost(element);
    return () => element.remove();
  }, [part]);
  return host && createPortal(children, host);
}
