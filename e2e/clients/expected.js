// What every client must show of the documented order.
import assert from 'node:assert/strict';
import { documented } from './upstream.js';

// assertDocumented fails unless every digit and every character arrived.
export function assertDocumented(order) {
  assert.equal(order.id, documented);
  assert.equal(order.webSite, 'CN_1688');
  assert.equal(order.status, 'WAIT_BUYER_RECEIVE');
  assert.deepEqual([order.total.amount, order.total.currencyCode], ['6.15', 'CNY']);
  assert.equal(order.createdAt, '2017-09-13T23:17:08-07:00');
  assert.equal(order.buyer.contact.companyName, '阿里巴巴网络科技有限公司');
  assert.equal(order.recipient.fullName, '童恩杰');
}
