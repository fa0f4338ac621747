/** An array as Postgres keeps it: its items in one row, and the length and first index of each dimension. */
export interface ArrayValue<T = unknown> {
	readonly lengths: readonly number[];
	readonly firsts: readonly number[];
	readonly items: readonly (T | null)[];
}

/** As Postgres prints it: `{1,NULL,"a \"b\""}`, nested, with bounds before it. Undefined where it is none. */
export function parseArrayText<T>(
	text: string,
	read: (item: string) => T | undefined
): ArrayValue<T> | undefined {
	const { firsts, body } = boundsOf(text.trim());
	const parsed = new ArrayReader(body, read).read();
	if (!parsed) return undefined;
	if (firsts && firsts.length !== parsed.lengths.length) return undefined;
	return { ...parsed, firsts: firsts ?? parsed.lengths.map(() => 1) };
}

function boundsOf(text: string): { firsts: number[] | undefined; body: string } {
	const match = /^((?:\[-?\d+:-?\d+\])+)=/.exec(text);
	if (!match) return { firsts: undefined, body: text };
	const firsts = [...match[1]!.matchAll(/\[(-?\d+):/g)].map((bound) => Number(bound[1]));
	return { firsts, body: text.slice(match[0].length) };
}

class ArrayReader<T> {
	readonly #text: string;
	readonly #read: (item: string) => T | undefined;
	readonly #items: (T | null)[] = [];
	readonly #lengths: (number | undefined)[];
	#at = 0;

	constructor(text: string, read: (item: string) => T | undefined) {
		this.#text = text;
		this.#read = read;
		// It has as many dimensions as it begins with braces.
		const braces = /^(?:\s*\{)*/.exec(text)![0].replace(/\s/g, '').length;
		this.#lengths = Array.from({ length: Math.min(braces, 6) });
	}

	read(): { lengths: number[]; items: (T | null)[] } | undefined {
		if (this.#text.replace(/\s/g, '') === '{}') return { lengths: [], items: [] };
		if (this.#lengths.length === 0 || !this.#list(0) || this.#at !== this.#text.length) return undefined;
		return { lengths: this.#lengths as number[], items: this.#items };
	}

	#list(depth: number): boolean {
		if (!this.#take('{')) return false;
		const isDeepest = depth === this.#lengths.length - 1;
		let count = 0;
		do {
			this.#space();
			if (!(isDeepest ? this.#item() : this.#list(depth + 1))) return false;
			count++;
			this.#space();
		} while (this.#take(','));
		const length = (this.#lengths[depth] ??= count);
		return this.#take('}') && length === count;
	}

	#item(): boolean {
		const item = this.#text[this.#at] === '"' ? this.#quoted() : this.#bare();
		if (item === undefined) return false;
		const value = item === null ? null : this.#read(item);
		if (value !== undefined) this.#items.push(value);
		return value !== undefined;
	}

	#quoted(): string | undefined {
		let value = '';
		for (this.#at++; this.#text[this.#at] !== '"'; this.#at++) {
			if (this.#text[this.#at] === '\\') this.#at++;
			const character = this.#text[this.#at];
			if (character === undefined) return undefined;
			value += character;
		}
		this.#at++;
		return value;
	}

	#bare(): string | null | undefined {
		const match = /(?:[^{},"\\]|\\[^])+/y;
		match.lastIndex = this.#at;
		const raw = match.exec(this.#text)?.[0];
		if (raw === undefined || raw.trim() === '') return undefined;
		this.#at += raw.length;
		if (raw.trim().toLowerCase() === 'null') return null;
		return raw.trim().replace(/\\([^])/g, '$1');
	}

	#space(): void {
		while (/\s/.test(this.#text[this.#at] ?? '')) this.#at++;
	}

	#take(character: string): boolean {
		if (this.#text[this.#at] !== character) return false;
		this.#at++;
		return true;
	}
}

/** The array's text, of items whose texts are given. */
export function printArray(array: ArrayValue<string>): string {
	if (array.lengths.length === 0) return '{}';
	const bounds = array.firsts.some((first) => first !== 1)
		? `${array.firsts.map((first, i) => `[${first}:${first + array.lengths[i]! - 1}]`).join('')}=`
		: '';
	let at = 0;
	const list = (depth: number): string => {
		const parts: string[] = [];
		for (let i = 0; i < array.lengths[depth]!; i++) {
			parts.push(depth + 1 < array.lengths.length ? list(depth + 1) : printItem(array.items[at++]!));
		}
		return `{${parts.join(',')}}`;
	};
	return bounds + list(0);
}

function printItem(item: string | null): string {
	return item === null ? 'NULL' : `"${item.replace(/["\\]/g, '\\$&')}"`;
}

/** An array of one dimension; of none where it is empty. */
export function listOf<T>(items: readonly (T | null)[]): ArrayValue<T> {
	return items.length === 0
		? { lengths: [], firsts: [], items }
		: { lengths: [items.length], firsts: [1], items };
}

/** The item at these indexes; null where there is none, or where they are not one for each dimension. */
export function itemAt<T>(array: ArrayValue<T>, indexes: readonly number[]): T | null {
	if (indexes.length !== array.lengths.length || indexes.length === 0) return null;
	let place = 0;
	for (const [dimension, index] of indexes.entries()) {
		const at = index - array.firsts[dimension]!;
		if (at < 0 || at >= array.lengths[dimension]!) return null;
		place = place * array.lengths[dimension]! + at;
	}
	return array.items[place] ?? null;
}
