import type { Json } from '#kernel';
import type { Binding } from '#engine/module';
import { labelOf, type ColumnSpec, type TableSpec } from '#engine/schema';
import type { Viewer } from './viewer.ts';

/** How the value of a column is written in a generated screen. */

export function text(value: string, more: Record<string, Json> = {}): Json {
	return { type: 'TextBlock', text: value, wrap: true, ...more };
}

/** A constant of the expression language. */
export function quoted(words: string): string {
	return `'${words.replace(/[\\']/g, '\\$&')}'`;
}

/** `3 projects`, of a binding that gives at most so many rows. */
export function counted(binding: string, table: TableSpec, most: number): string {
	const many = labelOf(table.name).toLowerCase();
	const words = `if(count(${binding}) == 1, ${quoted(table.label.toLowerCase())}, ${quoted(many)})`;
	return `\${if(count(${binding}) >= ${most}, 'The first ', '')}\${count(${binding})} \${${words}}`;
}

/** Where nothing is to be seen: why, and what to do next. */
export function emptyState(when: string, title: string, hint: string, actions: readonly Json[]): Json {
	return {
		type: 'Container',
		$when: when,
		style: 'emphasis',
		minHeight: '180px',
		verticalContentAlignment: 'center',
		spacing: 'medium',
		items: [
			text(title, { weight: 'bolder', size: 'medium', horizontalAlignment: 'center' }),
			text(hint, { isSubtle: true, spacing: 'small', horizontalAlignment: 'center' }),
			...(actions.length > 0
				? [{ type: 'ActionSet', spacing: 'medium', horizontalAlignment: 'center', actions }]
				: [])
		]
	};
}

/** An expression for the column, to stand in `${…}`. */
export function shown(column: ColumnSpec, viewer: Viewer): string {
	const { name } = column;
	const reference = referenceOf(column, viewer);
	if (reference) {
		const found = `first(where($root.${reference.binding}, r, r.${reference.key} == ${name}))`;
		return `coalesce(${found}.${reference.label}, ${name})`;
	}
	if (column.array) return `join(${name}, ', ')`;
	if (column.values) return `sentenceCase(replace(${name}, '_', ' '))`;
	switch (column.type) {
		case 'boolean':
			return `if(${name} == true, 'Yes', 'No')`;
		case 'timestamptz':
			return `if(empty(${name}), '', concat('{{DATE(', ${name}, ',SHORT)}} {{TIME(', ${name}, ')}}'))`;
		case 'date':
			return `if(empty(${name}), '', concat('{{DATE(', ${name}, ',SHORT)}}'))`;
		case 'jsonb':
			return `jsonStringify(${name})`;
		default:
			return name;
	}
}

/** Address of a row's detail; `of` is where its key is read. Joined to nothing, a number stays as it is. */
export function rowAddress({ name, key: [key] }: TableSpec, of = ''): string {
	return `${name}/\${uriComponent(concat(${of}${key}, ''))}`;
}

export function isNumeric(column: ColumnSpec): boolean {
	const types = ['integer', 'bigint', 'numeric', 'real', 'double precision'];
	return types.includes(column.type) && !column.array && column.references === undefined;
}

/** Rows of another table by which a key is shown as a name. */
export interface Reference {
	/** Name of the page's binding. */
	readonly binding: string;
	readonly table: string;
	readonly key: string;
	readonly label: string;
}

/** Loam's own table of the project's members. */
const people: Reference = { binding: 'of_people', table: 'people', key: 'id', label: 'name' };

/** Where the column holds the key of a table whose rows the viewer may read. */
export function referenceOf(column: ColumnSpec, viewer: Viewer): Reference | undefined {
	if (column.references === 'people') return viewer.mayReadView('people') ? people : undefined;
	const table = column.references === undefined ? undefined : viewer.table(column.references);
	const label = table && labelColumn(table);
	const key = table?.key[0];
	if (!table || !label || key === undefined || table.key.length > 1 || !viewer.mayReadView(table.name))
		return undefined;
	return { binding: `of_${table.name}`, table: table.name, key, label: label.name };
}

/** The column that a row is known by to people: the first short text. */
export function labelColumn(table: Pick<TableSpec, 'columns' | 'key'>): ColumnSpec | undefined {
	const texts = table.columns.filter((column) => column.type === 'text' && !column.array && !column.values);
	const named = texts.find((column) => ['name', 'title', 'subject', 'label'].includes(column.name));
	return named ?? texts.find((column) => !column.multiline && !table.key.includes(column.name)) ?? texts[0];
}

/** Bindings of the tables that these columns refer to. */
export function referenceBindings(columns: readonly ColumnSpec[], viewer: Viewer): Record<string, Binding> {
	const found = columns.flatMap((column) => referenceOf(column, viewer) ?? []);
	return Object.fromEntries(
		found.map(({ binding, table, label }) => [
			binding,
			{ view: table, order: [label], limit: 1000, live: true }
		])
	);
}
