import { notYet } from '../refusal.ts';
import type { GroupColumn } from './group-columns.ts';

/** A value of each type that stands in for NULL, so that groups with NULL can be looked up by an index. */
const standIns: Readonly<Record<string, string>> = {
	text: `''::text`,
	'character varying': `''::varchar`,
	bpchar: `''::bpchar`,
	smallint: '0::smallint',
	integer: '0::integer',
	bigint: '0::bigint',
	numeric: '0::numeric',
	real: '0::real',
	'double precision': '0::double precision',
	boolean: 'false',
	uuid: `'00000000-0000-0000-0000-000000000000'::uuid`,
	date: `'2000-01-01'::date`,
	'time without time zone': `'00:00'::time`,
	'timestamp without time zone': `'2000-01-01 00:00:00'::timestamp`,
	'timestamp with time zone': `'2000-01-01 00:00:00+00'::timestamptz`,
	interval: `'0'::interval`,
	bytea: `''::bytea`,
	jsonb: `'null'::jsonb`
};

/**
 * Terms that are equal for the same group, NULL being equal to NULL; never NULL, and good for an index.
 * `row` is an alias, '' for a table's own columns, or prints a column.
 */
export function groupTerms(
	columns: readonly GroupColumn[],
	row: string | ((name: string) => string)
): string[] {
	const print = typeof row === 'string' ? (name: string) => (row === '' ? name : `${row}.${name}`) : row;
	return columns.flatMap(({ name, type, nullable }) => {
		const column = print(name);
		if (!nullable) return [column];
		return [`(COALESCE(${column}, ${standIn(type)}))`, `(${column} IS NULL)`];
	});
}

/** Throws a Refusal for types that have none. */
export function standIn(type: string): string {
	const known = standIns[type] ?? (type.endsWith('[]') ? `'\\x7b}'::${type}` : undefined);
	if (known === undefined) notYet(undefined, `groups by ${type}`, 'Cast it to text in GROUP BY and SELECT.');
	return known.startsWith(`'\\`) ? `E${known}` : known;
}

/** Types whose values may be longer than an index takes, some 2,700 bytes: they are found by their hash. */
const hashes: Readonly<Record<string, string>> = {
	text: 'hashtextextended',
	'character varying': 'hashtextextended',
	bpchar: 'hashbpcharextended',
	bytea: 'hashbyteaextended',
	numeric: 'hash_numeric_extended',
	jsonb: 'jsonb_hash_extended'
};

function hashFunction(type: string): string | undefined {
	return type.endsWith('[]') ? 'hash_array_extended' : hashes[type];
}

/** Whether an index may not take a value as it is. */
export function mayBeLong(type: string): boolean {
	return hashFunction(type) !== undefined;
}

/** What an index has of a value. */
export function indexTerm(value: string, type: string): string {
	const hash = hashFunction(type);
	return hash ? `${hash}(${value}, 0)` : value;
}

/** Whether two values are equal, in a way that such an index serves. */
export function sameValue(one: string, other: string, type: string): string {
	const term = indexTerm(one, type);
	const same = `${one} = ${other}`;
	return term === one ? same : `${term} = ${indexTerm(other, type)} AND ${same}`;
}

/** An index takes 32 columns: past so many terms a group is found by the hash of all. */
const widest = 8;

/** What an index is made of that finds groups by these columns. */
export function groupIndex(columns: readonly GroupColumn[]): { terms: string[]; isUnique: boolean } {
	const terms = groupTerms(columns, '');
	if (terms.length > widest) return { terms: [hashOf(terms)], isUnique: false };
	const own = columns.flatMap((column) => {
		const [value, ...isNull] = groupTerms([column], '');
		return [indexTerm(value!, column.type), ...isNull];
	});
	// groups of one hash may be different ones
	return { terms: own, isUnique: !columns.some(({ type }) => mayBeLong(type)) };
}

/** Whether rows (aliases) are of the same group, in a way that such an index serves. */
export function sameGroup(columns: readonly GroupColumn[], one: string, other: string): string {
	return sameTerms(columns, columns, one, other);
}

/** The same where the columns have other names in the other row. */
export function sameTerms(
	columns: readonly GroupColumn[],
	others: readonly GroupColumn[],
	one: string,
	other: string
): string {
	const [terms, otherTerms] = [groupTerms(columns, one), groupTerms(others, other)];
	const isWide = terms.length > widest;
	const equal = columns.flatMap((column, index) => {
		const [value, isNull] = groupTerms([column], one);
		const [otherValue, otherNull] = groupTerms([others[index]!], other);
		const same = isWide ? `${value} = ${otherValue}` : sameValue(value!, otherValue!, column.type);
		return isNull ? [same, `${isNull} = ${otherNull}`] : [same];
	});
	const whole = isWide ? [`${hashOf(terms)} = ${hashOf(otherTerms)}`] : [];
	return [...whole, ...equal].join(' AND ') || 'true';
}

function hashOf(terms: readonly string[]): string {
	return `hash_record_extended(ROW(${terms.join(', ')}), 0)`;
}
