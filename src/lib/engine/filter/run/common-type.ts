import { elementOf, isArray, isFloat, isInteger, isMoment, isNumber } from '../sql-type.ts';
import type { ScalarType, SqlType } from '../types.ts';

const integers: readonly SqlType[] = ['smallint', 'integer', 'bigint'];

/** The type that two numbers meet at in an operator. */
export function commonNumber(a: SqlType, b: SqlType): SqlType {
	if (a === b) return a;
	if (isFloat(a) || isFloat(b)) return 'double precision';
	if (isInteger(a) && isInteger(b)) return integers[Math.max(integers.indexOf(a), integers.indexOf(b))]!;
	return 'numeric';
}

const moments: readonly SqlType[] = ['date', 'timestamp', 'timestamptz'];

/** The type that both can be made; undefined where there is none. */
export function commonType(a: SqlType, b: SqlType): SqlType | undefined {
	if (a === b) return a;
	if (isNumber(a) && isNumber(b)) return commonNumber(a, b);
	if (isMoment(a) && isMoment(b)) return moments[Math.max(moments.indexOf(a), moments.indexOf(b))];
	const texts = [a, b].every((type) => type === 'text' || type === 'character');
	return texts ? 'text' : undefined;
}

/** The same for a list whose undefined members take the type of the others; `text` where all do. */
export function commonOf(types: readonly (SqlType | undefined)[]): SqlType | undefined {
	const known = types.filter((type) => type !== undefined);
	if (known.length === 0) return 'text';
	let common: SqlType | undefined = known[0];
	for (const type of known.slice(1)) common = common && commonType(common, type);
	return common;
}

export function arrayOf(type: SqlType): SqlType {
	return isArray(type) ? type : (`${elementOf(type)}[]` as `${ScalarType}[]`);
}
