import type { ColumnInfo, ShapeSchema } from './columns.ts';
import { parseIdentifier, splitOutsideQuotes } from './identifier.ts';
import type { Value, ValueRow } from './values.ts';

/** One term of a binding's order. */
export interface OrderTerm {
	readonly column: string;
	readonly descending: boolean;
	/** As in SQL: first where descending, last where ascending, unless told. */
	readonly nullsFirst: boolean;
	/** How text is ordered; absent: as the database does. */
	readonly collation?: Collation;
}

/** `en-x-icu` is the order of pages, on the server and in the browser; `C` that of code points. */
export type Collation = 'C' | 'en-x-icu';

const pattern =
	/^("(?:[^"]|"")+"|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)(?:\s+collate\s+"(C|en-x-icu)")?(?:\s+(asc|desc))?(?:\s+nulls\s+(first|last))?$/i;

/** `opened_at desc nulls last`; undefined where it is none. */
export function parseOrderTerm(text: string): OrderTerm | undefined {
	const match = pattern.exec(text.trim());
	const column = match && parseIdentifier(match[1]!);
	if (!match || column === undefined || column === null) return undefined;
	const collation = match[2] as Collation | undefined;
	const descending = match[3]?.toLowerCase() === 'desc';
	const nulls = match[4]?.toLowerCase();
	const nullsFirst = nulls === undefined ? descending : nulls === 'first';
	return { column, descending, nullsFirst, ...(collation === undefined ? {} : { collation }) };
}

/** `"title" DESC, id`, or `key()` for the order of keys alone; undefined where a part of it is no term. */
export function parseOrderBy(text: string): readonly OrderTerm[] | undefined {
	if (text.trim() === 'key()') return [];
	const terms = splitOutsideQuotes(text, ',').map(parseOrderTerm);
	return terms.every((term) => term !== undefined) ? terms : undefined;
}

export interface KeyedRow {
	readonly key: string;
	readonly value: ValueRow;
}

/** A total order: the terms, then the key. The same on the server and in the browser. */
export function compareRows(terms: readonly OrderTerm[], schema: ShapeSchema) {
	const compares = terms.map((term) => compareTerm(term, schema[term.column]));
	return (a: KeyedRow, b: KeyedRow): number => {
		for (const compare of compares) {
			const order = compare(a.value, b.value);
			if (order !== 0) return order;
		}
		return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
	};
}

function compareTerm(term: OrderTerm, column: ColumnInfo | undefined) {
	const compare = compareOf(column);
	const nullSign = term.nullsFirst ? -1 : 1;
	const sign = term.descending ? -1 : 1;
	return (rowA: ValueRow, rowB: ValueRow): number => {
		const a = rowA[term.column] ?? null;
		const b = rowB[term.column] ?? null;
		if (a === null || b === null) return a === b ? 0 : a === null ? nullSign : -nullSign;
		return sign * compare(a, b);
	};
}

const collator = new Intl.Collator('en');

/** The collation of Postgres that orders a column as `compareRows` does; undefined where it has none. */
export function collationOf(column: ColumnInfo | undefined): Collation | undefined {
	const isText = ['text', 'varchar', 'bpchar'].includes(column?.type ?? '');
	return isText && !column?.dims ? 'en-x-icu' : undefined;
}

function compareOf(column: ColumnInfo | undefined): (a: Value, b: Value) => number {
	switch (column?.dims ? 'array' : column?.type) {
		case 'int2':
		case 'int4':
		case 'int8':
		case 'numeric':
		case 'float4':
		case 'float8':
		case 'bool':
			return (a, b) => Number(a) - Number(b);
		case 'timestamptz':
		case 'timestamp':
			// Without its Z, so that `…25` comes before `…25.5`.
			return (a, b) => compareText(String(a).replace('Z', ''), String(b).replace('Z', ''));
		case 'text':
		case 'varchar':
		case 'bpchar':
			return (a, b) => collator.compare(String(a), String(b));
		default:
			return (a, b) => compareText(String(a), String(b));
	}
}

function compareText(a: string, b: string): number {
	return a < b ? -1 : a > b ? 1 : 0;
}
