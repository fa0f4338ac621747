import { invalid, tokenise, type Token } from './token.ts';

const deepest = 50;

/** A place in a filter's tokens. Every complaint is a FILTER_INVALID that points there. */
export class Cursor {
	readonly source: string;
	readonly #tokens: readonly Token[];
	#at = 0;
	#depth = 0;

	constructor(source: string) {
		this.source = source;
		this.#tokens = tokenise(source);
	}

	get next(): Token {
		return this.#tokens[this.#at]!;
	}

	take(): Token {
		return this.#tokens[this.#at++]!;
	}

	/** Whether that keyword comes next. */
	sees(word: string): boolean {
		return this.next.kind === 'name' && this.next.text === word;
	}

	/** Takes that keyword or symbol, if it comes next. */
	accept(word: string): boolean {
		const { kind, text } = this.next;
		if ((kind !== 'name' && kind !== 'symbol') || text !== word) return false;
		this.#at++;
		return true;
	}

	expect(word: string): void {
		if (!this.accept(word)) throw this.unexpected(`"${word.toUpperCase()}"`);
	}

	/** What comes next is not what was wanted. */
	unexpected(wanted: string, token = this.next) {
		const found = token.kind === 'end' ? 'the filter ends' : `"${token.text}" stands`;
		return invalid(this.source, token, `Here ${found} where ${wanted} should be.`);
	}

	/** Reads one level further down. */
	deeper<T>(read: () => T): T {
		if (++this.#depth > deepest) {
			throw invalid(this.source, this.next, `A filter nests at most ${deepest} deep.`);
		}
		const result = read();
		this.#depth--;
		return result;
	}

	/** Characters from `offset` to the end of the last token that was taken. */
	lengthFrom(offset: number): number {
		const last = this.#tokens[this.#at - 1]!;
		return last.offset + last.length - offset;
	}
}
