// Many changes of one Rust file in one build: each stands beside what it changes, and a number chooses one when the program starts.
//
// `a + b` with changes 7 and 8 becomes `match chosen() { 7 => a - b, 8 => a * b, _ => a + b }`. What a change stands beside is the smallest
// expression around it; where the compiler refuses that, the next larger one, and in the end none: such a change needs its own build.
'use strict';

/** Larger expressions tried after the smallest. */
const WIDER = 3;
const CLOSING = {'(': ')', '[': ']', '{': '}'};

/** The text with comments and strings blanked out: as long as the text. */
function blanked(text) {
  return text.replace(/\/\/[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])'/g, (match) => match.replace(/[^\n]/g, match[0] === '/' ? ' ' : '_'));
}

/** The closing bracket of each opening one, by place. */
function brackets(code) {
  const closing = new Map();
  const open = [];
  for (let i = 0; i < code.length; i += 1) {
    if (CLOSING[code[i]]) open.push(i);
    else if (Object.values(CLOSING).includes(code[i])) closing.set(open.pop(), i);
  }
  return closing;
}

/** Whether a statement goes on after a block that ends before `place`. */
const goesOn = (code, place) => !/^ *\n\s*(?![.?)\]}]|else\b|[-+*/&|=<>]+\s)/.test(code.slice(place, place + 200));

const at = (pattern, code, place) => {
  pattern.lastIndex = place;
  return pattern.exec(code)?.[0] ?? null;
};
const ASSIGNED = / (?:[-+*/%&|^]|<<|>>)?=\s/y;
const HEADER = /\b(?:if|while|match|in)\s/y;
const CLOSURE = /(?:move )?\|[^|\n]*\| /y;
const FIELD = /\s*(?!crate\b)\w+: /y;

/**
 * The expression around `[start, end)` directly inside the bracket at `open`, `inner` being the bracket further in that holds the place, if
 * any.
 */
function expression(code, closing, open, inner, start, end) {
  // Where the expression begins, where its statement does, and whether a block would end it.
  let [first, statement, header] = [open + 1, open + 1, false];
  const begin = (place) => {
    [first, statement, header] = [place, place, false];
    const field = at(FIELD, code, place);
    if (field && place + field.length <= start) first = place + field.length;
  };
  begin(open + 1);
  const limit = inner ?? start;
  for (let i = open + 1; i < limit;) {
    const token = [ASSIGNED, HEADER, CLOSURE].map((pattern) => at(pattern, code, i));
    const [assigned, keyword, closure] = token.map((text) => (text && i + text.length <= start ? text : null));
    if (CLOSING[code[i]]) {
      const block = code[i] === '{';
      i = closing.get(i) + 1;
      if (block) header = false;
      if (block && !goesOn(code, i)) begin(i);
    } else if (',;'.includes(code[i])) begin(i += 1);
    else if (code.startsWith('=> ', i)) begin(i += 3);
    else if (code.startsWith('return ', i)) begin(i += 7);
    else if (assigned) {
      i += assigned.length;
      first = i;
      if (!header) statement = i;
    } else if (keyword) {
      [first, header] = [i += keyword.length, true];
    } else if (closure && /(?:[(,=]|=>)\s*$/.test(code.slice(open, i))) begin(i += closure.length);
    else i += 1;
  }
  if (inner !== null && code[inner] === '{' && header) [first, header] = [statement, false];
  let last = Math.max(end, inner === null ? end : closing.get(inner) + 1);
  if (inner !== null && code[inner] === '{' && !goesOn(code, last)) return [first, last];
  while (last < closing.get(open)) {
    if (',;'.includes(code[last]) || code.startsWith(' =>', last)) break;
    if (header && code.startsWith(' {', last)) break;
    if (CLOSING[code[last]]) {
      const block = code[last] === '{';
      last = closing.get(last) + 1;
      if (block && !goesOn(code, last)) break;
    } else last += 1;
  }
  return [first, last];
}

/** What stands between a block and the statement or item before it. */
function head(code, closing, block) {
  const opening = new Map([...closing].map(([open, close]) => [close, open]));
  let first = block;
  while (first > 0 && !';{}'.includes(code[first - 1]) && !CLOSING[code[first - 1]]) first = opening.get(first - 1) ?? first - 1;
  return code.slice(first, block);
}

/** The expressions around a change, the smallest first. */
function expressions(code, closing, start, end) {
  const around = [...closing].filter(([open, close]) => open < start && close >= end).map(([open]) => open).sort((a, b) => a - b);
  const blocks = around.map((open) => (code[open] === '{' ? head(code, closing, open) : ''));
  if (blocks.some((text) => /\bconst fn\b/.test(text))) return [];
  const constant = blocks.findIndex((text) => /\bconst\s*$/.test(text));
  const running = blocks.findIndex((text) => /\bfn\b/.test(text));
  const found = [];
  for (let i = (constant >= 0 ? constant : around.length) - 1; i >= Math.max(running, 0) && running >= 0; i -= 1) {
    let [first, last] = expression(code, closing, around[i], around[i + 1] ?? null, start, end);
    while (/\s/.test(code[first])) first += 1;
    while (/\s/.test(code[last - 1])) last -= 1;
    const larger = !found.length || first < found.at(-1)[0] || last > found.at(-1)[1];
    if (first <= start && last >= end && larger && !/^(?:pub |const |static |let |fn )/.test(code.slice(first))) found.push([first, last]);
  }
  return found.slice(0, 1 + WIDER);
}

/** What a change replaces, `[start, end)` of the text, and by what. */
function replacement(text, changed) {
  let start = 0;
  while (start < changed.length && text[start] === changed[start]) start += 1;
  let end = text.length;
  let length = changed.length;
  while (end > start && length > start && text[end - 1] === changed[length - 1]) [end, length] = [end - 1, length - 1];
  return {start, end, by: changed.slice(start, length)};
}

/** The changes of a file's text that can stand in one build; `numbers[i]` is the number of `changed[i]`. */
class Schemata {
  constructor(text, changed, numbers, chosen) {
    const code = blanked(text);
    const closing = brackets(code);
    this.original = text;
    this.chosen = chosen;
    this.changes = changed.map((other, i) => {
      const {start, end, by} = replacement(text, other);
      return {number: numbers[i], start, end, by, around: expressions(code, closing, start, end)};
    });
  }

  /** The numbers in the build. */
  numbers() {
    return this.changes.filter(({around}) => around.length).map(({number}) => number);
  }

  /** The text with all changes in it. Afterwards `places` has the lines of each: `[first, last, number]`. */
  text() {
    const groups = new Map();
    for (const change of this.changes.filter(({around}) => around.length)) {
      const key = change.around[0].join();
      groups.set(key, [...(groups.get(key) ?? []), change]);
    }
    const all = [...groups.values()].sort(([a], [b]) => a.around[0][0] - b.around[0][0] || b.around[0][1] - a.around[0][1]);
    // Expressions that overlap and do not contain each other: the later one goes.
    const open = [];
    const nested = [];
    for (const group of all) {
      const [first, last] = group[0].around[0];
      while (open.length && open.at(-1)[1] <= first) open.pop();
      if (open.length && open.at(-1)[1] < last) group.forEach((change) => change.around.shift());
      else {
        open.push([first, last]);
        nested.push({first, last, group});
      }
    }
    this.places = [];
    let out = '';
    let line = 1;
    const write = (text) => {
      out += text;
      line += text.split('\n').length - 1;
    };
    const upTo = (from, to, rest) => {
      let place = from;
      while (rest.length && rest[0].first < to) {
        const {first, last, group} = rest.shift();
        write(this.original.slice(place, first));
        const before = line;
        write(`match ${this.chosen} {\n`);
        for (const {number, start, end, by} of group) {
          const here = line;
          write(`${number} => ${this.original.slice(first, start)}${by}${this.original.slice(end, last)}\n,\n`);
          this.places.push([here, line - 1, number]);
        }
        write('_ => ');
        upTo(first, last, rest);
        write('\n}');
        group.forEach(({number}) => this.places.push([before, line, number]));
        place = last;
      }
      write(this.original.slice(place, to));
    };
    upTo(0, this.original.length, nested);
    return out;
  }

  /**
   * For each error, given by its lines, the changes of the smallest range with one of them take their next expression. Whether there are
   * any.
   */
  refuse(errors) {
    const refused = new Set(errors.flatMap((lines) => {
      const there = this.places.filter(([first, last]) => lines.some((line) => line >= first && line <= last));
      const smallest = Math.min(...there.map(([first, last]) => last - first));
      return there.filter(([first, last]) => last - first === smallest).map(([, , number]) => number);
    }));
    this.changes.filter(({number}) => refused.has(number)).forEach(({around}) => around.shift());
    return refused.size > 0;
  }
}

module.exports = {Schemata};
