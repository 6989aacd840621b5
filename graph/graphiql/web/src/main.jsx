import './workers.js';
import '@graphiql/react/style.css';
import '@graphiql/plugin-doc-explorer/style.css';
import '@graphiql/plugin-history/style.css';
import 'graphiql/graphiql.css';
import '@graphiql/plugin-explorer/style.css';
import './page.css';
import { createRoot } from 'react-dom/client';
import { Page } from './page.jsx';

// The server says in the page whose data it shows.
const sandbox = document.documentElement.dataset.sandbox === 'true';

createRoot(document.getElementById('root')).render(<Page sandbox={sandbox} />);
