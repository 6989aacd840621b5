import { sandbox, tokenKind } from './server.js';
import { enterToken, keepsToken, keepToken, sendable, setToken, token } from './token.js';

const placeholders = {
  none: 'none needed',
  client: 'of this server',
  upstream: 'of the upstream, as it wants it',
};

// Header says whose orders these are and has the token of all tabs.
export function Header() {
  const entered = (event) => {
    event.preventDefault();
    enterToken();
  };
  return (
    <header className={`header ${sandbox ? 'header-sandbox' : 'header-real'}`}>
      <h1>Ordergraph</h1>
      {sandbox ? (
        <p role="note">
          <strong>Sandbox data.</strong> These orders are invented, and nobody pays their points. For real ones, start
          with <code>--upstream-url</code>.
        </p>
      ) : (
        <p role="note">
          <strong>Real orders.</strong> A run may cost points.
        </p>
      )}
      <form onSubmit={entered} onBlur={entered} autoComplete="off">
        <label>
          Token{' '}
          <input
            type="password"
            autoComplete="off"
            spellCheck="false"
            placeholder={placeholders[tokenKind]}
            aria-invalid={!sendable(token.use())}
            value={token.use()}
            onChange={(event) => setToken(event.target.value)}
          />
        </label>
        <label title="Else this browser forgets the token with this tab.">
          <input type="checkbox" checked={keepsToken.use()} onChange={(event) => keepToken(event.target.checked)} />
          Keep it
        </label>
      </form>
    </header>
  );
}
