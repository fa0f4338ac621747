import { invalid, type Place } from '../errors.ts';
import { commonOf } from '../run/common-type.ts';
import type { Syntax } from '../syntax/tree.ts';
import type { Expression, FilterColumn, SqlType } from '../types.ts';
import { asType, conditionOf, mismatch, ownType, typeOf, type Term } from './term.ts';

/** What the checking of one filter's parts shares. */
export interface Checking {
	readonly source: string;
	readonly columns: ReadonlyMap<string, FilterColumn>;
	/** Whether text may be ordered as the database does: then nothing but the database can do it. */
	readonly databaseOrder: boolean;
	/** Columns that were met. */
	readonly used: Set<string>;
	/** Whether the database's order was needed. */
	usesDatabaseOrder: boolean;
	/** Gives every part its type, as Postgres would. Throws FILTER_INVALID. */
	term(syntax: Syntax): Term;
}

/** What must be a condition. */
export function checkCondition(checking: Checking, syntax: Syntax): Expression {
	return conditionOf(checking.source, checking.term(syntax));
}

export function findColumn({ source, columns, used }: Checking, name: string, place: Place): FilterColumn {
	const column = columns.get(name);
	if (column) {
		used.add(name);
		return column;
	}
	const known = [...columns.keys()].slice(0, 30).join(', ');
	throw invalid(source, place, `There is no column ${name}.`, known ? `Columns: ${known}.` : undefined);
}

/** The type that all these meet at. */
export function unified(source: string, terms: readonly Term[]): SqlType {
	const type = commonOf(terms.map(typeOf));
	if (type !== undefined) return terms.some((term) => typeOf(term) !== undefined) ? type : ownType(terms[0]!);
	const other = terms.find((term) => !commonOf([typeOf(terms[0]!), typeOf(term)]));
	throw mismatch(source, terms[0]!, other ?? terms.at(-1)!);
}

/** The term as that type, cast where it has another. */
export function madeOf(source: string, term: Term, type: SqlType): Expression {
	const expression = asType(source, term, type);
	return expression.type === type ? expression : { op: 'cast', type, of: expression };
}
