// One line of a source file changed at a time.
'use strict';

const fs = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '../..');

/**
 * The changes of a file. `select` gives each line as `{line, code}`, where only `code` is changed; `alternatives` gives what may take a
 * line's place. Each change has a name, the file, its changed text and the line's number.
 */
function changes(file, select, alternatives) {
  const text = fs.readFileSync(path.join(ROOT, file), 'utf8');
  const lines = select(text.split('\n'));
  const seen = new Map();
  return lines.flatMap(({line, code}, number) => (code ? alternatives(line) : []).map((changed) => {
    const all = lines.map((l) => l.line);
    all[number] = changed;
    const base = `${file}: ${line.trim()} => ${changed.trim() || '(removed)'}`;
    // The same change on two equal lines keeps apart by the line's number among its equals.
    const same = seen.get(base) ?? 0;
    seen.set(base, same + 1);
    return {name: same ? `${base} #${same + 1}` : base, file, text: all.join('\n'), number: number + 1};
  }));
}

/** A line with one match of a rule's pattern replaced, for each match of each rule; `open` tells whether a place may change. */
function replaced(line, rules, open = () => true) {
  return rules.flatMap(([pattern, other]) => [...line.matchAll(pattern)].filter((match) => open(match.index)).map((match) => {
    const token = typeof other === 'function' ? other(match[0]) : other;
    return line.slice(0, match.index) + token + line.slice(match.index + match[0].length);
  })).filter((changed) => changed !== line);
}

module.exports = {ROOT, changes, replaced};
