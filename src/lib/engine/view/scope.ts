import type { CatalogColumn, CatalogTable } from './catalog.ts';
import { columnOf, visibleColumns } from './catalog.ts';
import type { ColumnExpression, CompoundExpression, Expression } from './expression.ts';
import type { Place } from './reading.ts';
import { refuse } from './refusal.ts';
import type { WindowDef } from './window-call.ts';

/** One table of FROM, under the name that the author gave it. */
export interface Source {
	readonly alias: string;
	readonly table: CatalogTable;
	readonly at: number | undefined;
	/** Where it is not a table of the module: its index among the reading's stages. */
	readonly stage?: number;
	/** A row may lack it: the far side of an outer join. */
	readonly nullable?: boolean;
	/** Where it is neither table nor stage: its rows, over sources before it (see `callSource`). */
	readonly call?: CompoundExpression;
}

/** What a name in FROM stands for. */
export interface FromItem {
	readonly alias: string;
	/** The number of the source that its columns are of. */
	readonly source: number;
	readonly columns: readonly FromColumn[];
}

export interface FromColumn {
	readonly name: string;
	readonly expression: Expression;
}

/** A column that JOIN … USING made one. */
export interface MergedColumn extends FromColumn {
	/** Those whose column of that name it stands for. */
	readonly items: readonly FromItem[];
}

/** The names that expressions of one SELECT can use. */
export interface Scope {
	readonly sources: readonly Source[];
	readonly merged: readonly MergedColumn[];
	/** The names in FROM, in order; absent: those of the sources. */
	readonly items?: readonly FromItem[];
	/** Of its WINDOW clause. */
	readonly windows?: readonly WindowDef[];
	/** Number of its first source in expressions: other than those of the scopes around. 0 where there is none. */
	readonly base?: number;
	/** That of the SELECT around, in an expression of which this one stands. */
	readonly outer?: Scope;
	/** Where it is read, for subqueries in its expressions. */
	readonly place?: Place;
}

/** A source by its number in expressions; it may be one of a scope around. */
export function sourceAt(scope: Scope, source: number): Source {
	const { base = 0, outer, sources } = scope;
	return source < base ? sourceAt(outer!, source) : sources[source - base]!;
}

/** Whether a column is of a scope around. */
export function isOuterColumn({ base = 0 }: Scope, { source }: ColumnExpression): boolean {
	return source < base;
}

export function itemsOf({ items, sources, base = 0 }: Scope): readonly FromItem[] {
	return items ?? sources.map((source, index) => itemOf(source, base + index));
}

/** A source under its name, with its columns as they are called or as `names` say. */
export function itemOf(
	{ alias, table, at }: Source,
	source: number,
	names: readonly string[] = []
): FromItem {
	const columns = visibleColumns(table).map(({ name: column }, index): FromColumn => ({
		name: names[index] ?? column,
		expression: { kind: 'column', source, column, at }
	}));
	return { alias, source, columns };
}

/** A column where an author named it: what is wrong with it is told there. */
function named({ expression }: FromColumn, at: number | undefined): Expression {
	return { ...expression, at };
}

/** Throws a Refusal where the name is unknown or means several columns. */
export function resolveColumn(scope: Scope, path: readonly string[], at: number | undefined): Expression {
	if (path.length > 2)
		refuse(
			at,
			'VIEW_QUALIFIED_NAME',
			`"${path.join('.')}" names a schema.`,
			'Write table.column; a module sees its own tables only.'
		);
	const [first = '', second] = path;
	if (second === undefined) return resolveUnqualified(scope, first, at);
	const items = itemsOf(scope);
	const item = items.find((candidate) => candidate.alias === first);
	if (item) return columnIn(item, second, at);
	if (scope.outer) return resolveColumn(scope.outer, path, at);
	refuse(
		at,
		'VIEW_UNKNOWN_TABLE',
		`There is no "${first}" in FROM.`,
		`In FROM are: ${items.map(({ alias }) => alias).join(', ')}.`
	);
}

export function columnSpec(scope: Scope, column: ColumnExpression): CatalogColumn {
	const { table, nullable = false } = sourceAt(scope, column.source);
	const spec = columnOf(table, column.column)!;
	return nullable ? { ...spec, nullable } : spec;
}

function resolveUnqualified(scope: Scope, name: string, at: number | undefined): Expression {
	const merged = scope.merged.find((column) => column.name === name);
	const items = itemsOf(scope);
	const holders = items.filter(({ columns }) => columns.some((column) => column.name === name));
	const others = merged ? holders.filter((item) => !merged.items.includes(item)) : holders;
	if (merged && others.length === 0) return named(merged, at);
	if (merged || others.length > 1) {
		const choices = holders.map(({ alias }) => `${alias}.${name}`);
		refuse(
			at,
			'VIEW_AMBIGUOUS_COLUMN',
			`"${name}" is a column of several tables.`,
			`Write ${choices.join(' or ')}.`
		);
	}
	const [holder] = others;
	if (holder) return columnIn(holder, name, at);
	const isAlias = items.some(({ alias }) => alias === name);
	if (scope.outer && !isAlias) return resolveColumn(scope.outer, [name], at);
	if (isAlias) {
		refuse(
			at,
			'VIEW_WHOLE_ROW',
			`"${name}" stands for a whole row.`,
			`List the columns that you want: ${name}.*, or ${name}.id.`
		);
	}
	const known = items.flatMap(({ columns }) => columns.map((column) => column.name));
	refuse(
		at,
		'VIEW_UNKNOWN_COLUMN',
		`There is no column "${name}".`,
		`There are: ${[...new Set(known)].join(', ')}.`
	);
}

function columnIn({ alias, columns }: FromItem, name: string, at: number | undefined): Expression {
	const column = columns.find((candidate) => candidate.name === name);
	if (column) return named(column, at);
	refuse(
		at,
		'VIEW_UNKNOWN_COLUMN',
		`"${alias}" has no column "${name}".`,
		`It has: ${columns.map((one) => one.name).join(', ')}.`
	);
}
