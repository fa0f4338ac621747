import { viewTypes, type Node, type TypeName } from '#engine/sql';
import { notYet, refuse } from './refusal.ts';

/** A type of a cast: its bare name, and its SQL. Throws a Refusal for types that views do not know. */
export function typeText(type: TypeName | undefined): { name: string; sql: string } {
	const at = type?.location;
	const path = (type?.names ?? []).map((part) => ('String' in part ? (part.String.sval ?? '') : ''));
	const name = path.at(-1) ?? '';
	if (
		(path.length > 1 && path[0] !== 'pg_catalog') ||
		!viewTypes.has(name) ||
		type?.setof ||
		type?.pct_type
	) {
		refuse(
			at,
			'VIEW_TYPE',
			`A view cannot cast to ${path.join('.')}.`,
			'Types are text, boolean, integer, bigint, numeric, real, double precision, uuid, date, time, timestamp, timestamptz, interval, bytea and jsonb, and arrays of them.'
		);
	}
	const modifiers = (type?.typmods ?? []).map((modifier) => modifierText(name, modifier, at));
	const size = modifiers.length > 0 ? `(${modifiers.join(', ')})` : '';
	const array = (type?.arrayBounds ?? []).length > 0 ? '[]' : '';
	return { name, sql: `pg_catalog.${name}${size}${array}` };
}

function modifierText(type: string, modifier: Node, at: number | undefined): string {
	const value = 'A_Const' in modifier ? modifier.A_Const.ival : undefined;
	if (!value || !/^(numeric|varchar|bpchar)$/.test(type))
		notYet(at, `a precision of ${type}`, 'Leave it out.');
	return String(value.ival ?? 0);
}
