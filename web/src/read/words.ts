/** What the program says of sentences, names of values and limits: `protocol/tests/page.rs` writes the file. Its numbers are for tests. */
import { delta, devnet, enums, most, sentences } from './words.json';

const words = { delta, devnet, enums, most, sentences };
export type Words = typeof words;
export default words;
