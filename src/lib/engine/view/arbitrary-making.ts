import type { Choice } from './arbitrary-choice.ts';
import type { Expr, Order, Query } from './arbitrary-syntax.ts';
import { isExact, isOrdered, type Type } from './arbitrary-values.ts';

/** What the generators of queries and of expressions share. */

export interface Column {
	readonly name: string;
	readonly type: Type;
	/** Whether the rows determine its text, not only what it equals. */
	readonly steady: boolean;
}

/** What FROM can name. */
export interface NamedRelation {
	readonly name: string;
	readonly source: 'table' | 'cte' | 'view';
	readonly columns: readonly Column[];
	/** Columns that together tell its rows apart, where they do. */
	readonly identity?: readonly string[];
}

/** A relation in FROM, under its alias. */
export interface Relation extends Omit<NamedRelation, 'name' | 'source'> {
	readonly alias: string;
	/** A table as it is: its identity is its primary key. */
	readonly isTable?: boolean;
}

/** A part that an expression can be made of. */
export interface Made {
	readonly expr: Expr;
	readonly steady: boolean;
}

/** A query with what it yields. */
export interface MadeQuery {
	readonly query: Query;
	readonly columns: readonly Column[];
	readonly identity?: readonly string[];
}

/** What an expression may be made of at its place. */
export interface Scope {
	readonly atoms: readonly Made[];
	/** Of the queries around this one. */
	readonly outer: readonly Made[];
	/** Makes an aggregate or a call over a window, where one may stand. */
	readonly special?: (type: Type, steady: boolean) => Made | undefined;
}

/**
 * Constructs that a view may have and another does without, so that each view has few of them: more kinds
 * of views, and those that are refused tell why.
 */
export const optionalConstructs = [
	'join',
	'left join',
	'right join',
	'full join',
	'cross join',
	'using',
	'lateral',
	'exists',
	'in',
	'quantified',
	'scalar',
	'subquery',
	'cte',
	'values',
	'unnest',
	'distinct',
	'distinct on',
	'union',
	'intersect',
	'except',
	'group',
	'having',
	'filter',
	'aggregate distinct',
	'aggregate order',
	'within',
	'grouping sets',
	'window',
	'top-k',
	'json',
	'case',
	'view'
] as const;
export type Optional = (typeof optionalConstructs)[number];

export interface Making {
	readonly choice: Choice;
	readonly tables: readonly NamedRelation[];
	readonly palette: ReadonlySet<Optional>;
	/** How many more relations may be read. */
	budget: number;
	aliases: number;
	/** A query for a subquery: of these types; at most one row where it is `single`. */
	subquery(scope: Scope, types: readonly Type[], single: boolean): Query;
}

/** Whether the view has the construct and there is room for another relation. */
export function mayNest(making: Making, construct: Optional): boolean {
	return making.palette.has(construct) && making.budget > 0;
}

export function newAlias(making: Making): string {
	return `t${++making.aliases}`;
}

export function atomsOf(relations: readonly Relation[]): Made[] {
	return relations.flatMap(({ alias, columns }) =>
		columns.map(({ name, type, steady }): Made => ({ expr: { kind: 'column', type, alias, name }, steady }))
	);
}

/** Puts every row of the relations in its place; rows that tie are equal in all columns. */
export function totalOrder(relations: readonly Relation[]): Order[] {
	return relations.flatMap(({ alias, columns, identity }) =>
		columns
			.filter(({ name }) => !identity || identity.includes(name))
			.flatMap(({ name, type, steady }): Order[] => {
				const expr: Expr = { kind: 'column', type, alias, name };
				const text: Expr = { kind: 'call', type: 'text', template: '$0::text', args: [expr] };
				if (!isOrdered(type)) return [{ expr: text }];
				return identity || isExact(type) || !steady ? [{ expr }] : [{ expr }, { expr: text }];
			})
	);
}
