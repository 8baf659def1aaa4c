// A devnet that plays a history: accounts that anvil signs for, time that jumps, calls of the contracts by name.
import { code, contracts, statement } from '../dist/read.mjs';

const { hash, tag } = statement;

export class Chain {
  constructor(url, accounts, addresses) {
    this.url = url;
    this.accounts = accounts;
    Object.assign(this, addresses);
    this.next = 0;
  }

  static async at(url, deployed) {
    const chain = new Chain(url, [], deployed);
    chain.accounts = await chain.rpc('eth_accounts');
    return chain;
  }

  async rpc(method, ...params) {
    const sent = await fetch(this.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    });
    const { result, error } = await sent.json();
    if (error) throw new Error(`${method}: ${error.message} ${error.data ?? ''}`);
    return result;
  }

  async view(of, to, name, ...args) {
    const data = await this.rpc('eth_call', { to, data: contracts.encode(of, name, args) }, 'latest');
    return contracts.decode(of, name, data);
  }

  // Sends a call that must succeed; gives the events of its receipt.
  async send(from, of, to, name, args, value = 0n) {
    return this.sendData(from, to, contracts.encode(of, name, args), value, `${of}.${name}`, of);
  }

  async sendData(from, to, data, value, what, of) {
    const call = { from, data, value: `0x${value.toString(16)}`, gas: '0xf42400', ...(to ? { to } : {}) };
    // The node says why a call would revert only when it is asked.
    await this.rpc('eth_call', call, 'latest').catch((error) => {
      throw new Error(`${what}: ${error.message}`);
    });
    const sent = await this.rpc('eth_sendTransaction', call);
    let receipt;
    while (!(receipt = await this.rpc('eth_getTransactionReceipt', sent))) await new Promise((done) => setTimeout(done, 5));
    if (receipt.status !== '0x1') throw new Error(`${what} reverted`);
    const events = receipt.logs.map((log) => of && contracts.event(of, log.topics, log.data)).filter(Boolean);
    return { receipt, events, event: (name) => events.find((one) => one.name === name).args };
  }

  async deploy(from, code) {
    const { receipt } = await this.sendData(from, undefined, code, 0n, 'deploy');
    return receipt.contractAddress;
  }

  async pass(seconds) {
    const { timestamp } = await this.rpc('eth_getBlockByNumber', 'latest', false);
    await this.rpc('evm_setNextBlockTimestamp', Number(timestamp) + seconds);
    await this.rpc('evm_mine');
  }

  async now() {
    return BigInt((await this.rpc('eth_getBlockByNumber', 'latest', false)).timestamp);
  }

  // Words that look random and are the same in every run.
  fresh(below = 2n ** 248n) {
    return BigInt(hash(tag('history'), this.next++)) % below;
  }

  freshHash() {
    return hash(tag('history'), this.next++);
  }
}

export const HOUR = 3600;

// A Merkle tree as contracts/src/libraries/Merkle.sol has it.
export class Tree {
  constructor(leaves) {
    const depth = Math.ceil(Math.log2(leaves.length));
    const padded = [...leaves, ...Array(2 ** depth - leaves.length).fill(hash(tag('empty')))];
    this.levels = [padded];
    for (let level = padded; level.length > 1; this.levels.push(level)) {
      level = Array.from({ length: level.length / 2 }, (_, i) => hash(tag('node'), level[2 * i], level[2 * i + 1]));
    }
    this.root = this.levels.at(-1)[0];
  }

  path(index) {
    return this.levels.slice(0, -1).map((level, j) => level[(index >> j) ^ 1]);
  }
}

// Code that accepts every proof, with the words of the development string behind it, as generated verifiers of a devnet hold them.
export const ACCEPTS_ALL = `600160005260206000f3${statementWords()}`;

function statementWords() {
  return code.DEVELOPMENT_STRING.map((word) => `7f${word}`).join('');
}

export const creation = (runtime) => {
  const length = (runtime.length / 2).toString(16).padStart(4, '0');
  return `0x61${length}600e60003961${length}6000f3${runtime}`;
};
