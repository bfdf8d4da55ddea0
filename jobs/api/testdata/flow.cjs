// Takes one campaign from enqueue to the archive with the client that a public generator
// has made from /openapi.json: node flow.cjs CLIENT ADDRESS KEY
const { createHash } = require('node:crypto');
const assert = require('node:assert/strict');
const [client, address, key] = process.argv.slice(2);
const api = require(client);
api.OpenAPI.BASE = address;
api.OpenAPI.TOKEN = key;

const pdf = Buffer.from('%PDF-1.7\n<</Type/Page>>\nGenerated\n%%EOF\n').toString('base64');
const envelope = (id, more) => ({
  id, provider: 'certyneo', subject: `Contract ${id}`,
  documents: [{ name: 'contract.pdf', content: pdf }],
  signers: [{ name: 'Rita Generated', email: `rita.${id}@example.com` }],
  ...more,
});

(async () => {
  const campaign = 'generated';
  const accepted = await api.enqueueCampaign({ requestBody: { campaign, envelopes: [envelope('1'), envelope('2')] } });
  assert.equal(accepted.new, 2);
  const one = await api.enqueueEnvelope({ campaign, requestBody: envelope('3', { meta: { order: '42' } }) });
  assert.equal(one.meta.order, '42');
  await assert.rejects(api.enqueueEnvelope({ campaign, requestBody: envelope('3', { subject: 'Another' }) }),
    (e) => e.status === 409 && e.body.title === 'Conflict');
  await assert.rejects(api.enqueueEnvelope({ campaign, requestBody: envelope('4', { subject: '' }) }),
    (e) => e.status === 422 && e.body.errors[0].field === 'subject');

  for (let tries = 0; ; tries++) {
    const status = await api.getCampaign({ campaign });
    if (status.states.archived === 3) break;
    assert(tries < 300, `after ${tries} looks: ${JSON.stringify(status)}`);
    await new Promise((done) => setTimeout(done, 100));
  }
  let files = 0;
  for (let cursor; ;) {
    const page = await api.listEnvelopes({ campaign, limit: 2, state: 'archived', cursor });
    for (const e of page.envelopes) {
      assert.equal(e.error, null);
      for (const a of e.artifacts) {
        const blob = await api.getArtifact({ campaign, id: e.id, name: a.key.split('/').pop() });
        assert.equal(createHash('sha256').update(Buffer.from(await blob.arrayBuffer())).digest('hex'), a.sha256);
        files++;
      }
    }
    if (page.next === null) break;
    cursor = page.next;
  }
  assert(files >= 3);
  console.log(`${files} files`);
})().catch((e) => { console.error(e); process.exit(1); });
