import type { Type } from './arbitrary-values.ts';

/** The SELECTs of random views as trees, so that they can be shrunk, and their SQL. */

export type Query = Select | SetOperation;

interface Tail {
	readonly ctes: readonly Cte[];
	readonly order: readonly Order[];
	readonly limit?: number;
	readonly offset?: number;
	/** WITH TIES: all that are equal to the last. */
	readonly ties?: boolean;
}

export interface Select extends Tail {
	readonly kind: 'select';
	/** `all`: DISTINCT; expressions: DISTINCT ON. */
	readonly distinct?: 'all' | readonly Expr[];
	readonly items: readonly Item[];
	readonly from: readonly From[];
	/** Terms of an AND, as `having`. */
	readonly where: readonly Expr[];
	readonly groups: readonly Group[];
	readonly having: readonly Expr[];
	readonly windows: readonly { readonly name: string; readonly window: Window }[];
}

export interface SetOperation extends Tail {
	readonly kind: 'set';
	readonly operator: 'UNION' | 'INTERSECT' | 'EXCEPT';
	readonly all: boolean;
	readonly left: Query;
	readonly right: Query;
}

export interface Cte {
	readonly name: string;
	readonly query: Query;
	readonly materialized?: boolean;
}

export interface Item {
	readonly name: string;
	readonly expr: Expr;
}

export interface Order {
	readonly expr: Expr;
	readonly descending?: boolean;
	readonly nulls?: 'FIRST' | 'LAST';
}

export interface Group {
	/** `sets`: each list of `sets` is a grouping set. */
	readonly kind: 'plain' | 'rollup' | 'cube' | 'sets';
	readonly exprs: readonly Expr[];
	readonly sets?: readonly (readonly number[])[];
}

export type From =
	| {
			readonly kind: 'table';
			readonly name: string;
			readonly alias: string;
			readonly source: 'table' | 'cte' | 'view';
	  }
	| { readonly kind: 'query'; readonly query: Query; readonly alias: string; readonly lateral: boolean }
	/** Rows of a function or of VALUES. */
	| {
			readonly kind: 'rows';
			readonly expr: Expr;
			readonly alias: string;
			readonly columns: readonly string[];
			readonly construct: string;
	  }
	| Join;

export interface Join {
	readonly kind: 'join';
	readonly type: 'JOIN' | 'LEFT JOIN' | 'RIGHT JOIN' | 'FULL JOIN' | 'CROSS JOIN';
	readonly left: From;
	readonly right: From;
	readonly on: readonly Expr[];
	readonly using?: readonly string[];
}

export interface Window {
	readonly partition: readonly Expr[];
	readonly order: readonly Order[];
	readonly frame?: string;
}

export type Expr =
	| { readonly kind: 'column'; readonly type: Type; readonly alias: string; readonly name: string }
	| { readonly kind: 'value'; readonly type: Type; readonly sql: string }
	/** `$0`, `$1` … in the template stand for the arguments. */
	| {
			readonly kind: 'call';
			readonly type: Type;
			readonly template: string;
			readonly args: readonly Expr[];
			readonly construct?: string;
	  }
	/** `list`: ARRAY of the one column of all rows, in its own order. */
	| { readonly kind: 'scalar'; readonly type: Type; readonly query: Query; readonly list?: boolean }
	| { readonly kind: 'exists'; readonly type: 'boolean'; readonly negated: boolean; readonly query: Query }
	/** `operator` is IN, NOT IN, = ANY, < ALL … */
	| {
			readonly kind: 'in';
			readonly type: 'boolean';
			readonly operator: string;
			readonly left: readonly Expr[];
			readonly query: Query;
	  }
	| {
			readonly kind: 'aggregate';
			readonly type: Type;
			readonly template: string;
			readonly args: readonly Expr[];
			readonly distinct: boolean;
			readonly order: readonly Order[];
			/** WITHIN GROUP (ORDER BY …). */
			readonly within: readonly Order[];
			readonly filter?: Expr;
	  }
	| {
			readonly kind: 'window';
			readonly type: Type;
			readonly template: string;
			readonly args: readonly Expr[];
			readonly filter?: Expr;
			/** A name of the WINDOW clause, or one of its own. */
			readonly over: string | Window;
	  };

export function querySql(query: Query): string {
	const ctes = query.ctes.map(({ name, query: inner, materialized }) => {
		const word = materialized === undefined ? '' : materialized ? 'MATERIALIZED ' : 'NOT MATERIALIZED ';
		return `${name} AS ${word}(${querySql(inner)})`;
	});
	const body = query.kind === 'select' ? selectSql(query) : setSql(query);
	return [ctes.length > 0 ? `WITH ${ctes.join(', ')} ` : '', body, tailSql(query)].join('');
}

function tailSql({ order, limit, offset, ties }: Query): string {
	const parts = [orderSql(order)];
	if (offset !== undefined) parts.push(` OFFSET ${offset}`);
	if (limit !== undefined) parts.push(ties ? ` FETCH FIRST ${limit} ROWS WITH TIES` : ` LIMIT ${limit}`);
	return parts.join('');
}

function orderSql(order: readonly Order[]): string {
	if (order.length === 0) return '';
	const items = order.map(
		({ expr, descending, nulls }) =>
			exprSql(expr) + (descending ? ' DESC' : '') + (nulls ? ` NULLS ${nulls}` : '')
	);
	return ` ORDER BY ${items.join(', ')}`;
}

function selectSql(select: Select): string {
	const { distinct, items, from, where, groups, having, windows } = select;
	const words =
		distinct === undefined
			? ''
			: distinct === 'all'
				? 'DISTINCT '
				: `DISTINCT ON (${distinct.map(exprSql).join(', ')}) `;
	const list = items.map(({ name, expr }) => `${exprSql(expr)} AS ${name}`);
	const parts = [`SELECT ${words}${list.join(', ')}`];
	if (from.length > 0) parts.push(`FROM ${from.map(fromSql).join(', ')}`);
	if (where.length > 0) parts.push(`WHERE ${conjunction(where)}`);
	if (groups.length > 0) parts.push(`GROUP BY ${groups.map(groupSql).join(', ')}`);
	if (having.length > 0) parts.push(`HAVING ${conjunction(having)}`);
	if (windows.length > 0)
		parts.push(`WINDOW ${windows.map(({ name, window }) => `${name} AS ${windowSql(window)}`).join(', ')}`);
	return parts.join(' ');
}

function conjunction(terms: readonly Expr[]): string {
	return terms.map((term) => `(${exprSql(term)})`).join(' AND ');
}

function groupSql({ kind, exprs, sets }: Group): string {
	const list = exprs.map(exprSql);
	if (kind === 'sets')
		return `GROUPING SETS (${(sets ?? []).map((set) => `(${set.map((index) => list[index]).join(', ')})`).join(', ')})`;
	return kind === 'plain' ? list.join(', ') : `${kind.toUpperCase()} (${list.join(', ')})`;
}

function setSql({ operator, all, left, right }: SetOperation): string {
	return `(${querySql(left)}) ${operator}${all ? ' ALL' : ''} (${querySql(right)})`;
}

function fromSql(from: From): string {
	switch (from.kind) {
		case 'table':
			return from.alias === from.name ? from.name : `${from.name} AS ${from.alias}`;
		case 'query':
			return `${from.lateral ? 'LATERAL ' : ''}(${querySql(from.query)}) AS ${from.alias}`;
		case 'rows':
			return `${exprSql(from.expr)} AS ${from.alias} (${from.columns.join(', ')})`;
		case 'join': {
			const condition = from.using
				? ` USING (${from.using.join(', ')})`
				: from.type === 'CROSS JOIN'
					? ''
					: ` ON ${from.on.length > 0 ? conjunction(from.on) : 'true'}`;
			const right = from.right.kind === 'join' ? `(${fromSql(from.right)})` : fromSql(from.right);
			return `${fromSql(from.left)} ${from.type} ${right}${condition}`;
		}
	}
}

function windowSql({ partition, order, frame }: Window): string {
	const by = partition.length > 0 ? `PARTITION BY ${partition.map(exprSql).join(', ')}` : '';
	return `(${[by, orderSql(order).trim(), frame ?? ''].filter((part) => part !== '').join(' ')})`;
}

function fill(template: string, args: readonly Expr[]): string {
	return template.replace(/\$(\d)/g, (_, index: string) => exprSql(args[Number(index)]!));
}

export function exprSql(expr: Expr): string {
	switch (expr.kind) {
		case 'column':
			return expr.alias === '' ? expr.name : `${expr.alias}.${expr.name}`;
		case 'value':
			return expr.sql;
		case 'call':
			return fill(expr.template, expr.args);
		case 'scalar':
			return expr.list
				? `ARRAY(SELECT l.o0 FROM (${querySql(expr.query)}) AS l ORDER BY l.o0)`
				: `(${querySql(expr.query)})`;
		case 'exists':
			return `${expr.negated ? 'NOT ' : ''}EXISTS (${querySql(expr.query)})`;
		case 'in': {
			const left = expr.left.map(exprSql).join(', ');
			return `${expr.left.length > 1 ? `(${left})` : left} ${expr.operator} (${querySql(expr.query)})`;
		}
		case 'aggregate': {
			const inner = fill(expr.template, expr.args).replace('DISTINCT?', expr.distinct ? 'DISTINCT ' : '');
			const ordered = inner.replace(/ORDER\?/, orderSql(expr.order));
			const within = expr.within.length > 0 ? ` WITHIN GROUP (${orderSql(expr.within).trim()})` : '';
			return ordered + within + filterSql(expr.filter);
		}
		case 'window': {
			const over = typeof expr.over === 'string' ? expr.over : windowSql(expr.over);
			return `${fill(expr.template, expr.args)}${filterSql(expr.filter)} OVER ${over}`;
		}
	}
}

function filterSql(filter: Expr | undefined): string {
	return filter ? ` FILTER (WHERE ${exprSql(filter)})` : '';
}
