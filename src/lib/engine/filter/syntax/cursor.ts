import { invalid, syntaxError, type Place } from '../errors.ts';
import { tokenise, type Token } from './token.ts';

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

	/** The token after the next one. */
	get second(): Token {
		return this.#tokens[this.#at + 1] ?? this.next;
	}

	take(): Token {
		return this.#tokens[this.#at++]!;
	}

	/** Whether that keyword comes next. */
	sees(word: string): boolean {
		return this.next.kind === 'name' && this.next.text === word;
	}

	/** Whether these keywords come next, one after the other. */
	seesBoth(first: string, second: string): boolean {
		return this.sees(first) && this.second.kind === 'name' && this.second.text === second;
	}

	/** Takes that keyword, operator or symbol, if it comes next. */
	accept(word: string): boolean {
		const { kind, text } = this.next;
		const isWord = kind === 'name' || kind === 'symbol' || kind === 'operator';
		if (!isWord || text !== word) return false;
		this.#at++;
		return true;
	}

	expect(word: string): void {
		if (!this.accept(word)) throw this.unexpected(`"${word.toUpperCase()}"`);
	}

	/** What comes next is not what was wanted. */
	unexpected(wanted: string, token = this.next) {
		const { source } = this;
		const found = token.kind === 'end' ? 'the filter ends' : `"${token.text}" stands`;
		const near = source.slice(token.offset, token.offset + token.length);
		return syntaxError(source, token, `Here ${found} where ${wanted} should be.`, near);
	}

	refused(place: Place, message: string, hint?: string) {
		return invalid(this.source, place, message, hint);
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

	/** From `offset` to the end of the last token that was taken. */
	placeFrom(offset: number): Place {
		const last = this.#tokens[this.#at - 1]!;
		return { offset, length: last.offset + last.length - offset };
	}
}
