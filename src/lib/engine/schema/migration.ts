import type { Diagnostic } from '#kernel';
import {
	addColumn,
	addReference,
	checkSql,
	createIndex,
	createTable,
	inDependencyOrder,
	isForeignKey,
	replaceCheck,
	sqlType
} from './ddl.ts';
import { finding } from './findings.ts';
import { quote } from './names.ts';
import type { ColumnSpec, TableSpec } from './types.ts';

export interface MigrationDraft {
	/** Statements, one a paragraph; empty where nothing is to do. */
	readonly sql: string;
	/** snake_case words that say what it does, for the file's name. */
	readonly title: string;
	/** Differences that can't be migrated while the release before still runs. */
	readonly refused: readonly Diagnostic[];
}

/**
 * The statements that bring tables from `before` to `after`: new tables, new columns, wider enums, new
 * defaults. What would take something away from the release before is refused, with what to do instead.
 */
export function draftMigration(before: readonly TableSpec[], after: readonly TableSpec[]): MigrationDraft {
	const old = new Map(before.map((table) => [table.name, table]));
	const known = new Set(before.map((table) => table.name));
	const steps: Step[] = [];
	const late: Step[] = [];
	for (const table of inDependencyOrder(after)) {
		const was = old.get(table.name);
		if (was) {
			steps.push(...changeTable(was, table, known));
			continue;
		}
		known.add(table.name);
		steps.push({ sql: createTable(table, known), title: `create_${table.name}` });
		steps.push(...table.columns.map((column) => indexStep(table, column)));
		late.push(
			...table.columns
				.filter((column) => isForeignKey(column) && !known.has(column.references!))
				.map((column) => ({
					sql: addReference(table, column)
				}))
		);
	}
	const dropped = before.filter((table) => !after.some((one) => one.name === table.name));
	const all = [...steps, ...late];
	return {
		sql: all.flatMap((step) => step.sql ?? []).join('\n\n'),
		title: titleOf(all.flatMap((step) => step.title ?? [])),
		refused: [...dropped.map(droppedTable), ...all.flatMap((step) => step.refused ?? [])]
	};
}

interface Step {
	readonly sql?: string;
	readonly title?: string;
	readonly refused?: Diagnostic;
}

const longestTitle = 40;

/** What it does first, and whether that is all. */
function titleOf(titles: readonly string[]): string {
	const [first = 'change', ...more] = new Set(titles);
	const both = [first, ...more].join('_and_');
	if (both.length <= longestTitle) return both;
	return more.length > 0 ? `${first.slice(0, longestTitle)}_and_more` : first.slice(0, 60);
}

function changeTable(was: TableSpec, now: TableSpec, known: ReadonlySet<string>): Step[] {
	if (was.key.join() !== now.key.join()) {
		return [
			refuse(
				now.line,
				'KEY_CHANGED',
				`The key of "${now.name}" changed.`,
				'Keep the key, or make a new table.'
			)
		];
	}
	const gone = was.columns.filter((column) => !now.columns.some((one) => one.name === column.name));
	return [
		...gone.map((column) => goneColumn(column, now)),
		...now.columns.flatMap((column) => {
			const before = was.columns.find((one) => one.name === column.name);
			return before ? changeColumn(before, column, now) : newColumn(column, now, gone, known);
		})
	];
}

function indexStep(table: TableSpec, column: ColumnSpec): Step {
	const sql = createIndex(table, column);
	return sql === undefined ? {} : { sql };
}

function newColumn(
	column: ColumnSpec,
	table: TableSpec,
	gone: readonly ColumnSpec[],
	known: ReadonlySet<string>
): Step[] {
	// A renamed field is told where it is gone.
	if (gone.some((one) => one.number === column.number)) return [];
	if (!column.nullable && column.default === undefined) {
		return [
			refuse(
				column.line,
				'COLUMN_NEEDS_DEFAULT',
				`"${column.name}" must have a value, and the rows of "${table.name}" that are there have none.`,
				'Make the field optional, or give it a (loam.column).default.'
			)
		];
	}
	return [
		{ sql: addColumn(table, column, known), title: `add_${table.name}_${column.name}` },
		indexStep(table, column)
	];
}

function changeColumn(was: ColumnSpec, now: ColumnSpec, table: TableSpec): Step[] {
	if (was.number !== now.number) {
		return [
			refuse(
				now.line,
				'COLUMN_RENUMBERED',
				`"${now.name}" of "${table.name}" has the number ${was.number} in the last release, and ${now.number} here.`,
				`Write ${now.name} = ${was.number} again. For another meaning add a field with a new name and a new number.`
			)
		];
	}
	if (sqlType(was) !== sqlType(now)) {
		return [
			refuse(
				now.line,
				'COLUMN_TYPE_CHANGED',
				`"${now.name}" of "${table.name}" changes from ${sqlType(was)} to ${sqlType(now)}.`,
				'Keep the field, and add a new one of the new type under a new name and number.'
			)
		];
	}
	return [
		...changeValues(was, now, table),
		...changePresence(was, now, table),
		...changeDefault(was, now, table)
	];
}

function changeValues(was: ColumnSpec, now: ColumnSpec, table: TableSpec): Step[] {
	if (checkSql(was) === checkSql(now)) return [];
	const lost = (was.values ?? []).filter((value) => !(now.values ?? []).includes(value));
	const narrower =
		lost.length > 0 || (!was.values && now.values) || isShorter(was, now) || (now.required && !was.required);
	if (!narrower) return [{ sql: replaceCheck(table, now), title: `widen_${table.name}_${now.name}` }];
	const what = lost.length > 0 ? `loses ${lost.join(', ')}` : 'becomes narrower';
	return [
		refuse(
			now.line,
			'COLUMN_NARROWER',
			`"${now.name}" of "${table.name}" ${what}; rows may hold what is no longer allowed.`,
			lost.length > 0
				? 'Keep the old values, and stop offering them in pages.'
				: 'Change the rows that are there in a migration of your own, then the constraint.'
		)
	];
}

function isShorter(was: ColumnSpec, now: ColumnSpec): boolean {
	return (now.maxLength ?? Infinity) < (was.maxLength ?? Infinity);
}

function changePresence(was: ColumnSpec, now: ColumnSpec, table: TableSpec): Step[] {
	if (was.nullable === now.nullable) return [];
	const name = `${quote(table.name)} ALTER COLUMN ${quote(now.name)}`;
	if (now.nullable)
		return [{ sql: `ALTER TABLE ${name} DROP NOT NULL;`, title: `make_${table.name}_${now.name}_optional` }];
	return [
		refuse(
			now.line,
			'COLUMN_MADE_REQUIRED',
			`"${now.name}" of "${table.name}" may be empty in rows that are there.`,
			'Keep it optional, and ask for a value in the form or the command.'
		)
	];
}

function changeDefault(was: ColumnSpec, now: ColumnSpec, table: TableSpec): Step[] {
	if (was.default === now.default) return [];
	const name = `${quote(table.name)} ALTER COLUMN ${quote(now.name)}`;
	const change = now.default === undefined ? 'DROP DEFAULT' : `SET DEFAULT ${now.default}`;
	return [{ sql: `ALTER TABLE ${name} ${change};`, title: `change_${table.name}_${now.name}` }];
}

function goneColumn(column: ColumnSpec, table: TableSpec): Step {
	const renamed = table.columns.find((one) => one.number === column.number);
	if (renamed) {
		return refuse(
			renamed.line,
			'COLUMN_RENAMED',
			`"${column.name}" of "${table.name}" can't be renamed to "${renamed.name}" yet.`,
			`Keep ${column.name} = ${column.number}, and set (loam.column).label to change what people read; or add "${renamed.name}" with a new number and copy the values.`
		);
	}
	return refuse(
		table.line,
		'COLUMN_DROPPED',
		`"${column.name}" of "${table.name}" can't be dropped yet.`,
		`Keep the field ${column.name} = ${column.number}; leave it out of views and pages.`
	);
}

function droppedTable(table: TableSpec): Diagnostic {
	return finding(
		{ line: 1, column: 1, endLine: 1, endColumn: 1 },
		'TABLE_DROPPED',
		`The table "${table.name}" can't be dropped or renamed yet.`,
		`Keep the message ${table.message} with (loam.table); leave it out of views and pages.`
	);
}

function refuse(line: number, reason: string, message: string, hint: string): Step {
	return { refused: finding({ line, column: 1, endLine: line, endColumn: 200 }, reason, message, hint) };
}
