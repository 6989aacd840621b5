import assert from 'node:assert/strict';

// storing is how long GraphiQL may take, after the last change, to store its state, in milliseconds.
export const storing = 700;

// GraphiQL as its user sees it: what can be clicked, typed and read.

export class GraphiQL {
  constructor(page) {
    this.page = page;
  }

  // open loads the page and waits until the schema is there and a query can be typed.
  async open(url) {
    const introspection = this.page.waitForResponse(isIntrospection);
    await this.page.goto(url);
    await this.ready(introspection);
  }

  async reload() {
    const introspection = this.page.waitForResponse(isIntrospection);
    await this.page.reload();
    await this.ready(introspection);
  }

  async ready(introspection) {
    await this.page.locator('.graphiql-query-editor .view-line').first().waitFor();
    await introspection;
    await this.page.locator('.graphiql-spin').waitFor({ state: 'detached' });
  }

  // colored waits until the query has its colours, which come a moment after the text.
  async colored() {
    await this.page.waitForFunction(() => {
      const parts = document.querySelectorAll('.graphiql-query-editor .view-line span span');
      return new Set([...parts].map((part) => getComputedStyle(part).color)).size > 3;
    });
  }

  button(name) {
    return this.page.getByRole('button', { name, exact: true });
  }

  tab(title) {
    return this.page.locator('.graphiql-tab-button', { hasText: title });
  }

  async tabTitles() {
    return this.page.locator('.graphiql-tab-button').allInnerTexts();
  }

  async activeTab() {
    return this.page.locator('.graphiql-tab-active .graphiql-tab-button').innerText();
  }

  async chooseTab(title) {
    await this.tab(title).click();
  }

  // showEditor shows the Variables or the Headers editor.
  async showEditor(name) {
    await this.page.locator(`.graphiql-editor-tools button[data-name="${name}"]`).click();
  }

  // text returns all of an editor's text, which the page shows only a part of: "operation.graphql",
  // "variables.json", "request-headers.json" or "response.json".
  async text(editor) {
    return this.page.evaluate((name) => {
      const models = globalThis.__MONACO.editor.getModels();
      return models.find((model) => model.uri.path.endsWith(name)).getValue().replaceAll('\r\n', '\n');
    }, editor);
  }

  // waitForText waits until an editor's text matches.
  async waitForText(editor, pattern) {
    const deadline = Date.now() + 10_000;
    let text = await this.text(editor);
    while (!pattern.test(text)) {
      assert.ok(Date.now() < deadline, `${editor} is still ${text}`);
      await this.page.waitForTimeout(50);
      text = await this.text(editor);
    }
  }

  // paste puts a text in the place of all that the editor in the given part of the page has. Typed
  // brackets would be closed by the editor.
  async paste(part, text) {
    await this.page.locator(`${part} .monaco-editor:visible .view-lines`).click();
    await this.page.keyboard.press('ControlOrMeta+A');
    await this.page.evaluate((copied) => navigator.clipboard.writeText(copied), text);
    await this.page.keyboard.press('ControlOrMeta+V');
  }

  async replaceQuery(text) {
    await this.paste('.graphiql-query-editor', text);
    await this.waitForText('operation.graphql', exactly(text));
  }

  async replaceHeaders(text) {
    await this.showEditor('headers');
    await this.paste('.graphiql-editor-tool', text);
    await this.waitForText('request-headers.json', exactly(text));
  }

  async replaceVariables(text) {
    await this.showEditor('variables');
    await this.paste('.graphiql-editor-tool', text);
    await this.waitForText('variables.json', exactly(text));
  }

  // run executes the tab's query and returns the request and the response.
  async run() {
    const [response] = await Promise.all([
      this.page.waitForResponse((candidate) => isAnswer(candidate) && !isIntrospection(candidate)),
      this.page.locator('.graphiql-execute-button').click(),
    ]);
    const body = await response.json();
    await this.page.waitForFunction((text) => {
      const model = globalThis.__MONACO.editor.getModels().find(({ uri }) => uri.path.endsWith('response.json'));
      return model.getValue().replaceAll(/\s/g, '') === text.replaceAll(/\s/g, '');
    }, JSON.stringify(body));
    return { request: response.request(), headers: response.headers(), status: response.status(), body };
  }

  // fact returns what the bar above the answer says of it.
  fact(name) {
    return this.page.locator(`.bar [data-fact="${name}"]`);
  }

  // facts returns all of the bar's facts by name.
  async facts() {
    const facts = await this.page.locator('.bar [data-fact]').all();
    return Object.fromEntries(
      await Promise.all(facts.map(async (fact) => [await fact.getAttribute('data-fact'), await fact.innerText()])),
    );
  }

  // shown returns the part of the response that can be seen.
  async shown() {
    const lines = await this.page.locator('.graphiql-response .view-lines').innerText();
    return lines.replaceAll('\u00a0', ' ');
  }
}

const isAnswer = (response) => response.url().endsWith('/graphql');
export const isIntrospection = (response) => isAnswer(response) && response.request().postData().includes('IntrospectionQuery');

// exactly returns a pattern for a text, but for the white space that the editor adds to a pasted one.
function exactly(text) {
  const escaped = text.trim().replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^\\s*${escaped.replaceAll(/\s+/g, '\\s+')}\\s*$`);
}
