import { pick, useGraphiQL } from '@graphiql/react';
import { useState } from 'react';
import { Inside } from './inside.jsx';
import { storage } from './storage.js';
import { instructions } from './tabs.js';

const key = 'instructions';

// Instructions says above the query of a default tab what the tab shows.
export function Instructions() {
  const { tabs, activeTabIndex } = useGraphiQL(pick('tabs', 'activeTabIndex'));
  const [hidden, setHidden] = useState(storage.getItem(key) === 'hidden');
  const text = instructions[tabs[activeTabIndex]?.title];
  const hide = () => {
    storage.setItem(key, 'hidden');
    setHidden(true);
  };
  return (
    <Inside part=".graphiql-editors">
      {text && !hidden && (
        <div className="instructions">
          <p>{text}</p>
          <button type="button" className="plain" onClick={hide} aria-label="Hide the instructions">
            ×
          </button>
        </div>
      )}
    </Inside>
  );
}
