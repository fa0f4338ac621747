import { unreachable } from '#kernel';
import { castType } from './normalise.ts';
import { resolve, resolvePattern } from './resolve.ts';
import type { Constant, Expression, Filter, FilterEnv, Operand } from './types.ts';

export interface SqlText {
	/** A boolean expression in parentheses. */
	readonly text: string;
	readonly values: (string | null)[];
}

export interface SqlPlace {
	/** Number of the first parameter; 1 unless told. */
	readonly first?: number;
	/** Written before every column: `v` gives `v."status"`. */
	readonly alias?: string;
}

/**
 * The filter as SQL. Every value is a parameter, cast to the column's type; columns are quoted. Throws
 * FILTER_VALUE, FILTER_PARAMETER.
 */
export function toSql(filter: Filter, env: FilterEnv, place: SqlPlace = {}): SqlText {
	const values: (string | null)[] = [];
	const first = place.first ?? 1;
	const prefix = place.alias === undefined ? '' : `${place.alias}.`;
	const text = print(filter.expression, {
		column: (name) => prefix + quoteName(name),
		constant: (constant) => bind(constant, resolve(constant, env)),
		pattern: (constant) => bind(constant, resolvePattern(constant, env)),
		bag: (items) => items
	});
	return { text: `(${text})`, values };

	function bind(constant: Constant, value: string | null): string {
		values.push(value);
		return `$${first + values.length - 1}::${castType(constant.type, value)}`;
	}
}

/** How the leaves of an expression are written. */
export interface Printer {
	column(name: string): string;
	constant(constant: Constant): string;
	pattern(constant: Constant): string;
	/** Parts whose order has no meaning. */
	bag(items: string[]): string[];
}

/** The expression in SQL's syntax, every compound part in parentheses. */
export function print(expression: Expression, printer: Printer): string {
	const operand = (value: Operand) =>
		value.kind === 'column' ? printer.column(value.name) : printer.constant(value);
	const not = (negated: boolean) => (negated ? 'NOT ' : '');
	switch (expression.op) {
		case 'and':
		case 'or': {
			const parts = printer.bag(expression.of.map((part) => `(${print(part, printer)})`));
			if (parts.length === 0) return expression.op === 'and' ? 'TRUE' : 'FALSE';
			return parts.join(expression.op === 'and' ? ' AND ' : ' OR ');
		}
		case 'not':
			return `NOT (${print(expression.of, printer)})`;
		case 'compare':
			return `${operand(expression.left)} ${expression.operator} ${operand(expression.right)}`;
		case 'null':
			return `${operand(expression.value)} IS ${not(expression.negated)}NULL`;
		case 'in': {
			const value = operand(expression.value);
			return `${value} ${not(expression.negated)}IN (${printer.bag(expression.list.map(operand)).join(', ')})`;
		}
		case 'like': {
			const value = operand(expression.value);
			const pattern = printer.pattern(expression.pattern);
			// one meaning of lower case on every server, and in here
			const [word, collation] = expression.ignoreCase
				? ['ILIKE', ' COLLATE pg_catalog.pg_c_utf8']
				: ['LIKE', ''];
			return `${value} ${not(expression.negated)}${word} ${pattern}${collation}`;
		}
		case 'truth':
			return operand(expression.value);
		default:
			return unreachable(expression);
	}
}

export function quoteName(name: string): string {
	return `"${name.replaceAll('"', '""')}"`;
}
