// Usage: node web/history/play.mjs URL DEPLOYED.json
//
// Plays engagements, rounds and audits with every outcome on a fresh devnet, whose contracts DEPLOYED.json names as
// `assay devnet up --json` prints them. Prints the ids by name as one JSON document.
import { readFileSync } from 'node:fs';
import { accuracyHistory, openEngagements, registerModel } from './accuracy.mjs';
import { auditHistory, commitCorpus } from './audits.mjs';
import { Chain } from './chain.mjs';
import { openRounds, roundHistory } from './rounds.mjs';

const [url, file] = process.argv.slice(2);
const { registry, market, corpora, retrieval } = JSON.parse(readFileSync(file, 'utf8'));
const chain = await Chain.at(url, { registry, market, corpora, retrieval });
chain.prediction = await chain.view('IModelRegistry', registry, 'prediction');
const [provider, consumer, second, watcher, authority, source, responder, requester] = chain.accounts;

// What strangers write may be anything.
const HOSTILE = '<script>document.title="owned"</script>\u202e<img src=x onerror="document.title=\'owned\'">\n javascript:alert(1)\u0007';
const model = await registerModel(chain, provider, 'https://example.org/digits.arch.json');
const hostile = await registerModel(chain, provider, HOSTILE, 1n);
const parties = [consumer, second, watcher];
const engagements = await accuracyHistory(chain, model, hostile, parties);
const rounds = await roundHistory(chain, model, parties);

const corpus = await commitCorpus(chain, responder, 40, `ipfs://bafybei/corpus ${HOSTILE}`);
const empty = await commitCorpus(chain, responder, 5, '');
for (const from of [source, responder]) {
  await chain.send(from, 'ICorpusRegistry', corpora, 'attest', [corpus.id, corpus.tree.root, chain.freshHash(), HOSTILE]);
}
const audits = await auditHistory(chain, corpus, [responder, requester, authority, second]);
Object.assign(engagements, await openEngagements(chain, model, parties));
Object.assign(rounds, await openRounds(chain, model, parties));

console.log(JSON.stringify({
  registry, market, corpora, retrieval, prediction: chain.prediction.toLowerCase(),
  accounts: { provider, consumer, second, watcher, authority, source, responder, requester },
  codehash: model.record.verifierCodehash,
  models: { digits: model.id, hostile: hostile.id },
  engagements, rounds, corpusIds: { archive: corpus.id, empty: empty.id }, audits,
}, null, 1));
