import { literal } from '../expression.ts';

/** Types whose cast to text is what their output function prints. */
const castsPlainly =
	/^(text|character varying|smallint|integer|bigint|numeric|real|double precision|uuid|date|time without time zone|timestamp without time zone|timestamp with time zone|interval|bytea|jsonb)$/;
/** Types whose text never holds a slash. */
const slashless =
	/^(smallint|integer|bigint|numeric|real|double precision|uuid|date|time without time zone|timestamp without time zone|timestamp with time zone|boolean)$/;

/** SQL for a value as its output function prints it, NULL staying NULL. `type` as format_type prints it. */
export function textOf(sql: string, type: string): string {
	if (type === 'boolean') return `(CASE WHEN ${sql} THEN 't' WHEN NOT ${sql} THEN 'f' END)`;
	if (castsPlainly.test(type) || type.endsWith('[]')) return `${sql}::text`;
	return `(CASE WHEN ${sql} IS NOT NULL THEN format('%s', ${sql}) END)`;
}

export interface TypedSql {
	readonly name: string;
	readonly sql: string;
	readonly type: string;
}

/** A row as jsonb of texts. */
export function rowJson(columns: readonly TypedSql[]): string {
	const names = columns.map((column) => literal(column.name));
	const values = columns.map((column) => textOf(column.sql, column.type));
	return `jsonb_object(ARRAY[${names.join(', ')}]::text[], ARRAY[${values.join(', ')}]::text[])`;
}

/** Whether two rows differ in any bit: needs no equality of their types, and NULL is a value like others. */
export function differ(one: readonly string[], other: readonly string[]): string {
	return `ROW(${one.join(', ')})::record *<> ROW(${other.join(', ')})::record`;
}

export interface KeyPart {
	readonly sql: string;
	readonly type: string;
	readonly nullable: boolean;
}

/** The row key as the protocol has it: `"a"/_/"b//c"`. */
export function keyText(parts: readonly KeyPart[]): string {
	return parts.map(keyPart).join(` || '/' || `);
}

function keyPart({ sql, type, nullable }: KeyPart): string {
	const text = textOf(sql, type);
	const escaped = slashless.test(type) ? text : `replace(${text}, '/', '//')`;
	const quoted = `'"' || ${escaped} || '"'`;
	return nullable ? `COALESCE(${quoted}, '_')` : quoted;
}

/** A key that tells nothing of its parts: hashed with the installation's own salt for this view. */
export function opaqueKey(parts: readonly KeyPart[], saltTable: string): string {
	const plain = keyText(parts);
	return `'"' || substr(encode(sha256(convert_to((SELECT x.salt FROM ${saltTable} AS x) || ${plain}, 'UTF8')), 'hex'), 1, 32) || '"'`;
}
