import type { CatalogColumn, CatalogTable } from './catalog.ts';
import { columnOf, visibleColumn, visibleColumns } from './catalog.ts';
import type { ColumnExpression, CompoundExpression } from './expression.ts';
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

/** A column that JOIN … USING made one. */
export interface MergedColumn {
	readonly name: string;
	/** Indexes of the sources that it stands for; the first gives the value. */
	readonly sources: number[];
}

/** The names that expressions of one SELECT can use. */
export interface Scope {
	readonly sources: readonly Source[];
	readonly merged: readonly MergedColumn[];
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

/** Throws a Refusal where the name is unknown or means several columns. */
export function resolveColumn(
	scope: Scope,
	path: readonly string[],
	at: number | undefined
): ColumnExpression {
	if (path.length > 2)
		refuse(
			at,
			'VIEW_QUALIFIED_NAME',
			`"${path.join('.')}" names a schema.`,
			'Write table.column; a module sees its own tables only.'
		);
	const [first = '', second] = path;
	if (second === undefined) return resolveUnqualified(scope, first, at);
	const source = scope.sources.findIndex((candidate) => candidate.alias === first);
	if (source < 0 && scope.outer) return resolveColumn(scope.outer, path, at);
	if (source < 0) {
		refuse(
			at,
			'VIEW_UNKNOWN_TABLE',
			`There is no "${first}" in FROM.`,
			`In FROM are: ${scope.sources.map((s) => s.alias).join(', ')}.`
		);
	}
	return columnIn(scope, source, second, at);
}

export function columnSpec(scope: Scope, column: ColumnExpression): CatalogColumn {
	const { table, nullable = false } = sourceAt(scope, column.source);
	const spec = columnOf(table, column.column)!;
	return nullable ? { ...spec, nullable } : spec;
}

function resolveUnqualified(scope: Scope, name: string, at: number | undefined): ColumnExpression {
	const merged = scope.merged.find((column) => column.name === name);
	const holders = scope.sources.flatMap((source, index) =>
		visibleColumn(source.table, name) ? [index] : []
	);
	const { base = 0 } = scope;
	const others = merged ? holders.filter((index) => !merged.sources.includes(base + index)) : holders;
	if (merged && others.length === 0) return { kind: 'column', source: merged.sources[0]!, column: name, at };
	if (merged || others.length > 1) {
		const choices = holders.map((index) => `${scope.sources[index]!.alias}.${name}`);
		refuse(
			at,
			'VIEW_AMBIGUOUS_COLUMN',
			`"${name}" is a column of several tables.`,
			`Write ${choices.join(' or ')}.`
		);
	}
	if (others.length === 1) return { kind: 'column', source: base + others[0]!, column: name, at };
	if (scope.outer && !scope.sources.some((source) => source.alias === name))
		return resolveColumn(scope.outer, [name], at);
	if (scope.sources.some((source) => source.alias === name)) {
		refuse(
			at,
			'VIEW_WHOLE_ROW',
			`"${name}" stands for a whole row.`,
			`List the columns that you want: ${name}.*, or ${name}.id.`
		);
	}
	const known = scope.sources.flatMap((source) => visibleColumns(source.table).map((column) => column.name));
	refuse(
		at,
		'VIEW_UNKNOWN_COLUMN',
		`There is no column "${name}".`,
		`There are: ${[...new Set(known)].join(', ')}.`
	);
}

function columnIn(scope: Scope, source: number, name: string, at: number | undefined): ColumnExpression {
	const { alias, table } = scope.sources[source]!;
	if (!visibleColumn(table, name)) {
		refuse(
			at,
			'VIEW_UNKNOWN_COLUMN',
			`"${alias}" has no column "${name}".`,
			`It has: ${visibleColumns(table)
				.map((column) => column.name)
				.join(', ')}.`
		);
	}
	return { kind: 'column', source: (scope.base ?? 0) + source, column: name, at };
}
