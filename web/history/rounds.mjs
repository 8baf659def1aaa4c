// Rounds of predictions with every outcome.
import { statement } from '../dist/read.mjs';
import { HOUR, Tree } from './chain.mjs';

const { hash, tag } = statement;
const MARKET = 'IPredictionMarket';
const PRIVACY = { PUBLIC: 0, PRIVATE: 1 };
const OUTPUT = 5n;

class Round {
  static async open(chain, model, mc, { privacy = 'PRIVATE', predictions = 6, cap = 3 } = {}) {
    const r = Object.assign(new Round(), { chain, model, mc, privacy, predictions });
    r.params = await chain.view(MARKET, chain.prediction, 'params');
    r.commits = Array.from({ length: predictions }, () => chain.fresh());
    r.inputs = new Tree(r.commits.map((commit, i) => hash(tag('input-leaf'), i, commit)));
    r.deposit = 2n * BigInt(cap) * r.params.priceProof;
    const price = 10n ** 15n;
    const terms = {
      modelId: model.id, modelHash: model.hash, inputRoot: r.inputs.root, predictions, contestCap: cap, mpDeposit: r.deposit, price,
      privacy: PRIVACY[privacy], expiry: (await chain.now()) + BigInt(HOUR) / 2n,
    };
    // Whatever is too much becomes credit.
    const { event } = await chain.send(mc, MARKET, chain.prediction, 'open', [terms], r.deposit + price + r.params.fee + 10n ** 16n);
    ({ id: r.id, offerHash: r.guard } = event('RoundOffered'));
    return r;
  }

  call(from, name, args, value) {
    return this.chain.send(from, MARKET, this.chain.prediction, name, [this.id, ...args], value);
  }

  async serve() {
    this.master = this.chain.freshHash();
    const lanes = this.privacy === 'PRIVATE' ? 1 : 15;
    this.words = Array.from({ length: Math.ceil(this.predictions / lanes) }, (_, w) => {
      const used = Math.min(lanes, this.predictions - w * lanes);
      return Array.from({ length: used }, (_, l) => OUTPUT << BigInt(16 * l)).reduce((a, b) => a | b, 0n);
    });
    this.salts = this.words.map((_, w) => hash(tag('output'), this.master, w));
    this.outputs = new Tree(this.words.map((word, w) => hash(tag('output'), w, word, this.salts[w])));
    await this.call(this.model.mp, 'serve', [this.guard, this.outputs.root], this.deposit + this.params.fee);
    this.guard = this.outputs.root;
    return this;
  }

  async publish() {
    await this.call(this.model.mp, 'publish', [this.guard, this.master, this.words]);
    return this;
  }

  async contest(bitmap) {
    await this.call(this.mc, 'contest', [this.guard, bitmap], 10n ** 17n);
    return this;
  }

  async answer(index) {
    const w = this.privacy === 'PRIVATE' ? index : Math.floor(index / 15);
    const group = {
      indices: [index], inputCommits: [this.commits[index]], inputPaths: [this.inputs.path(index)],
      outputs: [{ word: this.words[w], salt: this.salts[w], path: this.outputs.path(w) }], proof: this.chain.freshHash(),
    };
    await this.call(this.model.mp, 'answer', [[group]]);
    return this;
  }
}

export async function roundHistory(chain, model, [consumer, second, watcher]) {
  const found = {};
  const open = async (name, options, mc = consumer) => {
    const round = await Round.open(chain, model, mc, options);
    found[name] = round.id;
    return round;
  };
  const clean = await (await open('clean', {})).serve();
  await clean.call(consumer, 'confirm', [clean.guard]);

  const upheld = await (await (await open('upheld', { privacy: 'PUBLIC', predictions: 40 }, second)).serve()).publish();
  await (await (await (await upheld.contest('0x0500000080')).answer(0)).answer(2)).answer(39);
  await upheld.call(watcher, 'finalize', []);

  const fault = await (await open('roundFault', {})).serve();
  await (await fault.contest('0x03')).answer(0);
  const silent = await (await open('void', { privacy: 'PUBLIC' }, second)).serve();
  const published = await (await open('published', {}, second)).serve();
  await chain.pass(HOUR + 60);
  await published.publish();
  await chain.pass(2 * HOUR);
  await fault.call(watcher, 'timeout', []);
  await silent.call(watcher, 'timeout', []);
  await published.call(watcher, 'finalize', []);
  const { priceInput, n1 } = await chain.view('IModelRegistry', chain.registry, 'params');
  await chain.send(model.mp, 'IModelRegistry', chain.registry, 'topUp', [model.id], 2n * BigInt(n1) * priceInput);

  const cancelled = await open('roundCancelled', {});
  await cancelled.call(consumer, 'cancel', []);
  return found;
}

export async function openRounds(chain, model, [consumer]) {
  const round = await (await Round.open(chain, model, consumer, { predictions: 20 })).serve();
  await (await round.contest('0x030000')).answer(1);
  return { served: round.id };
}
