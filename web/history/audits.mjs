// Audits of a corpus with every outcome.
import { bn254 } from '@noble/curves/bn254';
import { bytesToHex, keccak256 } from 'viem/utils';
import { statement } from '../dist/read.mjs';
import { ACCEPTS_ALL, HOUR, Tree, creation } from './chain.mjs';

const { hash, tag, word } = statement;
const MARKET = 'IRetrievalMarket';
const NAMED = 2 ** 32 - 1;
const ETHER = 10n ** 18n;

export async function commitCorpus(chain, rs, size, uri) {
  const docs = Array.from({ length: size }, () => ({ commit: chain.fresh(), salt: chain.freshHash() }));
  const tree = new Tree(docs.map(({ commit, salt }, i) => hash(tag('document'), i, commit, 0, salt)));
  const { event } = await chain.send(rs, 'ICorpusRegistry', chain.corpora, 'commit', [tree.root, size, 7, 2, uri]);
  return { id: event('CorpusCommitted').corpusId, rs, size, docs, tree };
}

const point = (k) => {
  const { x, y } = (bn254.G1.Point ?? bn254.G1.ProjectivePoint).BASE.multiply(k).toAffine();
  return { x, y };
};

class Audit {
  static async request(chain, corpus, rq, predicate, { samples = 8, named = 1, ones = 6, withhold = 0, authority = word(0).slice(0, 42), uri = '' } = {}) {
    const a = Object.assign(new Audit(), { chain, corpus, rq, predicate, authority, salt: chain.freshHash() });
    a.bond = ETHER / 20n;
    const terms = {
      corpusId: corpus.id, predicateHash: statement.predicateHash(predicate), samples, namedMax: named, onesMax: ones, withholdMax: withhold,
      saltHash: hash(tag('salt'), a.salt), requesterKey: point(BigInt(++chain.next)), authority, bond: a.bond, price: ETHER / 100n,
      expiry: (await chain.now()) + BigInt(HOUR) / 2n,
    };
    const { event } = await chain.send(rq, MARKET, chain.retrieval, 'request', [terms, predicate, uri], terms.price);
    ({ id: a.id, requestHash: a.guard } = event('AuditRequested'));
    a.samples = samples;
    return a;
  }

  call(from, name, args, value) {
    return this.chain.send(from, MARKET, this.chain.retrieval, name, [this.id, ...args], value);
  }

  async sync() {
    ({ answersHash: this.guard, seed: this.seed } = await this.chain.view(MARKET, this.chain.retrieval, 'audit', this.id));
    return this;
  }

  async accept() {
    await this.call(this.corpus.rs, 'accept', [this.guard], this.bond);
    return this.sync();
  }

  // Answers "match" for these documents; withholds some of them.
  async answer(ones, withheld = []) {
    this.ones = ones;
    const bits = new Uint8Array(Math.ceil(this.corpus.size / 8));
    for (const i of ones) bits[i >> 3] |= 1 << (i & 7);
    this.page = { before: 0, bits: bytesToHex(bits) };
    await this.call(this.corpus.rs, 'postAnswers', [this.guard, [this.page.bits], withheld.length === 0]);
    await this.sync();
    if (withheld.length > 0) {
      await this.call(this.corpus.rs, 'withhold', [this.guard, withheld, [this.page], this.chain.freshHash(), true]);
      await this.sync();
    }
    return this;
  }

  async reveal(named = []) {
    this.named = named;
    await this.call(this.rq, 'reveal', [this.guard, this.salt, named, named.length > 0 ? [this.page] : []]);
    return this.sync();
  }

  get zeros() {
    return Array.from({ length: this.corpus.size }, (_, i) => i).filter((i) => !this.ones.includes(i));
  }

  group(rank, index) {
    const { commit, salt } = this.corpus.docs[index];
    const group = { indices: [index], docCommits: [commit], leafSalts: [salt], paths: [this.corpus.tree.path(index)], proof: this.chain.freshHash() };
    return { ranks: [rank], pages: rank === NAMED ? [] : [this.page], group };
  }

  async prove() {
    const { zeros } = this;
    const drawn = Math.min(this.samples, zeros.length);
    const groups = Array.from({ length: drawn }, (_, j) => this.group(j, zeros[statement.shuffled(this.seed, j, zeros.length)]));
    await this.call(this.corpus.rs, 'submitProofs', [this.predicate, [...groups, ...this.named.map((i) => this.group(NAMED, i))]]);
    return this;
  }

  async demand(indices) {
    const { event } = await this.call(this.rq, 'demand', [this.guard, indices, [this.page]], ETHER / 10n);
    return event('Demanded').m;
  }
}

export async function auditHistory(chain, corpus, [rs, rq, authority, second]) {
  const found = {};
  const verifier = await chain.deploy(rq, creation(ACCEPTS_ALL));
  const predicate = { verifier, verifierCodehash: keccak256(await chain.rpc('eth_getCode', verifier, 'latest')), vkDigest: chain.freshHash(), weightsCommit: chain.fresh() };
  const request = async (name, options, from = rq) => {
    const audit = await Audit.request(chain, corpus, from, predicate, options);
    found[name] = audit.id;
    return audit;
  };

  const confirmed = await (await (await request('sampled', { uri: 'https://example.org/predicate' })).accept()).answer([3, 17, 30]);
  await (await confirmed.reveal([5])).prove();
  const m = await confirmed.demand([17]);
  const listHash = statement.listHash([17]);
  const ctRoot = chain.freshHash();
  await confirmed.call(rs, 'deliver', [m, listHash, ctRoot, point(77n)]);
  await confirmed.call(rq, 'ack', [m, ctRoot]);
  await chain.pass(2 * HOUR);
  await confirmed.call(rq, 'settleDemand', [m]);
  await confirmed.call(rq, 'confirm', [confirmed.guard]);

  const withheld = await request('unconfirmed', { withhold: 2, authority, samples: 12 });
  await withheld.call(authority, 'approve', [withheld.guard]);
  await (await withheld.accept()).answer([3, 17, 30], [3, 30]);
  await withheld.call(authority, 'overrule', [withheld.guard, [30], chain.freshHash()]);
  await (await withheld.reveal()).prove();
  await chain.pass(2 * HOUR);
  await withheld.call(second, 'finalize', []);

  const all = await (await (await request('exhaustive', { samples: 40 })).accept()).answer([3, 17]);
  await (await all.reveal()).prove();
  await all.call(rq, 'confirm', [all.guard]);

  const own = await (await (await request('auditSelfDealt', {}, rs)).accept()).answer([]);
  await (await own.reveal()).prove();
  await own.call(rs, 'confirm', [own.guard]);

  const cancelled = await request('auditCancelled', {});
  await cancelled.call(rq, 'cancelRequest', []);
  const declined = await request('declined', { authority });
  await declined.call(authority, 'approve', [declined.guard]);
  await declined.call(rs, 'decline', [declined.guard, 'We do not answer \u202egnihton\u202c <img src=x onerror=alert(1)>']);

  const violation = await (await (await request('violation', {})).accept()).answer([3]);
  await violation.reveal();
  const unchecked = await (await (await request('unchecked', {})).accept()).answer([3]);
  const timeout = await (await request('timeout', {})).accept();
  await chain.pass(3 * HOUR);
  for (const audit of [violation, unchecked, timeout]) await audit.call(second, 'timeout', []);

  const refused = await (await (await request('notDelivered', {})).accept()).answer([3]);
  await (await refused.reveal()).prove();
  const n = await refused.demand([3]);
  await chain.pass(3 * HOUR);
  await refused.call(second, 'settleDemand', [n]);

  const open = await (await (await request('auditOpen', {})).accept()).answer([9, 10]);
  await open.reveal([0]);
  return found;
}
