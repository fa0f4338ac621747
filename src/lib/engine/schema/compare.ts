import { nearest, type Diagnostic } from '#kernel';
import { sqlType, isForeignKey } from './ddl.ts';
import { finding } from './findings.ts';
import type { ColumnSpec, TableSpec } from './types.ts';

/** A table as the catalog shows it after the migrations ran. */
export interface CatalogTable {
	readonly name: string;
	readonly columns: readonly CatalogColumn[];
	/** Columns of the primary key, in order. */
	readonly key: readonly string[];
	readonly keyDeferrable: boolean;
	/** Neither unlogged nor temporary. */
	readonly logged: boolean;
}

export interface CatalogColumn {
	readonly name: string;
	/** As `format_type` prints it without a modifier: `text`, `timestamp with time zone`, `uuid[]`. */
	readonly type: string;
	/** As `format_type` prints it with one: `character varying(20)`. */
	readonly declared: string;
	readonly notNull: boolean;
	/** SQL of the default, as Postgres prints it. */
	readonly default: string | undefined;
	readonly generated: boolean;
	/** The table of a foreign key on this column alone. */
	readonly references: string | undefined;
	readonly unique: boolean;
	/** Definitions of the CHECK constraints on this column alone. */
	readonly checks: readonly string[];
}

/** Where migrated tables and schema.proto disagree, each with what to add to the next migration. */
export function compareTables(found: readonly CatalogTable[], wanted: readonly TableSpec[]): Diagnostic[] {
	const missing = wanted.filter((table) => !found.some((one) => one.name === table.name));
	return [
		...missing.map(missingTable),
		...found.flatMap((table) => {
			const spec = wanted.find((one) => one.name === table.name);
			return spec ? compareTable(table, spec) : [unknownTable(table, wanted)];
		})
	];
}

function missingTable(table: TableSpec): Diagnostic {
	return at(
		table.line,
		'TABLE_MISSING',
		`No migration creates the table "${table.name}".`,
		'Draft a migration from the schema.'
	);
}

function unknownTable(table: CatalogTable, wanted: readonly TableSpec[]): Diagnostic {
	const near = nearest(
		table.name,
		wanted.map((one) => one.name)
	);
	return at(
		1,
		'TABLE_UNKNOWN',
		`The migrations create a table "${table.name}", and no message declares it.`,
		near ? `Did you mean "${near}"?` : 'Add a message with option (loam.table) = { name: "…" };'
	);
}

function compareTable(table: CatalogTable, spec: TableSpec): Diagnostic[] {
	const differences: Diagnostic[] = [];
	if (!table.logged)
		differences.push(at(spec.line, 'TABLE_UNLOGGED', `"${table.name}" is unlogged.`, 'Leave UNLOGGED out.'));
	if (table.key.join() !== spec.key.join() || table.keyDeferrable) {
		const key = `PRIMARY KEY (${spec.key.join(', ')})`;
		const message = table.keyDeferrable
			? `The key of "${table.name}" is deferrable.`
			: `"${table.name}" must have ${key}.`;
		differences.push(at(spec.line, 'TABLE_KEY', message, `Write ${key}.`));
	}
	for (const column of spec.columns) {
		const is = table.columns.find((one) => one.name === column.name);
		differences.push(...(is ? compareColumn(table.name, is, column) : [missingColumn(table, column)]));
	}
	const extra = table.columns.filter((column) => !spec.columns.some((one) => one.name === column.name));
	return [...differences, ...extra.map((column) => unknownColumn(table, column, spec))];
}

function missingColumn(table: CatalogTable, column: ColumnSpec): Diagnostic {
	return at(
		column.line,
		'COLUMN_MISSING',
		`No migration adds "${column.name}" to "${table.name}".`,
		`Add a migration: ALTER TABLE ${table.name} ADD COLUMN ${column.name} ${sqlType(column)} …; or draft it from the schema.`
	);
}

function unknownColumn(table: CatalogTable, column: CatalogColumn, spec: TableSpec): Diagnostic {
	return at(
		spec.line,
		'COLUMN_UNKNOWN',
		`"${table.name}" has a column "${column.name}" of type ${column.type}, and the message has no such field.`,
		`Add a field ${column.name} to ${spec.message}.`
	);
}

const catalogNames: Readonly<Record<string, string>> = { timestamptz: 'timestamp with time zone' };

function compareColumn(table: string, is: CatalogColumn, wanted: ColumnSpec): Diagnostic[] {
	const name = `"${wanted.name}" of "${table}"`;
	const differences: Diagnostic[] = [];
	const differs = (reason: string, message: string, hint: string) =>
		differences.push(at(wanted.line, reason, message, hint));
	const type = (catalogNames[wanted.type] ?? wanted.type) + (wanted.array ? '[]' : '');
	if (is.type !== type || is.declared !== is.type) {
		differs(
			'COLUMN_TYPE',
			`${name} is ${is.declared}; the field wants ${sqlType(wanted)}.`,
			`Declare the column as ${sqlType(wanted)}.`
		);
	}
	if (is.generated) {
		differs(
			'COLUMN_GENERATED',
			`${name} is generated or an identity.`,
			'Use a default, or compute it in a view.'
		);
	}
	if (is.notNull === wanted.nullable) {
		differs(
			'COLUMN_PRESENCE',
			is.notNull
				? `${name} is NOT NULL; the field is optional.`
				: `${name} may be NULL; the field has no presence.`,
			is.notNull
				? 'Leave NOT NULL out, or the word optional.'
				: 'Add NOT NULL to the column, or optional to the field.'
		);
	}
	if (wanted.default !== undefined && is.default === undefined && !is.generated) {
		differs('COLUMN_DEFAULT', `${name} has no default.`, `Write DEFAULT ${wanted.default}.`);
	}
	differences.push(...compareValues(name, is, wanted), ...compareRelations(name, is, wanted));
	return differences;
}

/** A column of an enum's values takes those and no others. */
function compareValues(name: string, is: CatalogColumn, wanted: ColumnSpec): Diagnostic[] {
	if (!wanted.values) return [];
	const allowed = is.checks.flatMap((check) =>
		[...check.matchAll(/'((?:[^']|'')*)'/g)].map((match) => match[1]!.replaceAll("''", "'"))
	);
	const missing = wanted.values.filter((value) => !allowed.includes(value));
	const extra = allowed.filter((value) => !wanted.values!.includes(value));
	if (missing.length === 0 && extra.length === 0) return [];
	const list = wanted.values.map((value) => `'${value}'`).join(', ');
	const message =
		allowed.length === 0
			? `${name} takes any text; the enum has ${wanted.values.length} values.`
			: `${name} takes other values than the enum: ${[...missing.map((v) => `${v} is missing`), ...extra.map((v) => `${v} is too many`)].join(', ')}.`;
	const test = wanted.array ? `<@ ARRAY[${list}]` : `IN (${list})`;
	return [at(wanted.line, 'COLUMN_VALUES', message, `Write CHECK (${wanted.name} ${test}).`)];
}

function compareRelations(name: string, is: CatalogColumn, wanted: ColumnSpec): Diagnostic[] {
	const differences: Diagnostic[] = [];
	const target = isForeignKey(wanted) ? wanted.references : undefined;
	if (is.references !== target) {
		const message =
			target === undefined
				? `${name} references "${is.references}"; the field does not.`
				: `${name} does not reference "${target}".`;
		const hint =
			target === undefined ? 'Add (loam.column).references to the field.' : `Write REFERENCES ${target}.`;
		differences.push(at(wanted.line, 'COLUMN_REFERENCES', message, hint));
	}
	if (wanted.unique && !is.unique) {
		differences.push(at(wanted.line, 'COLUMN_UNIQUE', `${name} is not unique.`, 'Write UNIQUE.'));
	}
	return differences;
}

function at(line: number, reason: string, message: string, hint: string): Diagnostic {
	return finding({ line, column: 1, endLine: line, endColumn: 200 }, reason, message, hint);
}
