// An upstream that knows the documented order, and one of each site with the same number, and remembers
// what it was asked for.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

const sample = readFileSync(join(import.meta.dirname, '../../upstream/sandbox/fixtures/01_documented_sample.json'));

// documented is the order that the upstream knows; as a JavaScript number it would lose its last digits.
export const documented = '58218860983545941';
// twin is the number of an order of each site. All that they hold has the same number, but says the site.
export const twin = '193441303243969811';
// unknownAccount is an order that is refused with the upstream's code 103.
export const unknownAccount = '103';

const twinOf = (webSite) => JSON.stringify({
  status: 0,
  data: {
    deduct_money: 1,
    result: {
      base_info: { id_of_str: twin, status: webSite === 'CN_1688' ? 'success' : 'cancel' },
      product_items: [{
        sub_item_idstring: twin, name: `line of ${webSite}`, status: 'terminated', product_id: webSite === 'CN_1688' ? 1688 : 2000,
      }],
      native_logistics: { logistics_items: [{ id: twin, logistics_bill_no: `tracking of ${webSite}` }] },
    },
  },
});

const refusal = JSON.stringify({ data: [], status: 103, msg: '旺旺账号不存在' });

// startUpstream serves at a free port. calls has the id of each order that was asked for, as sent.
export async function startUpstream() {
  const calls = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) {
      body += part;
    }
    // Not JSON.parse: it would round the id.
    const id = /"order_id":\s*(\d+)/.exec(body)?.[1];
    const webSite = /"web_site":\s*"alibaba"/.test(body) ? 'ALIBABA' : 'CN_1688';
    calls.push({ id, authorization: request.headers.authorization });
    response.setHeader('Content-Type', 'application/json');
    const orders = { [documented]: sample, [twin]: twinOf(webSite) };
    response.end(orders[id] ?? refusal);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}/order`,
    calls,
    stop: () => server.close(),
  };
}
