import { literal, quote } from './names.ts';
import { peopleTable } from './tables.ts';
import type { ColumnSpec, TableSpec } from './types.ts';

/** `text[]`, `uuid` … */
export function sqlType(column: Pick<ColumnSpec, 'type' | 'array'>): string {
	return column.array ? `${column.type}[]` : column.type;
}

/** A constraint's name as Postgres itself would choose it, so that later statements can name it. */
export function constraintName(table: string, column: string, suffix: 'check' | 'fkey' | 'key'): string {
	return `${table}_${column}_${suffix}`;
}

/** Past it a column's constraints stand on lines of their own. */
const longestLine = 100;

/** CREATE TABLE as the schema wants it. References to tables that come later are left out; see `addReference`. */
export function createTable(table: TableSpec, known: ReadonlySet<string>): string {
	const lines = table.columns.map((column) => onLines(columnSql(table, column, known), '\t'));
	if (table.key.length > 0) lines.push(`\tPRIMARY KEY (${table.key.map(quote).join(', ')})`);
	return `CREATE TABLE ${quote(table.name)} (\n${lines.join(',\n')}\n);`;
}

/** The parts in one line where they fit, or each after the first in a line that is indented further. */
function onLines(parts: readonly string[], indent = ''): string {
	const line = indent + parts.join(' ');
	return line.length <= longestLine ? line : indent + parts.join(`\n${indent}\t`);
}

/** The index by which rows are found from what they reference; a unique column has one. */
export function createIndex(table: TableSpec, column: ColumnSpec): string | undefined {
	if (column.references === undefined || column.unique || table.key[0] === column.name) return undefined;
	return `CREATE INDEX ON ${quote(table.name)} (${quote(column.name)});`;
}

export function addColumn(table: TableSpec, column: ColumnSpec, known: ReadonlySet<string>): string {
	const [definition, ...rest] = columnSql(table, column, known);
	return `${onLines([`ALTER TABLE ${quote(table.name)} ADD COLUMN ${definition!}`, ...rest])};`;
}

/** One column with everything that is its own: type and default, then its checks, then its reference. */
function columnSql(table: TableSpec, column: ColumnSpec, known: ReadonlySet<string>): string[] {
	const words = [quote(column.name), sqlType(column)];
	if (!column.nullable) words.push('NOT NULL');
	if (column.default !== undefined) words.push(`DEFAULT ${column.default}`);
	if (column.unique) words.push('UNIQUE');
	const parts = [words.join(' ')];
	const check = checkSql(column);
	if (check)
		parts.push(`CONSTRAINT ${quote(constraintName(table.name, column.name, 'check'))} CHECK (${check})`);
	const reference = column.references;
	if (reference !== undefined && known.has(reference)) parts.push(`REFERENCES ${quote(reference)}`);
	return parts;
}

/** What a column's values must be, beyond their type; undefined for anything. */
export function checkSql(column: ColumnSpec): string | undefined {
	const name = quote(column.name);
	const conditions: string[] = [];
	if (column.values) {
		const list = column.values.map(literal).join(', ');
		conditions.push(column.array ? `${name} <@ ARRAY[${list}]` : `${name} IN (${list})`);
	}
	if (column.required && column.type === 'text' && !column.array && !column.values)
		conditions.push(`${name} <> ''`);
	if (column.maxLength !== undefined) conditions.push(`char_length(${name}) <= ${column.maxLength}`);
	return conditions.length > 0 ? conditions.join(' AND ') : undefined;
}

export function addReference(table: TableSpec, column: ColumnSpec): string {
	const name = quote(constraintName(table.name, column.name, 'fkey'));
	const key = `FOREIGN KEY (${quote(column.name)}) REFERENCES ${quote(column.references!)}`;
	return `${onLines([`ALTER TABLE ${quote(table.name)}`, `ADD CONSTRAINT ${name} ${key}`])};`;
}

/** Puts the values of an enum anew; widening only, as the rows that are there keep theirs. */
export function replaceCheck(table: TableSpec, column: ColumnSpec): string {
	const name = quote(constraintName(table.name, column.name, 'check'));
	const check = checkSql(column);
	const drop = `DROP CONSTRAINT IF EXISTS ${name}`;
	const parts = check === undefined ? [drop] : [`${drop},`, `ADD CONSTRAINT ${name} CHECK (${check})`];
	return `${onLines([`ALTER TABLE ${quote(table.name)}`, ...parts])};`;
}

/** Tables so that each comes after those it references; a circle keeps the order it has. */
export function inDependencyOrder(tables: readonly TableSpec[]): TableSpec[] {
	const byName = new Map(tables.map((table) => [table.name, table]));
	const done: TableSpec[] = [];
	const visiting = new Set<string>();
	const visit = (table: TableSpec): void => {
		if (visiting.has(table.name)) return;
		visiting.add(table.name);
		for (const { references } of table.columns) {
			const target = references === undefined ? undefined : byName.get(references);
			if (target) visit(target);
		}
		done.push(table);
	};
	tables.forEach(visit);
	return done;
}

/** Whether Loam keeps the referenced table itself: then there is no foreign key, only a meaning. */
export function isForeignKey(column: ColumnSpec): boolean {
	return column.references !== undefined && column.references !== peopleTable;
}
