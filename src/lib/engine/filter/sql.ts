import { unreachable } from '#kernel';
import { isOperator } from './run/resolve.ts';
import { isLike } from './run/text.ts';
import { resolveConstant, resolvePattern } from './resolve-constant.ts';
import type { Constant, Expression, Filter, FilterEnv, OpaqueColumn } from './types.ts';
import { isConstant, mayFail, writtenOut } from './walk.ts';

export interface SqlText {
	/** A boolean expression in parentheses. */
	readonly text: string;
	readonly values: (string | null)[];
	/** Whether some rows make Postgres answer with an error. */
	readonly mayFail: boolean;
}

export interface SqlPlace {
	/** Number of the first parameter; 1 unless told. */
	readonly first?: number;
	/** Written before every column: `v` gives `v."status"`. */
	readonly alias?: string;
}

/**
 * The filter as SQL. Every value is a parameter, cast to its type; columns are quoted. A filter that may
 * fail is evaluated in the order in which it is written, as in here: it is one condition that the planner
 * does not take apart. Throws FILTER_VALUE, FILTER_PARAMETER.
 */
export function toSql(filter: Filter, env: FilterEnv, place: SqlPlace = {}): SqlText {
	const values: (string | null)[] = [];
	const first = place.first ?? 1;
	const prefix = place.alias === undefined ? '' : `${place.alias}.`;
	const bind = (constant: Constant, value: string | null) => {
		values.push(value);
		return `$${first + values.length - 1}::${constant.type}`;
	};
	const text = print(filter.expression, {
		column: (name) => prefix + quoteName(name),
		constant: (constant) => bind(constant, resolveConstant(constant, env)),
		pattern: (constant) => bind(constant, resolvePattern(constant, env)),
		bag: (items) => items
	});
	const fails = mayFail(filter.expression);
	return { text: fails ? `((${text}) IS TRUE)` : `(${text})`, values, mayFail: fails };
}

/** How the leaves of an expression are written. */
export interface Printer {
	column(name: string): string;
	constant(constant: Constant): string;
	pattern(constant: Constant): string;
	/** Parts whose order has no meaning. */
	bag(items: string[]): string[];
}

/** One meaning of upper and lower case on every server, and in here. */
const caseMapping = 'COLLATE pg_catalog.pg_c_utf8';

/** The expression in SQL's syntax, every compound part in parentheses. */
export function print(expression: Expression | OpaqueColumn, printer: Printer): string {
	const part = (inner: Expression | OpaqueColumn) => operand(inner, printer);
	switch (expression.op) {
		case 'literal':
		case 'principal':
		case 'param':
		case 'position':
			return printer.constant(expression);
		case 'column':
		case 'opaque':
			return printer.column(expression.name);
		case 'and':
		case 'or':
			return printLogic(expression, printer);
		case 'not':
			return `NOT ${part(expression.of)}`;
		case 'null':
			return `${part(expression.of)} IS ${not(expression.negated)}NULL`;
		case 'truth': {
			const word = expression.value === null ? 'UNKNOWN' : String(expression.value).toUpperCase();
			return `${part(expression.of)} IS ${not(expression.negated)}${word}`;
		}
		case 'distinct':
			return `${part(expression.left)} IS ${not(expression.negated)}DISTINCT FROM ${part(expression.right)}`;
		case 'in':
			return printIn(expression, printer);
		case 'quantified':
			return printQuantified(expression, printer);
		case 'call':
			return printCall(expression, printer);
		case 'cast':
			return `${part(expression.of)}::${expression.type}`;
		case 'collate':
			return `${part(expression.of)} COLLATE "C"`;
		case 'case': {
			const branches = expression.branches.map(({ when, then }) => `WHEN ${part(when)} THEN ${part(then)}`);
			return `CASE ${branches.join(' ')} ELSE ${part(expression.otherwise)} END`;
		}
		case 'nullif':
			return `NULLIF(${part(expression.left)}, ${part(expression.right)})`;
		case 'array':
			return `ARRAY[${expression.of.map(part).join(', ')}]::${expression.type}`;
		case 'subscript':
			return `(${part(expression.array)})${expression.indexes.map((index) => `[${part(index)}]`).join('')}`;
		case 'coalesce':
		case 'greatest':
		case 'least':
		case 'concat':
			return `${expression.op.toUpperCase()}(${expression.of.map(part).join(', ')})`;
		default:
			return unreachable(expression);
	}
}

/** A part of something larger: in parentheses, unless it is plainly one thing. */
function operand(expression: Expression | OpaqueColumn, printer: Printer): string {
	const text = print(expression, printer);
	const isOne = expression.op === 'column' || expression.op === 'opaque' || isConstant(expression);
	return isOne ? text : `(${text})`;
}

function not(negated: boolean): string {
	return negated ? 'NOT ' : '';
}

function printLogic({ op, of }: Extract<Expression, { op: 'and' | 'or' }>, printer: Printer): string {
	const parts = of.map((part) => `(${print(part, printer)})`);
	if (parts.length === 0) return op === 'and' ? 'TRUE' : 'FALSE';
	const ordered = of.some(mayFail) ? parts : printer.bag(parts);
	return ordered.join(op === 'and' ? ' AND ' : ' OR ');
}

function printIn(expression: Extract<Expression, { op: 'in' }>, printer: Printer): string {
	const written = writtenOut(expression);
	if (written) return print(written, printer);
	const { value, list, negated } = expression;
	const left = operand(value, printer);
	const items = printer.bag(list.map((item) => operand(item, printer)));
	return `${left} ${not(negated)}IN (${items.join(', ')})`;
}

function printQuantified(expression: Extract<Expression, { op: 'quantified' }>, printer: Printer): string {
	const { operator, all, left, array } = expression;
	const list = `${all ? 'ALL' : 'ANY'} (${operand(array, printer)})`;
	const value = operand(left, printer);
	return isCaseless(operator)
		? `${value} ${caseMapping} ${operator} ${list}`
		: `${value} ${operator} ${list}`;
}

function isCaseless(name: string): boolean {
	return name === 'ilike' || name.endsWith('~~*');
}

const likeWords: Readonly<Record<string, string>> = {
	'~~': 'LIKE',
	'!~~': 'NOT LIKE',
	'~~*': 'ILIKE',
	'!~~*': 'NOT ILIKE',
	like: 'LIKE',
	notlike: 'NOT LIKE',
	ilike: 'ILIKE'
};

function printCall({ name, of }: Extract<Expression, { op: 'call' }>, printer: Printer): string {
	if (isLike(name)) return printLike(name, of, printer);
	const parts = of.map((part) => operand(part, printer));
	if (name === 'lower' || name === 'upper') return `${name}(${parts[0]} ${caseMapping})`;
	if (!isOperator(name)) return `${name}(${parts.join(', ')})`;
	if (parts.length === 1) return `${name} ${parts[0]}`;
	return `${parts[0]} ${name} ${parts[1]}`;
}

function printLike(name: string, [value, pattern]: readonly Expression[], printer: Printer): string {
	const right = isConstant(pattern!) ? printer.pattern(pattern) : operand(pattern!, printer);
	const collation = isCaseless(name) ? ` ${caseMapping}` : '';
	return `${operand(value!, printer)} ${likeWords[name]} ${right}${collation}`;
}

export function quoteName(name: string): string {
	return `"${name.replaceAll('"', '""')}"`;
}
