// Engagements with every outcome that an accuracy market has.
import { contracts, statement } from '../dist/read.mjs';
import { HOUR, Tree, creation, ACCEPTS_ALL } from './chain.mjs';
import { keccak256, concatHex } from 'viem/utils';

const { hash, tag, word } = statement;
const MARKET = 'IAccuracyMarket';
const MODE = { CLEAR: 0, FULL: 1, SIMPLE: 2 };
const LABEL = 3;

export async function registerModel(chain, mp, uri, nonce = 0n) {
  const verifier = await chain.deploy(mp, creation(ACCEPTS_ALL));
  const record = {
    mp, verifier, verifierCodehash: keccak256(await chain.rpc('eth_getCode', verifier, 'latest')), vkDigest: chain.freshHash(),
    weightsCommit: chain.fresh(), metric: 0, classes: 10, inputWords: 7, wordsPerHash: 2, uri,
  };
  const stake = await chain.view('IModelRegistry', chain.registry, 'stakeRequired');
  const { event } = await chain.send(mp, 'IModelRegistry', chain.registry, 'register', [record, chain.freshHash(), nonce], stake);
  const { modelId, modelHash } = event('ModelRegistered');
  return { id: modelId, hash: modelHash, mp, record };
}

// One engagement, moved along by its parties.
export class Engagement {
  static async open(chain, model, mc, { mode = 'CLEAR', optimistic = false, targetBps = 7500 } = {}) {
    const terms = await chain.view(MARKET, chain.market, 'terms');
    const params = await chain.view('IAccuracyTerms', terms, 'params');
    const e = Object.assign(new Engagement(), { chain, model, mc, mode, params });
    e.entry = 2n * BigInt(params.n1 + params.n2) * params.priceInput + params.prices.fee;
    e.examples = Array.from({ length: params.n1 + params.n2 }, () => ({ inputCommit: chain.fresh(), leafSalt: chain.freshHash() }));
    e.leaves = e.examples.map(({ inputCommit, leafSalt }, i) => hash(tag('test'), i, inputCommit, LABEL, leafSalt));
    e.tree = new Tree(e.leaves);
    e.salt = chain.freshHash();
    const offer = {
      modelId: model.id, modelHash: model.hash, mode: MODE[mode], adjudication: optimistic ? 1 : 0, testRoot: e.tree.root,
      mcSaltHash: mode === 'FULL' ? hash(tag('salt'), e.salt) : word(0), targetBps, expiry: (await chain.now()) + BigInt(HOUR) / 2n,
    };
    const { event } = await chain.send(mc, MARKET, chain.market, 'open', [offer], e.entry);
    ({ id: e.id, offerHash: e.guard } = event('Offered'));
    return e;
  }

  call(from, name, args, value) {
    return this.chain.send(from, MARKET, this.chain.market, name, [this.id, ...args], value);
  }

  async accept() {
    await this.call(this.model.mp, 'accept', [this.guard], this.entry);
    return this;
  }

  // Chunks of junk under a root: nobody here reads them.
  async commit() {
    const each = 1 + Math.ceil(7 / this.params.transfer.wordsPerChunk);
    this.chunks = this.examples.flatMap(() =>
      Array.from({ length: each }, (_, c) => Array.from({ length: c === 0 ? 5 : 1 + this.params.transfer.wordsPerChunk }, () => this.chain.freshHash())),
    );
    this.cipher = new Tree(this.chunks.map((words, i) => hash(tag('cipher'), i, keccak256(concatHex(words)))));
    await this.call(this.mc, 'commitTransfer', [this.guard, this.cipher.root]);
    this.guard = this.cipher.root;
    return this;
  }

  async ack() {
    this.mpSeed = this.chain.freshHash();
    await this.call(this.model.mp, 'ack', [this.guard, this.mpSeed]);
    this.guard = this.mpSeed;
    return this;
  }

  async reveal() {
    if (this.mode === 'FULL') {
      const keys = concatHex(Array.from({ length: this.params.n1 }, () => this.chain.freshHash()));
      await this.call(this.mc, 'revealA', [this.guard, this.salt, keys]);
      this.seed = hash(tag('seed'), this.id, this.tree.root, this.cipher.root, this.mpSeed, this.salt);
      this.guard = keccak256(keys);
    } else await this.revealMaster('revealAll');
    return this;
  }

  async revealMaster(name) {
    this.master = this.chain.freshHash();
    await this.call(this.mc, name, [this.guard, this.master]);
    this.guard = keccak256(this.master);
  }

  async proceed() {
    await this.call(this.model.mp, 'proceed', [this.guard]);
    if (this.mode === 'FULL') {
      this.guard = this.seed;
      await this.revealMaster('revealB');
    }
    return this;
  }

  // To Proving, from Offered.
  async toProving() {
    await this.accept();
    if (this.mode !== 'CLEAR') await (await (await this.commit()).ack()).reveal();
    return this.proceed();
  }

  item(position) {
    const n = this.examples.length;
    const place = this.mode === 'FULL' ? this.params.n1 + position : position;
    const index = this.mode === 'FULL' ? statement.shuffled(this.seed, place, n) : place;
    return { position, ...this.examples[index], label: LABEL, path: this.tree.path(index), output: BigInt(LABEL), proof: concatHex([this.chain.freshHash(), this.chain.freshHash()]) };
  }

  async prove(count) {
    await this.call(this.model.mp, 'submitProofs', [Array.from({ length: count }, (_, p) => this.item(p))]);
    return this;
  }

  async post(bitmap) {
    this.bitmap = bitmap;
    await this.call(this.model.mp, 'postResult', [this.guard, bitmap]);
    this.guard = keccak256(bitmap);
    return this;
  }

  async challenge(from, position) {
    const { challengeBond } = this.params.claim;
    await this.call(from, 'challenge', [this.bitmap, position], from === this.mc ? challengeBond : challengeBond + this.params.prices.proof);
    return this;
  }
}

export async function accuracyHistory(chain, model, other, [consumer, second, watcher]) {
  const found = {};
  const open = (options, mc = consumer, of = model) => Engagement.open(chain, of, mc, options);
  const keep = (name, e) => {
    found[name] = e.id;
    return e;
  };
  const SIMPLE = { mode: 'SIMPLE', optimistic: true };
  const { mp } = model;

  const proven = keep('proven', await open({}));
  await (await proven.toProving()).prove(3);
  await (await keep('provenFull', await open({ mode: 'FULL' }, second)).toProving()).prove(3);
  await (await keep('selfDealt', await open({}, mp)).toProving()).prove(3);

  const optimistic = keep('optimistic', await open(SIMPLE, second));
  await (await optimistic.toProving()).post('0x07');
  await optimistic.challenge(watcher, 1);
  await optimistic.call(mp, 'answer', [optimistic.item(1)]);
  await chain.pass(3 * HOUR);
  await optimistic.call(watcher, 'finalize', []);

  const early = keep('early', await open(SIMPLE));
  await (await early.toProving()).post('0x0f');
  await early.call(consumer, 'acceptResult', [early.guard]);

  const demanded = keep('demanded', await open(SIMPLE));
  await (await demanded.toProving()).post('0x0f');
  await demanded.call(consumer, 'demandFull', [demanded.guard], (3n * demanded.params.claim.challengeBond) / 2n);
  await demanded.call(mp, 'submitDemanded', [demanded.bitmap, [0, 1, 2].map((p) => demanded.item(p))]);

  const fault = keep('fault', await open(SIMPLE, second));
  await (await fault.toProving()).post('0x0f');
  await fault.challenge(watcher, 2);
  await chain.pass(3 * HOUR);
  await fault.call(watcher, 'timeoutChallenge', [2]);
  // What a fault burns is put back, so that the model can go on.
  const { priceInput, n1, faultStrikes } = fault.params;
  await chain.send(mp, 'IModelRegistry', chain.registry, 'topUp', [model.id], BigInt(faultStrikes) * BigInt(n1) * priceInput);

  const failed = keep('failed', await open({}));
  await failed.toProving();
  await failed.call(mp, 'concede', [failed.guard]);

  const abort = await keep('abort', await open({})).accept();
  await abort.call(mp, 'abort', [abort.guard]);

  const badData = keep('badData', await open(SIMPLE, second));
  await (await (await (await badData.accept()).commit()).ack()).reveal();
  const evidence = {
    claim: 0, chunk: 0n, first: { cipherWords: badData.chunks[0], path: badData.cipher.path(0) },
    second: { cipherWords: [], path: [] }, leaf: badData.leaves[0], leafPath: badData.tree.path(0),
  };
  await badData.call(watcher, 'proveBadData', [0n, badData.master, evidence]);

  const settled = await keep('settled', await open({})).accept();
  const escrow = 2n * (settled.entry - settled.params.prices.fee);
  await settled.call(consumer, 'agreeClose', [settled.guard, escrow / 2n, escrow / 2n]);
  await settled.call(mp, 'agreeClose', [settled.guard, escrow / 2n, escrow / 2n]);

  const cancelled = keep('cancelled', await open({}));
  await cancelled.call(consumer, 'cancel', []);

  const mcSilent = await keep('mcSilent', await open(SIMPLE)).accept();
  const noAck = await (await keep('noAck', await open(SIMPLE)).accept()).commit();
  const mpSilent = await keep('mpSilent', await open({}, second)).accept();
  await chain.pass(3 * HOUR);
  for (const e of [mcSilent, noAck, mpSilent]) await e.call(watcher, 'timeout', []);
  await chain.send(mp, 'IModelRegistry', chain.registry, 'topUp', [model.id], BigInt(n1) * priceInput);

  const elsewhere = keep('elsewhere', await open({}, consumer, other));
  await (await elsewhere.toProving()).prove(4);
  return found;
}

// What is still open at the end.
export async function openEngagements(chain, model, [consumer, , watcher]) {
  const offered = await Engagement.open(chain, model, consumer);
  const claimed = await Engagement.open(chain, model, consumer, { mode: 'SIMPLE', optimistic: true });
  await (await claimed.toProving()).post('0x07');
  await claimed.challenge(watcher, 0);
  return { offered: offered.id, claimed: claimed.id };
}
export { contracts };
